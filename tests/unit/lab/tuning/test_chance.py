"""How often tuning finds something where there is nothing, over many searches."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab import tune
from actlab.stats import bca_interval, decide, iqm, sign_flip_p

pytest.importorskip("optuna", reason="optuna is not installed")

SEEDS = 8
FOUND = ("supported", "weak")


def flat(world):
    """A function of which no parameters are better: each has its own luck at each seed."""

    def train(activation, seed):
        alpha = int(1e6 * activation.params["alpha"])
        return float(np.random.default_rng([world, seed, alpha]).normal())

    return train


def searched(worlds):
    """The verdicts on fresh seeds, and those that the tuning seeds would have given."""
    fresh, naive = [], []
    for world in range(worlds):
        found = tune(flat(world), "elu", trials=10, seeds=SEEDS, fresh_seeds=SEEDS, worst=10.0,
                     smallest_effect=0.1, seed=world, progress=False)  # fmt: skip
        fresh.append(found.decision)
        train = flat(world)
        own = np.array(found.winner.values)
        default = [train(_At(1.0), 1_000_000 + seed) for seed in range(len(own))]
        gains = np.array(default) - own
        naive.append(decide(iqm(gains), bca_interval(gains), 0.1, len(own), sign_flip_p(gains)))
    return fresh, naive


class _At:
    def __init__(self, alpha):
        self.params = {"alpha": alpha}


@pytest.mark.full
def test_fresh_seeds_are_not_fooled_by_the_luck_that_wins_a_search():
    """At 2.5 % more than 4 of 30 would come once in a thousand times."""
    fresh, naive = searched(30)
    wins = sum(word in FOUND for word in fresh)
    assert wins <= 4
    assert sum(word in FOUND for word in naive) > wins + 4


@pytest.mark.full
def test_the_rate_of_false_finds_is_as_promised():
    fresh, _ = searched(600)
    assert sum(word in FOUND for word in fresh) <= 27  # 15 expected at most; 3 deviations more
