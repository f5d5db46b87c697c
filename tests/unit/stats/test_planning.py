"""Numbers of seeds: the protocol's table, SciPy's noncentral t, and whether the plans come true."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from actlab.stats import (
    Decision,
    bca_interval,
    power_paired,
    seeds_for_power,
    seeds_to_decide,
    sign_flip_p,
)


@pytest.mark.parametrize(
    ("effect", "seeds"),
    [(1.5, 6), (1.2, 8), (1.0, 10), (0.8, 15), (0.63, 22), (0.5, 34), (0.3, 90)],
)
def test_the_table_of_the_protocol(effect, seeds):
    assert seeds_for_power(effect) == seeds_for_power(-effect) == seeds
    assert power_paired(seeds, effect) >= 0.8 > power_paired(seeds - 1, effect)


@pytest.mark.parametrize("n", [2, 3, 6, 20, 150])
@pytest.mark.parametrize("effect", [0.01, 0.2, 0.7, 1.5, 4.0])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.0294, 0.001])
def test_power_is_that_of_the_noncentral_t(n, effect, alpha):
    critical, shift = stats.t.isf(alpha / 2, n - 1), effect * n**0.5
    above, below = stats.nct.sf(critical, n - 1, shift), stats.nct.cdf(-critical, n - 1, shift)
    if np.isnan(below):  # SciPy gives up on some tails that are nearly 0
        below = 0.0
    assert power_paired(n, effect, alpha) == pytest.approx(above + below, abs=1e-9)


def test_power_without_an_effect_is_the_level():
    for n in (2, 10, 1_000):
        assert power_paired(n, 0.0, 0.05) == pytest.approx(0.05, abs=1e-10)


def test_power_is_what_a_simulation_counts():
    samples = np.random.default_rng(2).normal(0.8, 1.0, (40_000, 10))
    share = np.mean(stats.ttest_1samp(samples, 0.0, axis=1).pvalue < 0.05)
    assert power_paired(10, 0.8) == pytest.approx(share, abs=0.006)


def test_power_grows_with_seeds_up_to_certainty():
    powers = [power_paired(n, 1.0) for n in range(2, 400)]
    assert all(a <= b + 1e-12 for a, b in pairwise(powers))
    assert powers[-1] == pytest.approx(1.0)
    assert power_paired(20, 1e16) == pytest.approx(1.0)


def test_effects_out_of_reach_have_no_number():
    assert seeds_for_power(0.0) is None
    assert seeds_for_power(0.02) is None
    assert seeds_for_power(0.02, most=20_000) == pytest.approx(2.8016**2 / 0.02**2, rel=0.001)
    assert seeds_for_power(100.0) == 2


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: power_paired(1, 1.0), "n must"),
        (lambda: power_paired(5, nan), "effect_over_sd"),
        (lambda: power_paired(5, inf), "effect_over_sd"),
        (lambda: power_paired(5, 1.0, 0.0), "alpha"),
        (lambda: seeds_for_power(1.0, power=1.0), "power"),
        (lambda: seeds_for_power(1.0, most=1), "most"),
        (lambda: seeds_to_decide([1.0, 2.0, 3.0], 0.0), "smallest"),
        (lambda: seeds_to_decide([1.0, 2.0, nan], 1.0), "finite"),
        (lambda: seeds_to_decide([1.0, 2.0, 3.0], 1.0, confidence=0.0), "confidence"),
        (lambda: seeds_to_decide([], 1.0), "at least 1"),
    ],
)
def test_arguments_outside_their_range_are_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()


def test_two_differences_show_no_spread():
    assert seeds_to_decide([0.1, 0.2], 0.5) is None


def test_what_is_decided_needs_no_more_seeds():
    clear = seeds_to_decide(np.linspace(0.9, 1.1, 10), 0.5)
    assert (clear.decided, clear.difference, clear.more) == (Decision.SUPPORTED, 10, 0)
    same = seeds_to_decide(np.linspace(-0.1, 0.1, 10), 0.5)
    assert (same.decided, same.negligible, same.more) == (Decision.NEGLIGIBLE, 10, 0)


def test_equal_differences():
    zero = seeds_to_decide(np.zeros(8), 0.1)
    assert (zero.decided, zero.difference, zero.negligible) == (Decision.NEGLIGIBLE, None, 8)
    # Four equal differences are beyond doubt, and still too few for the sign flips.
    few = seeds_to_decide(np.full(4, 2.0), 0.1)
    assert (few.decided, few.difference, few.negligible, few.more) == (None, 6, None, 2)
    assert seeds_to_decide(np.full(4, 0.05), 0.1).negligible == 6
    assert sign_flip_p(np.full(6, 2.0)) < 0.05 < sign_flip_p(np.full(5, 2.0))


def test_an_estimate_outside_the_bounds_never_becomes_negligible():
    plan = seeds_to_decide(normal_values(12) + 0.3, smallest=0.01)
    assert plan.negligible is None
    assert plan.difference > 12


def test_a_contender_worse_by_little_must_wait_until_that_is_negligible():
    plan = seeds_to_decide(normal_values(40) * 0.3 - 0.3, 0.35)
    assert (plan.difference, plan.decided) == (40, None)
    assert plan.negligible > 40
    assert plan.more == plan.negligible - 40
    # Worse by more than the smallest effect it is a difference that decides.
    worse = seeds_to_decide(normal_values(10) - 0.5, 0.35)
    assert worse.negligible is None
    assert worse.more == worse.difference - 10


def test_nothing_decides_within_reach():
    sample = np.random.default_rng(1).normal(0.0, 1.0, 20)
    plan = seeds_to_decide(sample - sample.mean(), smallest=1e-4, most=100)
    assert (plan.difference, plan.negligible, plan.more) == (None, None, None)


def test_a_stricter_look_and_more_power_need_more_seeds():
    sample = np.random.default_rng(3).normal(0.3, 1.0, 20)
    plans = [
        seeds_to_decide(sample, 0.05),
        seeds_to_decide(sample, 0.05, confidence=0.9706),
        seeds_to_decide(sample, 0.05, confidence=0.9706, power=0.9),
    ]
    seeds = [plan.difference for plan in plans]
    assert seeds == sorted(set(seeds))


def normal_values(n: int) -> np.ndarray:
    """Evenly spread over a standard normal distribution: the sample that is just like it."""
    values = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return values / values.std(ddof=1)


def test_the_spread_is_that_of_the_interquartile_mean():
    # Of normal values its variance is 1.19 times that of the mean, for many of them.
    plan = seeds_to_decide(normal_values(200) + 0.08, 0.001)
    assert plan.difference == pytest.approx(seeds_for_power(0.08 / 1.19**0.5), rel=0.05)


def test_for_three_values_the_spread_is_their_standard_deviation():
    # Their IQM is their mean; a bootstrap alone would say sqrt(2/3) of it.
    plan = seeds_to_decide([-0.5, 0.5, 1.5], 0.01)
    assert plan.difference == pytest.approx(seeds_for_power(0.5), abs=1)


def test_a_plan_for_a_difference_comes_true():
    plan = seeds_to_decide(normal_values(20) + 0.45, 0.01)
    assert 20 < plan.difference <= 64
    generator, found, rounds = np.random.default_rng(4), 0, 800
    for _ in range(rounds):
        found += bca_interval(generator.normal(0.45, 1.0, plan.difference)).low > 0.0
    assert found / rounds == pytest.approx(0.8, abs=0.06)


def test_a_plan_for_equivalence_comes_true():
    plan = seeds_to_decide(normal_values(20) + 0.05, 0.5)
    assert 20 < plan.negligible <= 64
    generator, inside, rounds = np.random.default_rng(5), 0, 800
    for _ in range(rounds):
        low, high = bca_interval(generator.normal(0.05, 1.0, plan.negligible))
        inside += max(-low, high) < 0.5
    assert inside / rounds == pytest.approx(0.8, abs=0.06)
