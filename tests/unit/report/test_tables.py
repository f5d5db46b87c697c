"""Rows, comparisons and how numbers are written."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.report import words
from actlab.report.runs import Lost
from actlab.report.tables import compare, make_rows
from actlab.stats import Decision, Interval

from .by_hand import ACCURACY, LOSS, A, B, make_part, make_runs, spread


def test_differences_on_a_logarithmic_scale_are_decades_below_the_baseline():
    paired = compare(make_runs(A, [1e-4, 1e-2]), make_runs(B, [1e-2, 1e-3]), LOSS, 1.0)
    assert paired is not None
    assert paired.differences == pytest.approx((2.0, -1.0))


def test_differences_on_a_linear_scale_are_differences():
    mine = make_runs(A, [91.0, 90.5, 89.0], metric="accuracy")
    theirs = make_runs(B, [90.0, 90.0, 90.0], metric="accuracy")
    paired = compare(mine, theirs, ACCURACY, 0.5)
    assert paired is not None
    assert paired.differences == pytest.approx((1.0, 0.5, -1.0))


def test_the_estimate_is_the_mean_of_the_middle_half_and_p_counts_sign_flips():
    gains = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0]
    mine = make_runs(A, gains, metric="accuracy")
    paired = compare(mine, make_runs(B, [0.0] * 8, metric="accuracy"), ACCURACY, 1.0)
    assert paired is not None
    assert paired.estimate == pytest.approx(4.5)  # of 3, 4, 5, 6
    assert paired.p == pytest.approx(2 / 2**8)
    assert paired.interval is not None
    assert paired.interval.low <= 4.5 <= paired.interval.high
    assert paired.decision is Decision.SUPPORTED


def test_only_shared_seeds_are_compared():
    mine = make_runs(A, [1e-4, 1e-4, 1e-4], seeds=[0, 2, 5])
    paired = compare(mine, make_runs(B, [1e-2] * 5), LOSS, 1.0)
    assert paired is not None
    assert paired.seeds == (0, 2)
    assert compare(make_runs(A, []), make_runs(B, [1e-2]), LOSS, 1.0) is None
    assert compare(make_runs(A, [0.1], seeds=[7]), make_runs(B, [0.1]), LOSS, 1.0) is None


def test_pairs_are_made_by_seed_and_not_by_place():
    mine = make_runs(A, [1.0, 2.0, 3.0], metric="accuracy", seeds=[0, 1, 2])
    theirs = make_runs(B, [2.5, 1.5], metric="accuracy", seeds=[2, 1])
    paired = compare(mine, theirs, ACCURACY, 1.0)
    assert paired is not None
    assert dict(zip(paired.seeds, paired.differences, strict=True)) == {1: 0.5, 2: 0.5}


def test_a_loss_of_zero_does_not_break_the_logarithm():
    paired = compare(make_runs(A, [0.0] * 6), make_runs(B, [1.0] * 6), LOSS, 1.0)
    assert paired is not None
    assert paired.estimate == pytest.approx(20.0)


def test_ties_are_no_evidence():
    paired = compare(make_runs(A, [0.1] * 8), make_runs(B, [0.1] * 8), LOSS, 1.0)
    assert paired is not None
    assert (paired.estimate, paired.p) == (0.0, 1.0)
    assert paired.decision in (Decision.NEGLIGIBLE, Decision.UNDECIDED)


def test_a_diverged_run_is_compared_at_the_value_it_counts_as():
    mine = make_runs(A, [1e-2, 1.0], diverged=[False, True])
    paired = compare(mine, make_runs(B, [1e-1, 1e-1]), LOSS, 1.0)
    assert paired is not None
    assert paired.differences == pytest.approx((1.0, -1.0))


def test_rows_are_sorted_best_first_whichever_way_is_better():
    accuracies = [make_runs("bad", [50.0] * 3, metric="accuracy"),
                  make_runs(B, [70.0] * 3, metric="accuracy"),
                  make_runs("good", [90.0] * 3, metric="accuracy")]  # fmt: skip
    rows = make_rows(make_part(accuracies, metric=ACCURACY))
    assert [row.runs.label for row in rows] == ["good", B, "bad"]
    losses = make_part([make_runs("bad", [1.0] * 3), make_runs(B, [0.1] * 3)])
    assert [row.runs.label for row in make_rows(losses)] == [B, "bad"]
    assert rows[1].paired is None


def test_p_values_are_corrected_by_holm_over_the_table():
    runs = [make_runs(f"f{k}", spread(10.0 + k, 7), metric="accuracy") for k in range(3)]
    base = make_runs(B, spread(8.0, 7, 0.5), metric="accuracy")
    rows = make_rows(make_part([*runs, base], metric=ACCURACY))
    found = sorted((r.paired.p, r.paired.holm) for r in rows if r.paired)
    raw = [p for p, _ in found]
    by_hand = np.maximum.accumulate([min(1.0, p * (3 - k)) for k, p in enumerate(raw)])
    assert [holm for _, holm in found] == pytest.approx(list(by_hand))


def test_correction_over_a_table_can_take_a_finding_away():
    good = [10.0 ** -(2 + 0.1 * k) for k in range(6)]
    base = make_runs(B, [0.9] * 6)
    (one, _) = make_rows(make_part([make_runs("f0", good), base]))
    assert one.paired is not None
    assert one.paired.decision is Decision.SUPPORTED
    crowd = make_part([*(make_runs(f"f{k}", good) for k in range(12)), base])
    for row in make_rows(crowd):
        if row.paired is not None:
            assert row.paired.decision is Decision.UNDECIDED


def test_the_word_for_another_metric_is_not_remembered_as_the_word_for_this_one():
    both = {"accuracy": (91.0,) * 6, "loss": (1.0,) * 6}
    mine = make_runs(A, [1.0] * 6)
    theirs = make_runs(B, [0.1] * 6)
    object.__setattr__(mine, "metrics", both)
    object.__setattr__(theirs, "metrics", {"accuracy": (90.0,) * 6, "loss": (0.1,) * 6})
    part = make_part([mine, theirs], metrics={"accuracy": ACCURACY, "loss": LOSS})
    signs = [next(r.paired.estimate for r in make_rows(part, metric) if r.paired) > 0
             for metric in (LOSS, ACCURACY, LOSS)]  # fmt: skip
    assert signs == [False, True, False]


def test_successes_are_counted_with_an_exact_interval():
    part = make_part([make_runs(A, [1e-4, 1e-3, 1e-2]), make_runs(B, [1e-2] * 3)])
    rows = {row.runs.label: row for row in make_rows(part, fitted=1e-3)}
    assert (rows[A].successes, rows[B].successes) == (2, 0)
    assert rows[B].success is not None
    assert rows[B].success.high == pytest.approx(1 - 0.025 ** (1 / 3))
    assert make_rows(part)[0].successes is None


def test_a_function_without_runs_comes_last_and_is_counted():
    rows = make_rows(
        make_part([make_runs("lost", [], planned=3), make_runs(B, [0.1] * 3)]), fitted=1e-3
    )
    assert rows[-1].runs.label == "lost"
    assert rows[-1].runs.missing == 3
    assert rows[-1].median is None
    assert rows[-1].success == Interval(0.0, 1.0)


def test_without_a_baseline_nothing_is_compared():
    rows = make_rows(make_part([make_runs(A, [0.1] * 3)]))
    assert [row.paired for row in rows] == [None]


def test_troubles_are_counted_by_kind():
    lost = {3: Lost("failed", "boom"), 4: Lost("failed", "boom"), 5: Lost("timeout"),
            6: Lost("not run")}  # fmt: skip
    runs = make_runs(A, [0.1] * 3, planned=8, lost=lost, diverged=[True, False, False])
    assert runs.troubles == {
        "diverged": 1, "failed": 2, "timed out": 1, "not run": 1, "missing": 1
    }  # fmt: skip
    assert make_runs(A, [0.1] * 3).troubles == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (20 / 21, "0.952"), (0.01, "0.010"), (9.5e-3, "9.5e-3"), (1e-12, "1.0e-12")],
)
def test_losses(value, text):
    assert words.loss(value) == text
    assert words.value(value, LOSS) == text


def test_other_words():
    assert words.value(97.12345, ACCURACY) == "97.12"
    assert words.difference(0.5, ACCURACY) == "0.5 pp"
    assert words.difference(2.04, LOSS) == "2.0 decades"
    assert words.percent(Interval(0.4439, 0.9748)) == "44-97 %"
    assert words.between(None) == "no interval"
    assert words.between(Interval(-0.1234, 2.0)) == "-0.123 to +2"
    assert words.p_value(2.0**-15) == "3.1e-5"
    assert words.seconds(90.0) == "1 min 30 s"
    assert words.plural(1, "seed") == "1 seed"
    assert words.plural(2, "study", "studies") == "2 studies"
    assert words.sentence("as claimed (nn.Linear)") == "As claimed (nn.Linear)"
    assert words.regime_title("fair") == "fair (each function's own initialisation)"
    assert words.regime_title("as-claimed", "he") == "as claimed (initialisation: he)"
