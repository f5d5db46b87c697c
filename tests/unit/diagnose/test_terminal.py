"""A diagnosis as text: complete, narrow where it must be, and inert."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from actlab.diagnose import words
from actlab.diagnose.report import Verdict
from actlab.diagnose.terminal import show, text

from .made_reports import (
    EVERY,
    broken,
    dying,
    empty,
    healthy,
    hostile,
    large,
    make_report,
    make_site,
    without_gradients,
)


def printed(report, width=80, **options) -> str:
    out = io.StringIO()
    show(report, Console(file=out, width=width, **options))
    return out.getvalue()


def table(shown: str) -> list[str]:
    """The table's lines, head first, without the rule."""
    lines = shown.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("site "))
    end = next((k for k in range(start, len(lines)) if not lines[k].strip()), len(lines))
    return [line for line in lines[start:end] if not line.startswith("---")]


def test_everything_is_said():
    shown = text(dying(), 140)
    assert "Diagnosis of ConvNet: 2 alarms, 1 note" in shown
    assert "12 of 1200 forward passes looked at (one in 100); watching added 1.3 %" in shown
    assert "61 (12 %)" in shown
    assert "0.210 / 0.220" in shown
    assert "Lower the learning rate" in shown
    assert '    actlab.swap(model, "leaky_relu", at="features.3")' in shown.splitlines()
    assert "rnn: compiled code shows no single calls" in shown
    assert shown.index("ALARM  features.3") < shown.index("ALARM  head.tanh")
    assert shown.index("ALARM  head.tanh") < shown.index("note  features.3")
    assert len(table(shown)) == 1 + 4


def test_str_is_the_text():
    assert str(healthy()).splitlines()[0] == "Diagnosis of ConvNet: healthy"


@pytest.mark.parametrize("make", [*EVERY, large], ids=lambda make: make.__name__)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_tables_keep_to_the_width_and_numbers_stay_whole(make, width):
    report = make()
    shown = printed(report, width)
    # Coloured or not, the words are the same.
    assert [line.rstrip() for line in shown.splitlines()] == text(report, width).splitlines()
    if not report.sites:
        return
    rows = table(shown)
    assert max(map(len, rows)) <= width
    assert len(rows) == 1 + len(report.sites)
    for row, site in zip(rows[1:], report.sites, strict=True):
        assert words.count(site.dead, site.units) in row
        assert row.rstrip().endswith({"ok": "ok", "note": "note", "alarm": "ALARM"}[site.level])


def test_the_least_telling_columns_go_first():
    heads = {width: table(text(dying(), width))[0].split() for width in (44, 80, 140)}
    assert heads[44] == ["site", "dead", "saturated", "level"]
    assert {"gain/expected", "gradient", "function"} <= set(heads[80])
    assert {"mean", "std", "shift", "units"} <= set(heads[140])


def test_shortened_names_still_tell_sites_apart():
    names = [row.split()[0] for row in table(text(large(), 80))[1:]]
    assert len(set(names)) == 150
    assert all("…" in name for name in names)
    # In full outside of the table.
    assert "ALARM  model.layers.11.mlp.feed_forward.act_fn" in text(large(), 80)


def test_code_is_never_broken():
    code = "model.load_state_dict(" + "x" * 200 + ")"
    report = make_report((make_site(verdicts=(Verdict("alarm", "dead", "t", "c", code),)),))
    assert f"    {code}" in text(report, 40).splitlines()
    assert f"    {code}" in printed(report, 40).splitlines()


def test_names_are_not_obeyed():
    shown = printed(hostile(), force_terminal=True, color_system="standard")
    assert "\x1b[31m $a_b$" not in shown
    assert "\u202e" not in shown
    assert "[red]" in shown
    assert "\\x1b[31m" in text(hostile())
    assert all(c.isprintable() or c == "\n" for c in text(hostile(), 80))


def test_levels_have_colours_and_words():
    shown = printed(dying(), force_terminal=True, color_system="standard")
    assert "\x1b[1;31mALARM" in shown
    assert "\x1b[33mnote" in shown
    assert "\x1b[32mok" in shown
    assert "\x1b" not in printed(dying())


def test_nothing_seen_is_not_called_healthy():
    assert text(empty()).startswith("Diagnosis of ConvNet: nothing was seen")
    assert "healthy" not in text(empty())


def test_what_is_missing_is_a_dash_and_what_is_broken_has_a_name():
    assert "0.707 / -" in text(without_gradients(), 140)
    assert "watching" not in text(without_gradients(), 140)
    rows = table(text(broken(), 140))
    assert rows[4].split()[3:6] == ["NaN", "NaN", "NaN"]


def test_a_verdict_of_an_unknown_fault_is_still_told():
    report = make_report((), verdicts=(Verdict("alarm", "odd", "It is odd."),))
    assert "Something is wrong: odd (the model as a whole)." in text(report)


def test_a_width_must_be_positive():
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        text(healthy(), 0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"), (0.0, "0"), (float("nan"), "NaN"), (float("-inf"), "-inf"), (1.0, "1.00"),
        (0.0152, "0.0152"), (-0.5, "-0.500"), (12.34, "12.34"), (9999.9, "1.0e4"),
        (3.21e-7, "3.2e-7"), (9.9996, "10"),
    ],
)  # fmt: skip
def test_numbers(value, shown):
    assert words.number(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (1e-5, "<0.1 %"), (0.012, "1.2 %"), (0.5, "50 %"), (0.9999, "99.9 %"),
     (1.0, "100 %"), (None, "-"), (float("nan"), "NaN")],
)  # fmt: skip
def test_shares_that_are_not_quite_none_or_all_do_not_read_so(share, shown):
    assert words.percent(share) == shown


def test_other_words():
    assert words.some((1, 2, 3, 7)) == "1-3, 7"
    assert words.some(tuple(range(0, 60, 2))).endswith("22 and 18 more")
    assert words.times(-2.0) == "0.0100 times"
    assert words.times(400.0) == "1e400 times"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.site_name("") == "(model)"
    free = replace(healthy(), overhead=-0.01)
    assert "no time that could be measured" in words.seen(free)
