"""Aggregates over tasks and seeds: by hand, by a slow resampling, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import (
    bca_interval,
    clopper_pearson,
    iqm,
    performance_profile,
    stratified_iqm,
)
from actlab.stats.bootstrap import BOOTSTRAP_SEED


def tasks(generator, count, seeds, apart=1.0):
    return {
        f"task {k}": generator.normal(apart * (k - (count - 1) / 2), 1.0, seeds)
        for k in range(count)
    }


def test_the_estimate_is_the_interquartile_mean_of_all_runs():
    scores = {"a": [1.0, 2.0, 3.0], "b": [10.0], "c": [4.0, 5.0, 6.0, 7.0]}
    result = stratified_iqm(scores)
    assert result.estimate == iqm([1, 2, 3, 10, 4, 5, 6, 7]) == 4.5
    assert (result.tasks, result.runs) == (3, 8)
    assert result.interval is None  # one run shows no spread


def slow_replicates(scores, resamples):
    """n - 1 runs of each task, each weighing n / (n - 1); the middle half by weight, in a loop."""
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = [
        [generator.integers(0, len(runs), len(runs) - 1) for _ in range(resamples)]
        for runs in scores.values()
    ]
    total = sum(len(runs) for runs in scores.values())
    replicates = []
    for b in range(resamples):
        pairs = sorted(
            (runs[i], len(runs) / (len(runs) - 1))
            for runs, places in zip(scores.values(), drawn, strict=True)
            for i in places[b]
        )
        low, high, reached, middle = total // 4, total - total // 4, 0.0, 0.0
        for value, weight in pairs:
            middle += value * max(0.0, min(reached + weight, high) - max(reached, low))
            reached += weight
        replicates.append(middle / (high - low))
    return np.array(replicates)


def test_the_interval_is_that_of_a_slow_resampling():
    scores = tasks(np.random.default_rng(1), 3, 7)
    scores["task 1"] = scores["task 1"][:4]
    runs, arms = list(scores.values()), 300
    replicates = slow_replicates(scores, arms)
    pooled = np.concatenate(runs)
    left_out = [iqm(np.delete(pooled, i)) for i in range(pooled.size)]
    cubes = squares = 0.0
    for part in np.split(left_out, np.cumsum([r.size for r in runs])[:-1]):
        influence = (part.size - 1) * (part.mean() - part)
        cubes, squares = (
            cubes + sum(influence**3) / part.size**3,
            squares + sum(influence**2) / part.size**2,
        )
    z0 = stats.norm.ppf(np.mean(replicates < iqm(pooled)))
    z = z0 + stats.norm.ppf([0.025, 0.975])
    levels = stats.norm.cdf(z0 + z / (1 - cubes / (6 * squares**1.5) * z))
    expected = np.quantile(replicates, levels)
    assert stratified_iqm(scores, resamples=arms).interval == pytest.approx(expected, abs=1e-9)


def test_one_large_task_is_an_ordinary_sample():
    values = np.random.default_rng(2).normal(size=120)
    ours, plain = stratified_iqm({"a": values}).interval, bca_interval(values)
    assert ours == pytest.approx(plain, abs=0.06 * (plain.high - plain.low))


def test_resampling_within_tasks_leaves_their_differences_out():
    scores = tasks(np.random.default_rng(3), 6, 10, apart=20.0)
    inside = stratified_iqm(scores).interval
    mixed = bca_interval(np.concatenate(list(scores.values())))
    assert inside.high - inside.low < 0.2 * (mixed.high - mixed.low)


def test_tasks_that_do_not_vary_give_a_point():
    assert stratified_iqm({"a": [1.0, 1.0], "b": [3.0, 3.0]}).interval == (2.0, 2.0)


def test_a_diverged_run_does_not_wash_out_the_others():
    scores = tasks(np.random.default_rng(4), 3, 10)
    interval = []
    for worst in (1e3, 1e30):
        scores["task 2"][0] = worst
        interval.append(stratified_iqm(scores).interval)
    assert interval[0] == pytest.approx(interval[1])


@pytest.mark.parametrize(
    ("scores", "word"),
    [({}, "at least one task"), ({"a": [1.0], "b": []}, "scores of 'b' must hold"),
     ({"a": [np.inf]}, "scores of 'a' must be finite")],
)  # fmt: skip
def test_what_is_no_table_of_scores_is_refused(scores, word):
    with pytest.raises(ValueError, match=word):
        stratified_iqm(scores)
    with pytest.raises(ValueError, match=word):
        performance_profile(scores, [0.0])


def test_a_profile_counts_runs_strictly_above():
    profile = performance_profile({"a": [1.0, 2.0], "b": [2.0, 3.0]}, [3.0, 0.0, 2.0])
    assert profile.thresholds == (0.0, 2.0, 3.0)
    assert profile.shares == (1.0, 0.25, 0.0)
    assert profile.bands[0] == clopper_pearson(4, 4)
    assert profile.bands[2] == clopper_pearson(0, 4)


def test_bands_hold_the_share_and_fall_with_it():
    scores = tasks(np.random.default_rng(5), 4, 12)
    profile = performance_profile(scores, np.linspace(-4, 4, 41))
    for share, (low, high) in zip(profile.shares, profile.bands, strict=True):
        assert 0.0 <= low <= share <= high <= 1.0
    assert all(a >= b for a, b in zip(profile.shares, profile.shares[1:], strict=False))


def test_bands_are_those_of_binomials_within_tasks():
    # 30 of 40 and 10 of 40 above: the standard error is that of the two shares, halved.
    scores = {"a": [1.0] * 30 + [0.0] * 10, "b": [1.0] * 10 + [0.0] * 30}
    (band,) = performance_profile(scores, [0.5]).bands
    error = (2 * 0.75 * 0.25 / 39) ** 0.5 / 2
    assert band == pytest.approx((0.5 - 1.96 * error, 0.5 + 1.96 * error), abs=0.015)


def test_thresholds_must_be_numbers():
    with pytest.raises(ValueError, match="thresholds must be finite"):
        performance_profile({"a": [1.0, 2.0]}, [np.nan])


def coverage(count: int, seeds: int, rounds: int) -> float:
    generator, hits = np.random.default_rng(count + seeds), 0
    for _ in range(rounds):
        low, high = stratified_iqm(tasks(generator, count, seeds), resamples=600).interval
        hits += low <= 0.0 <= high
    return hits / rounds


def test_the_interval_covers_about_as_often_as_it_says():
    # Three standard errors of a simulation of 600 are 2.7 %.
    assert 0.91 <= coverage(5, 10, 600) <= 0.98


@pytest.mark.full
@pytest.mark.parametrize(("count", "seeds"), [(20, 5), (5, 10), (20, 10), (10, 20)])
def test_coverage(count, seeds):
    assert 0.92 <= coverage(count, seeds, 800) <= 0.98


@pytest.mark.full
def test_coverage_with_three_seeds_is_low_and_no_lower_than_stated():
    assert 0.88 <= coverage(5, 3, 800) <= 0.95
