"""Pocock's design: his table, another way to the same numbers, and what it guards against."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import confidence_for, pocock_constant

POCOCK = {1: 1.960, 2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413}
POCOCK_1_PERCENT = {1: 2.576, 2: 2.772, 3: 2.873, 4: 2.939, 5: 2.986}
POCOCK_10_PERCENT = {1: 1.645, 2: 1.875, 3: 1.992, 4: 2.067, 5: 2.122}


@pytest.mark.parametrize("looks", POCOCK)
def test_constants_are_those_of_the_published_tables(looks):
    assert pocock_constant(looks) == pytest.approx(POCOCK[looks], abs=6e-4)
    assert pocock_constant(looks, 0.01) == pytest.approx(POCOCK_1_PERCENT[looks], abs=6e-4)
    assert pocock_constant(looks, 0.1) == pytest.approx(POCOCK_10_PERCENT[looks], abs=6e-4)


@pytest.mark.parametrize("looks", [2, 3])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_the_multivariate_normal_agrees(looks, alpha):
    place = np.arange(1, looks + 1)
    covariance = np.sqrt(np.minimum.outer(place, place) / np.maximum.outer(place, place))
    bound = np.full(looks, pocock_constant(looks, alpha))
    staying = stats.multivariate_normal(cov=covariance).cdf(bound, lower_limit=-bound)
    assert staying == pytest.approx(1.0 - alpha, abs=2e-5)


def test_confidence_of_one_look_is_the_whole_and_of_two_9706():
    assert confidence_for(1) == 0.95
    assert confidence_for(2) == pytest.approx(0.9706, abs=5e-5)
    assert 1.0 - confidence_for(2) == pytest.approx(0.0294, abs=5e-5)
    assert confidence_for(1, confidence=0.9) == 0.9


def test_more_looks_cost_more():
    levels = [confidence_for(looks) for looks in POCOCK]
    assert levels == sorted(levels)
    # Never as much as Bonferroni's share.
    assert all(level < 1 - 0.05 / k for k, level in zip(POCOCK, levels, strict=True) if k > 1)


def test_two_looks_keep_the_level_that_two_careless_ones_break():
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=(2, 200_000))
    most = np.maximum(np.abs(first), np.abs(first + second) / 2**0.5)
    assert np.mean(most > stats.norm.ppf(0.975)) == pytest.approx(0.083, abs=0.002)
    assert np.mean(most > pocock_constant(2)) == pytest.approx(0.05, abs=0.0015)


@pytest.mark.parametrize("looks", [0, -1, 6, 2.5])
def test_impossible_numbers_of_looks_are_refused(looks):
    with pytest.raises(ValueError, match=r"looks must lie in \[1, 5\]"):
        confidence_for(looks)


@pytest.mark.parametrize("wrong", [0.0, 1.0, float("nan")])
def test_levels_outside_their_range_are_refused(wrong):
    with pytest.raises(ValueError, match="alpha"):
        pocock_constant(2, wrong)
    with pytest.raises(ValueError, match="confidence"):
        confidence_for(1, confidence=wrong)
