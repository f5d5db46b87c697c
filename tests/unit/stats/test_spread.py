"""Ratios of standard deviations: values, invariances, edges, coverage of the interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import Interval, spread_ratio


def pairs(generator, n, ratio=0.7, draw="normal"):
    """Pairs with correlation 1/2, the first with ``ratio`` times the spread of the second."""
    noise = generator.normal(size=(3, n)) if draw == "normal" else generator.standard_t(5, (3, n))
    return ratio * (noise[0] + noise[2]), noise[1] + noise[2]


def test_the_estimate_is_the_ratio_of_standard_deviations():
    first, other = pairs(np.random.default_rng(1), 15)
    result = spread_ratio(first, other)
    assert result.estimate == pytest.approx(np.std(first, ddof=1) / np.std(other, ddof=1))
    assert result.interval.low < result.estimate < result.interval.high
    assert result.pairs == 15
    assert spread_ratio(first, other) == result


def test_turned_round_the_ratio_is_its_inverse():
    first, other = pairs(np.random.default_rng(2), 20)
    one, inverse = spread_ratio(first, other), spread_ratio(other, first)
    assert inverse.estimate == pytest.approx(1 / one.estimate)
    assert inverse.interval == pytest.approx((1 / one.interval.high, 1 / one.interval.low))


def test_shifts_and_scales_do_not_matter():
    first, other = pairs(np.random.default_rng(3), 20)
    one, moved = spread_ratio(first, other), spread_ratio(first * 1e-3 + 7.0, other * 1e3 - 5.0)
    assert np.array(moved.interval) * 1e6 == pytest.approx(np.array(one.interval), rel=1e-6)
    huge = spread_ratio(first * 1e200, other * 1e200)
    assert huge.interval == pytest.approx(one.interval)


def test_pairing_narrows_the_interval():
    generator = np.random.default_rng(4)
    shared = generator.normal(size=30)
    first, other = (
        shared + 0.1 * generator.normal(size=30),
        shared + 0.1 * generator.normal(size=30),
    )
    together = spread_ratio(first, other).interval
    apart = spread_ratio(first, other[::-1]).interval
    assert together.high / together.low < (apart.high / apart.low) ** 0.5


def test_a_scaled_copy_has_a_ratio_known_exactly():
    values = np.random.default_rng(5).normal(size=10)
    result = spread_ratio(3.0 * values + 1.0, values)
    assert result.interval == pytest.approx((3.0, 3.0))
    assert spread_ratio(values, values).interval == pytest.approx((1.0, 1.0))


def test_a_contender_that_does_not_vary_has_the_ratio_zero():
    result = spread_ratio([2.0] * 8, np.arange(8.0))
    assert (result.estimate, result.interval) == (0.0, None)


def test_a_baseline_that_does_not_vary_is_refused():
    with pytest.raises(ValueError, match="baseline must vary"):
        spread_ratio([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])


def test_five_pairs_have_no_interval_and_six_have_one():
    first, other = pairs(np.random.default_rng(6), 6)
    assert spread_ratio(first[:5], other[:5]).interval is None
    assert isinstance(spread_ratio(first, other).interval, Interval)


def test_too_many_ties_give_no_interval():
    assert spread_ratio([0.0] * 11 + [1.0], np.arange(12.0)).interval is None


@pytest.mark.parametrize(
    ("first", "other", "word"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "equal lengths"),
        ([1.0], [2.0], "at least 2"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
    ],
)
def test_what_are_no_pairs_is_refused(first, other, word):
    with pytest.raises(ValueError, match=word):
        spread_ratio(first, other)


def coverage(n: int, draw: str, rounds: int) -> float:
    generator, hits = np.random.default_rng(n), 0
    for _ in range(rounds):
        low, high = spread_ratio(*pairs(generator, n, draw=draw), resamples=800).interval
        hits += low <= 0.7 <= high
    return hits / rounds


def pitman_morgan(first, other):
    """The interval of a ratio of standard deviations that is exact for normal pairs."""
    n, squared = first.size, np.corrcoef(first, other)[0, 1] ** 2
    k = 1 + 2 * (1 - squared) * stats.t.ppf(0.975, n - 2) ** 2 / (n - 2)
    ratio, reach = first.std() / other.std(), k + np.sqrt(k * k - 1)
    return ratio / reach**0.5, ratio * reach**0.5


def test_for_many_normal_pairs_the_interval_is_pitman_and_morgans():
    first, other = pairs(np.random.default_rng(7), 600)
    assert spread_ratio(first, other).interval == pytest.approx(
        pitman_morgan(first, other), rel=0.02
    )


def test_the_interval_covers_about_as_often_as_it_says():
    # Three standard errors of a simulation of 300 are 3.8 %.
    assert 0.91 <= coverage(20, "normal", 300) <= 0.99


@pytest.mark.full
@pytest.mark.parametrize("draw", ["normal", "t5"])
@pytest.mark.parametrize("n", [10, 20, 40, 62])
def test_coverage(n, draw):
    assert 0.915 <= coverage(n, draw, 500) <= 0.985
