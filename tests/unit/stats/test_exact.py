"""Exact tests against numbers worked out by hand, by enumeration or from tables."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from actlab.stats import clopper_pearson, sign_flip_p, smallest_sign_flip_p


def test_all_of_one_sign_gives_the_smallest_p():
    for n in (1, 3, 6, 10):
        assert sign_flip_p([1.0 + 0.1 * i for i in range(n)]) == smallest_sign_flip_p(n)


def test_smallest_p_for_three_seeds_is_a_quarter():
    assert smallest_sign_flip_p(3) == 0.25
    assert smallest_sign_flip_p(6) < 0.05 < smallest_sign_flip_p(5)


def test_agrees_with_a_count_over_all_patterns():
    values = [0.5, -1.5, 2.0, 3.5, -0.25, 1.0]
    observed = abs(sum(values))
    reached = sum(
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) >= observed - 1e-12
        for signs in product((1, -1), repeat=len(values))
    )
    assert sign_flip_p(values) == reached / 2 ** len(values)


def test_ties_count_whatever_the_order_of_addition():
    values = [0.1, 0.2, 0.3, -0.6, 0.7]
    ps = {sign_flip_p(order) for order in (values, values[::-1], sorted(values))}
    assert len(ps) == 1


def test_no_difference_is_no_evidence():
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 15])
def test_halves_give_the_count_over_all_patterns(n):
    # Small integers: many patterns tie with the observed sum, and add without rounding.
    values = np.random.default_rng(n).integers(-3, 5, n).astype(float)
    signs = np.array(list(product((1.0, -1.0), repeat=n)))
    assert sign_flip_p(values) == np.mean(np.abs(signs @ values) >= abs(values.sum()))


def test_agrees_with_scipys_permutations():
    values = np.random.default_rng(3).normal(0.4, 1.0, 9)
    result = stats.permutation_test(
        (values,), lambda x, axis: np.sum(x, axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=np.inf,
    )  # fmt: skip
    assert sign_flip_p(values) == pytest.approx(result.pvalue, rel=1e-12)


@pytest.mark.parametrize("n", [21, 30, 40])
def test_forty_differences_are_still_counted_exactly(n):
    assert sign_flip_p(np.arange(1.0, n + 1)) == 2.0 ** (1 - n) == smallest_sign_flip_p(n)
    # One small difference of the other sign: only flipping it, or nothing, reaches the sum.
    assert sign_flip_p([-0.5, *range(1, n)]) == 2.0 ** (2 - n)


def test_beyond_forty_one_draw_in_all_is_the_least():
    assert sign_flip_p(np.ones(41)) == smallest_sign_flip_p(41) == 1 / 200_001


@pytest.mark.parametrize("n", [30, 50])
def test_many_differences_are_tested_reproducibly(n):
    values = np.random.default_rng(0).normal(0.4, 1.0, n)
    p = sign_flip_p(values)
    assert p == sign_flip_p(values)
    # For this many values the normal approximation is good.
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    assert p == pytest.approx(2 * stats.norm.sf(z), abs=0.02)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # From the closed forms: 0 of n gives 1 - (a/2)^(1/n); 1 of 1 gives a/2.
    [
        (0, 10, 0.0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1.0),
        (1, 1, 0.025, 1.0),
        (0, 0, 0.0, 1.0),
        (5, 10, 0.187086, 0.812914),
    ],
)
def test_clopper_pearson(successes, trials, low, high):
    interval = clopper_pearson(successes, trials)
    assert interval.low == pytest.approx(low, abs=1e-6)
    assert interval.high == pytest.approx(high, abs=1e-6)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3), (0, -1)])
def test_clopper_pearson_refuses_impossible_counts(successes, trials):
    with pytest.raises(ValueError, match="successes"):
        clopper_pearson(successes, trials)


def test_smallest_p_needs_a_difference():
    with pytest.raises(ValueError, match="n must"):
        smallest_sign_flip_p(0)
