"""The report in a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from actlab.report.runs import Lost
from actlab.report.terminal import print_folder, print_report

from .by_hand import A, B, both_regimes, make_folder, make_part, make_results, make_runs


def printed(folder, width=80) -> str:
    out = io.StringIO()
    print_folder(folder, Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 130])
def test_tables_fit_and_no_finding_is_cut_off(folder, width):
    text = printed(folder, width)
    tables = [line for line in text.splitlines() if "seeds" not in line]
    assert "…" not in text
    assert max(len(line) for line in tables) <= width
    assert "supported" in text
    assert "Verdict: a matter of initialisation" in " ".join(text.split())
    for what in ("finding", "ahead"):
        assert what in " ".join(text.split())


def test_a_wide_terminal_shows_more(folder):
    assert "interval" not in printed(folder, 40)
    assert "lowest" not in printed(folder, 80)
    assert "p (Holm)" in printed(folder, 80)
    assert "lowest" in printed(folder, 130)


def test_failures_are_counted_in_the_table_and_told_with_their_cause(folder):
    text = " ".join(printed(folder, 190).split())
    assert "1 diverged, 1 failed, 1 timed out" in text
    assert "failed, ValueError: boom" in text
    assert "timeout, took over 60 s" in text


def test_markup_in_names_is_not_obeyed():
    evil = "[red]x[/red] [/nope]"
    lost = {3: Lost("failed", "[bold]boom")}
    runs = [make_runs(evil, [1e-6] * 3), make_runs(B, [0.5] * 3, planned=4, lost=lost)]
    text = printed(make_folder(both_regimes(runs, runs)), 140)
    assert evil in text
    assert "1 failed" in text
    assert "failed, [bold]boom" in text


def test_of_many_studies_a_line_each_is_printed():
    runs = [make_runs(A, [1e-6] * 3), make_runs(B, [0.5] * 3)]
    studies = [make_results(make_part(runs), name=name) for name in ("one", "two")]
    text = printed(make_folder(*studies, name="claims"))
    assert "claims: 2 studies" in text
    assert "one" in text
    assert "complete" in text
    assert "Verdict" not in text


def test_a_smaller_version_says_so():
    runs = [make_runs(A, [1e-6] * 3), make_runs(B, [0.5] * 3)]
    out = io.StringIO()
    print_report(make_results(make_part(runs), tier="quick"), Console(file=out, width=80))
    assert "This is the quick version" in out.getvalue()
