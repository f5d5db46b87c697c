"""The report in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from actlab.report.terminal import print_report

from .conftest import B, make_results, make_runs


def printed(results, width=80) -> str:
    out = io.StringIO()
    print_report(results, Console(file=out, width=width))
    return out.getvalue()


def test_tables_fit_in_80_columns(results):
    text = printed(results)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "expolu(1, 1, 2)" in text
    assert "Verdict: a matter of initialisation" in text


def test_a_wide_terminal_shows_more(results):
    assert "lowest" not in printed(results)
    assert "lowest" in printed(results, width=140)


def test_markup_in_names_is_not_obeyed():
    evil = "[red]x[/red] [/nope]"
    runs = [make_runs(evil, [1e-6] * 3), make_runs(B, [0.5] * 3, planned=4)]
    text = printed(make_results(runs, runs), width=140)
    assert evil in text
    assert "1 missing" in text
    assert "failed, boom" in text
