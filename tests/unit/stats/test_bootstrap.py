"""The resampling core against SciPy's bootstrap and against resamples sorted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import bootstrap


def iqm_along(values, axis=-1):
    return stats.trim_mean(values, 0.25, axis=axis)


def test_places_come_in_blocks_that_do_not_change_them():
    whole = np.random.default_rng(bootstrap.BOOTSTRAP_SEED).integers(0, 7, (2_300, 7))
    blocks = list(bootstrap.drawn_places(7, 2_300))
    assert [len(block) for block in blocks] == [1_000, 1_000, 300]
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_places_are_counted():
    places = np.array([[0, 0, 3], [1, 2, 3]])
    assert bootstrap.counted(places, 4).tolist() == [[2, 0, 0, 1], [0, 1, 1, 1]]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 11, 20])
def test_weights_give_the_trimmed_mean_of_every_resample(size):
    values = np.sort(np.random.default_rng(size).normal(size=size))
    places = next(bootstrap.drawn_places(size, 300))
    weights = bootstrap.trimmed_weights(bootstrap.counted(places, size))
    np.testing.assert_allclose(weights @ values, iqm_along(values[places]), rtol=1e-12, atol=1e-14)


def test_no_trace_of_a_trimmed_value_enters_a_weighted_mean():
    # 12 tasks of 4: 27 counts of 4/3 reach 36 = 48 - 48 // 4 only but for rounding.
    counts = np.r_[np.full(36, 4 / 3), np.zeros(12)][None]
    assert 0.0 < 36 - np.cumsum(counts)[26] < 1e-12
    values = np.r_[np.zeros(27), np.full(21, 1e30)]
    assert bootstrap.weighted_sums(bootstrap.trimmed_weights(counts), values) == 0.0


def test_kept_weights_cannot_be_changed():
    (weights,) = bootstrap.weight_blocks(6, bootstrap.RESAMPLES)
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1.0


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.9706, 0.999])
@pytest.mark.parametrize("sizes", [(9,), (12, 7), (5, 30, 8)])
def test_ends_are_scipys(sizes, confidence):
    generator = np.random.default_rng(sum(sizes))
    samples = [generator.exponential(size=size) for size in sizes]

    def statistic(*parts, axis=-1):
        return iqm_along(np.concatenate(parts, axis=axis), axis=axis)

    result = stats.bootstrap(
        samples, statistic, n_resamples=3_000, confidence_level=confidence, method="BCa",
        rng=np.random.default_rng(3),
    )  # fmt: skip
    left_out = [
        np.array(
            [
                statistic(*samples[:h], np.delete(samples[h], i), *samples[h + 1 :])
                for i in range(size)
            ]
        )
        for h, size in enumerate(sizes)
    ]
    estimate = float(statistic(*samples))
    ends = bootstrap.bca_ends(estimate, result.bootstrap_distribution, left_out, confidence)
    np.testing.assert_allclose(ends, result.confidence_interval, rtol=1e-12)


def test_a_jackknife_that_stands_still_gives_percentiles():
    replicates = np.arange(101.0)
    ends = bootstrap.bca_ends(3.0, replicates, [np.full(5, 3.0)], 0.9)
    assert ends == pytest.approx((5.0, 95.0))


def test_replicates_all_on_one_side_give_no_interval():
    assert bootstrap.bca_ends(-1.0, np.arange(100.0), [np.arange(5.0)], 0.95) is None


def test_a_correction_that_turns_over_gives_no_interval():
    # One outlier makes the acceleration nearly -1/6; with so much bias 1 - a (z0 + z) is below 0.
    replicates = np.r_[np.full(1, -1.0), np.full(9_999, 1.0)]
    left_out = np.r_[np.zeros(999), 1.0]
    assert bootstrap.bca_ends(0.0, replicates, [left_out], 0.999999) is None


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_the_unit_of_the_statistic_does_not_matter(unit):
    generator = np.random.default_rng(5)
    replicates, left_out = generator.normal(size=500), generator.exponential(size=9)
    expected = np.array(bootstrap.bca_ends(0.1, replicates, [left_out], 0.95)) * unit
    ends = bootstrap.bca_ends(0.1 * unit, replicates * unit, [left_out * unit], 0.95)
    assert ends == pytest.approx(expected, rel=1e-9, abs=0.0)


def test_beside_an_infinite_replicate_the_end_is_infinite():
    replicates = np.r_[np.full(20, -np.inf), np.linspace(0.0, 1.0, 960), np.full(20, np.inf)]
    ends = bootstrap.bca_ends(0.5, replicates, [np.full(5, 0.5)], 0.97)
    assert ends == (-np.inf, np.inf)
    inner = bootstrap.bca_ends(0.5, replicates, [np.full(5, 0.5)], 0.9)
    assert inner is not None
    assert np.isfinite(inner).all()
