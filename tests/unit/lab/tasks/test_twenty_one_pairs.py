"""The 21 pairs: the data, and what the network can and cannot do with them."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.task import Batch
from actlab.lab.tasks.twenty_one_pairs import FLOOR, TASK, facts, pairs


def runs(name="relu", seeds=(0, 1), rate=1e-2, init=None, params=None, **settings):
    arm = Arm(name, params or {}, name, init or Init("he", 2**0.5, 0.0))
    chosen = TASK.settings.model_validate({"width": 16, "depth": 4, "rounds": 60, **settings})
    return TASK.run(Batch(arm, chosen, tuple(seeds), (rate,)))


def test_the_data_are_even_and_the_constant_predictor_is_at_the_floor():
    x, y = pairs().T
    assert len(x) == 21
    np.testing.assert_array_equal(y, y[::-1])
    z = (y - y.mean()) / y.std(ddof=1)
    assert (z**2).mean() == pytest.approx(FLOOR, abs=1e-15)
    assert facts()["floor"] == FLOOR


def test_a_network_learns():
    found = runs(rounds=150)
    assert all(run.metrics["final"] < 0.5 * FLOOR for run in found)
    assert all(run.metrics["best"] <= run.metrics["final"] for run in found)
    assert not any(run.diverged for run in found)


@pytest.mark.parametrize(("name", "params"), [("ralu", {"alpha": 3.0}), ("tanh", {})])
def test_an_odd_network_without_biases_cannot_get_below_the_floor(name, params):
    odd = runs(name, params=params, init=Init("own", 1.0, 0.0), bias=False, rounds=100)
    for run in odd:
        assert run.metrics["best"] >= FLOOR * (1 - 1e-6)


def test_a_network_that_overflows_has_diverged():
    (run,) = runs(init=Init("own", 1e30, 0.0), seeds=(0,))
    assert run.diverged
    assert TASK.metric("final").settle(run.metrics["final"]) == FLOOR


def test_wide_networks_train_alone():
    assert TASK.block(TASK.settings(width=512)) == 1
    assert TASK.block(TASK.settings(width=64)) == 10
