"""Shares of a gain: values, sign conventions, gains too small to divide by, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import bca_interval, iqm, share_recovered
from actlab.stats.bootstrap import BOOTSTRAP_SEED
from actlab.stats.recovery import _share_interval


def arms(generator, n, spread, share=0.5):
    """Three arms with a gain of 1 between baseline and whole."""
    levels = (share, 1.0, 0.0)
    return [dict(enumerate(level + spread * generator.normal(size=n))) for level in levels]


def test_the_share_is_a_ratio_of_interquartile_means():
    part, whole, baseline = arms(np.random.default_rng(1), 12, 0.2)
    top = iqm([part[s] - baseline[s] for s in range(12)])
    bottom = iqm([whole[s] - baseline[s] for s in range(12)])
    recovery = share_recovered(part, whole, baseline)
    assert recovery.share == pytest.approx(top / bottom)
    assert recovery.interval.low < recovery.share < recovery.interval.high
    assert recovery.gain == bca_interval([whole[s] - baseline[s] for s in range(12)])
    assert share_recovered(part, whole, baseline) == recovery


@pytest.mark.parametrize("n", [5, 9, 15])
def test_the_interval_is_scipys_paired_one_with_the_same_random_numbers(n):
    # Multiples of 1/64 add without rounding, so SciPy too sees ties with the estimate as ties.
    part, whole, baseline = (
        {seed: round(value * 64) / 64 for seed, value in arm.items()}
        for arm in arms(np.random.default_rng(n), n, 0.2)
    )
    tops = np.array([part[s] - baseline[s] for s in range(n)])
    bottoms = np.array([whole[s] - baseline[s] for s in range(n)])

    def statistic(x, y, axis=-1):
        return stats.trim_mean(x, 0.25, axis=axis) / stats.trim_mean(y, 0.25, axis=axis)

    ends = stats.bootstrap(
        (tops, bottoms), statistic, paired=True, n_resamples=10_000, vectorized=True,
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    ).confidence_interval  # fmt: skip
    assert share_recovered(part, whole, baseline).interval == pytest.approx(ends, abs=1e-9)


def test_the_direction_that_is_better_does_not_matter():
    generator = np.random.default_rng(3)
    part, whole, baseline = arms(generator, 10, 0.2)
    one = share_recovered(part, whole, baseline)
    turned = share_recovered(*({s: -v for s, v in arm.items()} for arm in (part, whole, baseline)))
    assert turned.share == pytest.approx(one.share)
    assert turned.interval == pytest.approx(one.interval, abs=0.05)


def test_the_whole_recovers_itself_exactly():
    _, whole, baseline = arms(np.random.default_rng(4), 10, 0.3)
    recovery = share_recovered(whole, whole, baseline)
    assert recovery.share == 1.0
    assert recovery.interval == pytest.approx((1.0, 1.0))


def test_only_shared_seeds_count():
    part, whole, baseline = arms(np.random.default_rng(5), 10, 0.2)
    del part[3]
    whole[77] = 2.0
    recovery = share_recovered(part, whole, baseline)
    assert recovery.seeds == (0, 1, 2, 4, 5, 6, 7, 8, 9)
    assert recovery.missing == (3, 77)


def test_a_gain_that_may_be_nothing_has_no_interval_of_shares():
    generator = np.random.default_rng(6)
    part, whole, baseline = (dict(enumerate(generator.normal(size=10))) for _ in range(3))
    recovery = share_recovered(part, whole, baseline)
    assert recovery.share is not None
    assert recovery.gain.low < 0.0 < recovery.gain.high
    assert recovery.interval is None


def test_a_gain_of_exactly_nothing_has_no_share():
    same = {s: float(s) for s in range(6)}
    recovery = share_recovered({s: v + 1.0 for s, v in same.items()}, same, same)
    assert (recovery.share, recovery.interval, recovery.gain) == (None, None, (0.0, 0.0))


def test_where_the_gain_vanishes_in_some_resamples_the_share_is_open_above():
    bottoms = np.array([-1.0, -1.0, -1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    tops = np.linspace(0.4, 0.6, 10)
    interval = _share_interval(tops, bottoms, iqm(tops) / iqm(bottoms), 0.95, 10_000)
    assert 0.0 < interval.low < 0.5
    assert interval.high == np.inf
    lower = _share_interval(-tops, bottoms, -iqm(tops) / iqm(bottoms), 0.95, 10_000)
    assert lower.low == -np.inf


def test_two_seeds_have_a_share_and_no_interval():
    recovery = share_recovered({0: 0.4, 1: 0.6}, {0: 1.0, 1: 1.1}, {0: 0.0, 1: 0.0})
    assert recovery.share == pytest.approx(1.0 / 2.1)
    assert (recovery.interval, recovery.gain) == (None, None)


def test_arms_without_a_shared_seed_are_refused():
    with pytest.raises(ValueError, match="must share a seed"):
        share_recovered({0: 1.0}, {1: 1.0}, {0: 1.0, 1: 2.0})
    with pytest.raises(ValueError, match="seed 0 must be finite"):
        share_recovered({0: float("nan")}, {0: 1.0}, {0: 1.0})


def coverage(n: int, spread: float, rounds: int) -> float:
    generator, hits, given = np.random.default_rng(n), 0, 0
    for _ in range(rounds):
        recovery = share_recovered(*arms(generator, n, spread), resamples=800)
        if recovery.interval is not None:
            given += 1
            hits += recovery.interval.low <= 0.5 <= recovery.interval.high
    assert given > 0.85 * rounds
    return hits / given


def test_the_interval_covers_about_as_often_as_it_says():
    # Three standard errors of a simulation of 300 are 3.8 %.
    assert 0.90 <= coverage(20, 0.4, 300) <= 0.99


@pytest.mark.full
@pytest.mark.parametrize("n", [10, 20, 40])
@pytest.mark.parametrize("spread", [0.3, 0.6])
def test_coverage(n, spread):
    assert 0.90 <= coverage(n, spread, 1_500) <= 0.975
