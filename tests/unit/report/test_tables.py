"""Rows, comparisons and how numbers are written."""

from __future__ import annotations

import pytest

from actlab.report import words
from actlab.report.tables import compare, make_rows
from actlab.stats import Decision, Interval

from .conftest import A, B, make_results, make_runs


def test_differences_are_decades_below_the_baseline_seed_by_seed():
    paired = compare(make_runs(A, [1e-4, 1e-2]), make_runs(B, [1e-2, 1e-3]), 1.0)
    assert paired is not None
    assert paired.decades == pytest.approx((2.0, -1.0))


def test_only_shared_seeds_are_compared():
    paired = compare(make_runs(A, [1e-4] * 3), make_runs(B, [1e-2] * 5), 1.0)
    assert paired is not None
    assert len(paired.decades) == 3
    assert compare(make_runs(A, []), make_runs(B, [1e-2]), 1.0) is None


def test_a_loss_of_zero_does_not_break_the_logarithm():
    paired = compare(make_runs(A, [0.0] * 6), make_runs(B, [1.0] * 6), 1.0)
    assert paired is not None
    assert paired.estimate == pytest.approx(20.0)


def test_rows_are_sorted_corrected_and_count_what_is_lost(results):
    table = results.parts[2]
    rows = make_rows(table, B, 1e-3, 1.0)
    assert [row.runs.label for row in rows] == [A, B]
    assert rows[0].paired is not None
    assert rows[0].paired.decision is Decision.SUPPORTED
    assert rows[0].paired.holm == rows[0].paired.p  # a family of one
    assert rows[1].paired is None


def test_correction_over_a_table_can_take_a_finding_away():
    good = [10.0 ** -(2 + 0.1 * k) for k in range(6)]
    many = [make_runs(f"f{k}", good) for k in range(12)]
    alone = make_results([], [], [make_runs("f0", good), make_runs(B, [0.9] * 6)])
    crowd = make_results([], [], [*many, make_runs(B, [0.9] * 6)])
    one = make_rows(alone.parts[-1], B, 1e-3, 1.0)[0].paired
    assert one is not None
    assert one.decision is Decision.SUPPORTED
    for row in make_rows(crowd.parts[-1], B, 1e-3, 1.0):
        if row.paired is not None:
            assert row.paired.decision is Decision.UNDECIDED


def test_a_function_without_runs_comes_last_and_is_counted():
    results = make_results([], [], [make_runs("lost", [], planned=3), make_runs(B, [0.1] * 3)])
    rows = make_rows(results.parts[-1], B, 1e-3, 1.0)
    assert rows[-1].runs.label == "lost"
    assert rows[-1].runs.missing == 3
    assert rows[-1].median is None
    assert rows[-1].success == Interval(0.0, 1.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (20 / 21, "0.952"), (0.01, "0.010"), (9.5e-3, "9.5e-3"), (1e-12, "1.0e-12")],
)
def test_losses(value, text):
    assert words.loss(value) == text


def test_other_words():
    assert words.percent(Interval(0.4439, 0.9748)) == "44-97 %"
    assert words.between(None) == "no interval"
    assert words.p_value(2.0**-15) == "3.1e-5"
    assert words.seconds(90.0) == "1 min 30 s"
    assert words.plural(1, "seed") == "1 seed"
    assert words.sentence("as claimed (nn.Linear)") == "As claimed (nn.Linear)"
