"""Exact tests against numbers worked out by hand, by enumeration or from tables."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from actlab.stats import clopper_pearson, holm, sign_flip_p, smallest_sign_flip_p


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


def test_many_differences_are_sampled_reproducibly():
    values = np.random.default_rng(0).normal(0.4, 1.0, 30)
    p = sign_flip_p(values)
    assert p == sign_flip_p(values)
    # For this many values the normal approximation is good.
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    assert p == pytest.approx(2 * (1 - 0.5 * (1 + _erf(z / np.sqrt(2)))), abs=0.02)


def _erf(x: float) -> float:
    import math

    return math.erf(x)


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


def test_holm_by_hand():
    # sorted .01 .02 .04 -> .03 .04 .04; the largest keeps the running maximum
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])


def test_holm_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="p_values"):
        holm([0.5, 1.5])


def test_smallest_p_needs_a_difference():
    with pytest.raises(ValueError, match="n must"):
        smallest_sign_flip_p(0)
