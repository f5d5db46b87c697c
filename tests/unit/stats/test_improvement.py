"""Probability of improvement: shares by hand, coverage by enumeration and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from actlab.stats import clopper_pearson, probability_of_improvement, probability_of_superiority


def test_wins_and_half_the_ties_are_counted():
    result = probability_of_improvement([1.0, 2.0, 0.0, -1.0])
    assert (result.estimate, result.wins, result.ties, result.pairs) == (0.625, 2, 1, 4)


def test_without_ties_the_interval_is_exact():
    differences = [1.0] * 7 + [-1.0] * 3
    assert probability_of_improvement(differences).interval == clopper_pearson(7, 10)


def test_the_sign_decides_which_side_wins():
    values = np.array([0.5, 0.0, 1.0, -2.0, 3.0, 0.0, 0.0])
    one, other = probability_of_improvement(values), probability_of_improvement(-values)
    assert one.estimate == pytest.approx(1.0 - other.estimate)
    assert one.interval == pytest.approx((1.0 - other.interval.high, 1.0 - other.interval.low))


def test_nothing_but_ties_is_no_advantage():
    result = probability_of_improvement(np.zeros(20))
    assert result.estimate == 0.5
    assert result.interval == clopper_pearson(10, 20)


def test_one_difference_says_next_to_nothing():
    assert probability_of_improvement([1.0]).interval == pytest.approx((0.025, 1.0))


def worst_coverage(n: int, confidence: float, tie_shares) -> float:
    """The least chance, over theta and the share of ties, that the interval holds theta."""
    intervals = []
    for halves in range(2 * n + 1):
        wins, ties = halves // 2, halves % 2
        values = [1.0] * wins + [0.0] * ties + [-1.0] * (n - wins - ties)
        intervals.append(probability_of_improvement(values, confidence=confidence).interval)
    lows, highs = np.array(intervals).T
    # Coverage is least next to an end of an interval.
    thetas = np.r_[lows[1:], highs[:-1]]
    thetas = np.r_[thetas - 1e-9, thetas + 1e-9, np.linspace(0.01, 0.99, 25)]
    least = 1.0
    for theta in thetas[(thetas > 0) & (thetas < 1)]:
        for share in tie_shares:
            tie = share * 2 * min(theta, 1 - theta)
            one = np.clip([1 - theta - tie / 2, tie, theta - tie / 2], 0.0, 1.0)
            chances = np.array([1.0])
            for _ in range(n):
                chances = np.convolve(chances, one)
            least = min(least, chances[(lows <= theta) & (theta <= highs)].sum())
    return least


@pytest.mark.parametrize("n", [1, 3, 6, 10])
def test_whatever_the_ties_the_interval_covers_by_enumeration(n):
    assert worst_coverage(n, 0.95, np.linspace(0.0, 1.0, 6)) >= 0.95


@pytest.mark.full
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.9706, 0.99])
@pytest.mark.parametrize("n", [2, 5, 8, 20, 30, 40])
def test_coverage_by_a_finer_enumeration(n, confidence):
    assert worst_coverage(n, confidence, np.linspace(0.0, 1.0, 21)) >= confidence


@pytest.mark.parametrize("values", [[], [float("nan")], [1.0, float("inf")]])
def test_what_is_no_sample_is_refused(values):
    with pytest.raises(ValueError, match="values must"):
        probability_of_improvement(values)


@pytest.mark.parametrize("measure", [probability_of_improvement, lambda d, **k:
                                     probability_of_superiority(d, d, **k)])  # fmt: skip
def test_confidence_outside_its_range_is_refused(measure):
    with pytest.raises(ValueError, match="confidence"):
        measure([1.0, 2.0], confidence=1.0)


def test_superiority_is_mann_and_whitneys_u():
    generator = np.random.default_rng(4)
    first, other = generator.integers(0, 9, 13), generator.integers(0, 7, 8)
    result = probability_of_superiority(first, other)
    u = stats.mannwhitneyu(first, other).statistic
    assert result.estimate == pytest.approx(u / (13 * 8), rel=1e-14)
    assert result.wins == sum(a > b for a in first for b in other)
    assert result.ties == sum(a == b for a in first for b in other)


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize("shift", [0.0, 0.7, 2.0])
def test_superiority_interval_ends_where_hanley_and_mcneils_error_says(n, shift):
    generator = np.random.default_rng(n)
    first, other = generator.normal(shift, 1, n), generator.normal(0, 1, n)
    result = probability_of_superiority(first, other)

    def beyond(theta):
        # Their variance, written with Q1 and Q2 as they do; sizes are equal here.
        q1, q2 = theta / (2 - theta), 2 * theta**2 / (1 + theta)
        v = theta * (1 - theta) + (n - 1) * (q1 - theta**2 + q2 - theta**2)
        return abs(theta - result.estimate) - stats.norm.ppf(0.975) * (v / n**2) ** 0.5

    low = optimize.brentq(beyond, 1e-9, result.estimate - 1e-9)
    assert result.interval.low == pytest.approx(low, abs=1e-9)


def test_complete_separation_is_not_certainty():
    above = probability_of_superiority([4.0, 5.0, 6.0], [1.0, 2.0, 3.0])
    below = probability_of_superiority([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert (above.estimate, below.estimate) == (1.0, 0.0)
    assert above.interval.high == 1.0
    assert 0.4 < above.interval.low < 0.8
    assert below.interval.low == 0.0
    assert below.interval.high == pytest.approx(1.0 - above.interval.low)


def test_superiority_needs_two_of_each():
    with pytest.raises(ValueError, match="baseline must hold at least 2"):
        probability_of_superiority([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("m", "n", "shift"), [(10, 10, 0.0), (10, 10, 1.5), (6, 20, 1.0)])
def test_superiority_interval_covers(m, n, shift):
    generator = np.random.default_rng(m + n)
    truth = stats.norm.cdf(shift / 2**0.5)
    hits = 0
    for _ in range(600):
        first, other = generator.normal(shift, 1, m), generator.normal(0, 1, n)
        low, high = probability_of_superiority(first, other).interval
        hits += low <= truth <= high
    # Three standard errors of a simulation of 600 are 2.7 %.
    assert 0.92 <= hits / 600 <= 0.99
