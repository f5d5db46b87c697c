"""Corrections for many comparisons, by hand, by definition and by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import benjamini_hochberg, holm


def test_holm_by_hand():
    # sorted .01 .02 .04 -> .03 .04 .04; the largest keeps the running maximum
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])


def test_benjamini_hochberg_by_hand():
    # sorted .01 .02 .04 times 3/1 3/2 3/3 -> .03 .03 .04
    assert benjamini_hochberg([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.03])
    assert benjamini_hochberg([0.9, 0.8]) == pytest.approx([0.9, 0.9])


def test_benjamini_hochberg_of_their_own_example():
    # Benjamini and Hochberg (1995), 15 comparisons: at 5 % they call the four smallest, while
    # Bonferroni's rule (and Holm's) calls three.
    ps = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert [p <= 0.05 for p in benjamini_hochberg(ps)] == [True] * 4 + [False] * 11
    assert sum(p <= 0.05 for p in holm(ps)) == 3


@pytest.mark.parametrize("count", [1, 2, 5, 40, 500])
def test_benjamini_hochberg_is_scipys(count):
    ps = np.random.default_rng(count).uniform(size=count) ** 3
    ps[: count // 4] = ps[0]
    expected = stats.false_discovery_control(ps, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(ps.tolist()), expected, rtol=1e-13)


@pytest.mark.parametrize("correct", [holm, benjamini_hochberg])
def test_every_correction_keeps_the_order_and_never_helps(correct):
    ps = np.random.default_rng(1).uniform(size=60).tolist()
    adjusted = correct(ps)
    assert all(p <= q <= 1.0 for p, q in zip(ps, adjusted, strict=True))
    by_p = [q for _, q in sorted(zip(ps, adjusted, strict=True))]
    assert by_p == sorted(by_p)


@pytest.mark.parametrize("correct", [holm, benjamini_hochberg])
def test_small_families(correct):
    assert correct([]) == []
    assert correct([0.03]) == [0.03]
    assert correct([0.0, 0.0]) == [0.0, 0.0]


@pytest.mark.parametrize("correct", [holm, benjamini_hochberg])
@pytest.mark.parametrize("wrong", [1.5, -0.1, float("nan")])
def test_what_is_no_probability_is_refused(correct, wrong):
    with pytest.raises(ValueError, match="p_values"):
        correct([0.5, wrong])


def test_false_discoveries_stay_below_the_level():
    # 15 true nulls and 5 effects: the mean share of wrong calls is at most 5 % x 15 / 20.
    generator = np.random.default_rng(9)
    shares = []
    for _ in range(2_000):
        z = generator.normal(size=20) + np.r_[np.zeros(15), np.full(5, 3.0)]
        called = np.array(benjamini_hochberg(2 * stats.norm.sf(np.abs(z)))) < 0.05
        shares.append(called[:15].sum() / max(1, called.sum()))
    assert 0.025 < np.mean(shares) < 0.0375 + 3 * np.std(shares) / 2_000**0.5
