"""Two functions against each other."""

from __future__ import annotations

import pytest

from actlab.core.errors import UnknownNameError
from actlab.report.pairs import compare_two, more_seeds
from actlab.report.tables import compare
from actlab.stats import Decision

from .by_hand import ACCURACY, A, B, make_folder, make_part, make_results, make_runs, spread


@pytest.fixture(scope="module")
def three():
    runs = [make_runs(label, spread(middle, 8), metric="accuracy")
            for label, middle in ((A, 93.0), (B, 90.0), ("elu(alpha=1)", 91.0))]  # fmt: skip
    return make_folder(make_results(make_part(runs, metric=ACCURACY)))


def test_functions_other_than_the_baseline_can_be_compared(three):
    (pair,) = compare_two(three, A, "elu(alpha=1)")
    assert pair.paired.estimate == pytest.approx(2.0)
    assert pair.better.estimate == 1.0
    assert pair.paired.decision is Decision.SUPPORTED
    assert pair.more == "decided"


def test_turned_round_the_sign_turns_round(three):
    (forth,) = compare_two(three, A, B)
    (back,) = compare_two(three, B, A)
    assert back.paired.estimate == pytest.approx(-forth.paired.estimate)
    assert back.paired.decision is Decision.REVERSED


def test_the_beginning_of_a_label_is_enough(three):
    (pair,) = compare_two(three, "exp", "elu")
    assert (pair.first, pair.second) == (A, "elu(alpha=1)")


def test_unknown_and_equal_names_are_refused(three):
    with pytest.raises(UnknownNameError, match="relu"):
        compare_two(three, A, "rleu")
    with pytest.raises(UnknownNameError, match="metric"):
        compare_two(three, A, B, "acuracy")
    with pytest.raises(ValueError, match="name two functions"):
        compare_two(three, "exp", A)


def test_parts_without_one_of_the_two_are_left_out(three):
    part = make_part([make_runs(A, [1e-3] * 3)], "alone")
    folder = make_folder(make_results(*three.studies[0].parts, part))
    assert [pair.part for pair in compare_two(folder, A, B)] == ["headline"]


def test_what_only_the_correction_undecides_is_said_to_be_decided_alone():
    from dataclasses import replace

    mine = make_runs(A, spread(93.0, 8), metric="accuracy")
    paired = compare(mine, make_runs(B, [90.0] * 8, metric="accuracy"), ACCURACY, 0.5)
    assert paired is not None
    assert more_seeds(paired, 0.5) == "decided"
    assert more_seeds(replace(paired, decision=Decision.UNDECIDED), 0.5) == "decided if alone"


def test_with_one_seed_no_forecast_is_made():
    paired = compare(make_runs(A, [1.0], metric="accuracy"), make_runs(B, [2.0], metric="accuracy"),
                     ACCURACY, 0.5)  # fmt: skip
    assert paired is not None
    assert more_seeds(paired, 0.5) == "too few seeds to tell"
