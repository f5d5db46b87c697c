"""Point estimates and bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.stats import Interval, bca_interval, iqm


def test_iqm_is_the_mean_of_the_middle_half():
    assert iqm([100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -90.0]) == pytest.approx((2 + 3 + 4 + 5) / 4)


def test_iqm_of_few_values_leaves_none_out():
    assert iqm([1.0, 2.0, 6.0]) == pytest.approx(3.0)
    assert iqm([7.0]) == 7.0


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, float("nan")], [float("inf")]])
def test_iqm_refuses_what_is_no_sample(values):
    with pytest.raises(ValueError, match="values must"):
        iqm(values)


def test_interval_holds_the_estimate_and_repeats_itself():
    values = [0.3, 1.2, -0.4, 2.2, 1.9, 0.8, 1.1, 0.2, 3.0, 1.4]
    first = bca_interval(values)
    assert first is not None
    assert first.low < iqm(values) < first.high
    assert bca_interval(values) == first


def test_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(120):
        interval = bca_interval(generator.normal(1.0, 1.0, 10), resamples=500)
        assert interval is not None
        hits += interval.low <= 1.0 <= interval.high
    assert 0.84 <= hits / 120 <= 1.0


def test_equal_values_give_a_point():
    assert bca_interval([2.5, 2.5, 2.5, 2.5]) == Interval(2.5, 2.5)


def test_too_few_values_give_no_interval():
    assert bca_interval([1.0, 2.0]) is None


def test_one_run_that_escapes_the_floor_still_gives_a_finite_interval():
    interval = bca_interval([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0])
    assert interval is not None
    assert interval.low == 0.0
    assert np.isfinite(interval.high)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0])
def test_confidence_outside_its_range_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        bca_interval([1.0, 2.0, 3.0], confidence=confidence)


def test_too_few_resamples_are_refused():
    with pytest.raises(ValueError, match="resamples"):
        bca_interval([1.0, 2.0, 3.0], resamples=10)
