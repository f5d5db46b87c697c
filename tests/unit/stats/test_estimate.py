"""Point estimates and bootstrap intervals."""

from __future__ import annotations

import timeit

import numpy as np
import pytest
from scipy import stats

from actlab.stats import Interval, bca_interval, iqm
from actlab.stats.bootstrap import BOOTSTRAP_SEED, RESAMPLES


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


def by_scipy(values, generator, confidence=0.95):
    result = stats.bootstrap(
        (np.sort(values),),
        lambda x, axis=-1: stats.trim_mean(x, 0.25, axis=axis),
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="BCa",
        rng=generator,
    )
    return tuple(result.confidence_interval)


@pytest.mark.parametrize("n", [3, 4, 5, 7, 10, 20, 33, 64, 70])
@pytest.mark.parametrize("confidence", [0.95, 0.9706])
def test_interval_is_scipys_with_the_same_random_numbers(n, confidence):
    # Multiples of 1/64 add without rounding, so SciPy too sees ties with the estimate as ties.
    values = np.round(np.random.default_rng(n).normal(0.0, 1.0, n) * 64) / 64
    same = by_scipy(values, np.random.default_rng(BOOTSTRAP_SEED), confidence)
    np.testing.assert_allclose(bca_interval(values, confidence=confidence), same, atol=1e-12)


def test_interval_is_scipys_to_monte_carlo_accuracy():
    values = np.random.default_rng(8).normal(1.0, 2.0, 20)
    others = np.array([by_scipy(values, np.random.default_rng(seed)) for seed in range(12)])
    distance = np.abs(np.array(bca_interval(values)) - others.mean(axis=0))
    assert (distance < 4 * others.std(axis=0, ddof=1)).all()


def test_the_order_of_the_values_does_not_matter():
    values = np.random.default_rng(2).normal(size=12)
    assert bca_interval(values) == bca_interval(values[::-1]) == bca_interval(np.sort(values))


def test_the_interval_moves_and_scales_with_the_values():
    values = np.random.default_rng(4).normal(size=10)
    low, high = bca_interval(values)
    assert bca_interval(values + 1e6) == pytest.approx((low + 1e6, high + 1e6), abs=1e-8)
    assert bca_interval(values * -3.0) == pytest.approx((-3.0 * high, -3.0 * low), abs=0.1)


def test_ties_away_from_zero_count_as_ties():
    # 0.1 is no binary fraction: means of it differ by rounding, and are still the same mean.
    interval = bca_interval([0.1] * 7 + [9.0])
    assert interval is not None
    assert interval.low == 0.1
    assert interval == pytest.approx(np.add(bca_interval([0.0] * 7 + [8.9]), 0.1), abs=1e-9)


def test_a_diverged_run_does_not_wash_out_the_others():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert bca_interval([*values, 1e30]).low == pytest.approx(bca_interval([*values, 1e3]).low)


def test_values_further_apart_than_a_float_give_no_interval():
    assert bca_interval([-1.7e308, -1e308, 1.7e308, 1.75e308]) is None


def test_other_numbers_of_resamples_agree_with_the_kept_ones():
    values = np.random.default_rng(6).normal(size=10)
    assert bca_interval(values, resamples=50_000) == pytest.approx(bca_interval(values), abs=0.05)


def test_an_interval_takes_a_few_milliseconds():
    values = np.random.default_rng(7).normal(size=10)
    bca_interval(values)
    assert min(timeit.repeat(lambda: bca_interval(values), number=5, repeat=5)) / 5 < 0.005


@pytest.mark.full
@pytest.mark.parametrize(("n", "least"), [(6, 0.88), (10, 0.91), (20, 0.93), (40, 0.93)])
@pytest.mark.parametrize("shape", ["normal", "t3", "lognormal"])
def test_coverage(n, least, shape):
    generator = np.random.default_rng(n)
    # The mean of the middle half of e^Z is e^(1/2) [Phi(q - 1) - Phi(-q - 1)] / (1/2).
    q = stats.norm.ppf(0.75)
    middle = 2 * np.exp(0.5) * (stats.norm.cdf(q - 1) - stats.norm.cdf(-q - 1))
    draw, truth = {
        "normal": (lambda: generator.normal(size=n), 0.0),
        "t3": (lambda: generator.standard_t(3, size=n), 0.0),
        "lognormal": (lambda: generator.lognormal(size=n), middle),
    }[shape]
    hits = 0
    for _ in range(2_000):
        interval = bca_interval(draw())
        hits += interval is not None and interval.low <= truth <= interval.high
    # Three standard errors of a simulation of 2000 are 1.5 to 2 %.
    assert least - 0.02 <= hits / 2_000 <= 0.97
