"""The 21 pairs: the data, and what the network can and cannot do with them."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.conduct import prepare
from actlab.lab.task import Batch
from actlab.lab.tasks.twenty_one_pairs import FLOOR, TASK, _columns, _run, facts, pairs


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


@pytest.mark.parametrize(
    ("final", "fitted", "failed"), [(0.95, 0, 1), (0.05, 0, 0), (9e-4, 1, 0), (np.nan, 0, 1)]
)
def test_a_run_has_fitted_failed_or_neither(final, fitted, failed):
    losses = np.array([0.9, 0.5, final], np.float32)
    run = _run(losses, np.ones(3), np.zeros(5), rounds=2)
    assert (run.metrics["fitted"], run.metrics["failed"]) == (fitted, failed)
    assert run.metrics["perfect"] == 0.0


def test_a_run_that_was_perfect_once_counts_though_it_ends_worse():
    run = _run(np.array([0.9, 5e-10, 2e-4], np.float32), np.ones(3), np.zeros(5), rounds=2)
    assert (run.metrics["perfect"], run.metrics["fitted"]) == (1.0, 1.0)


def test_a_run_that_is_lost_counts_as_failed():
    (run,) = runs(init=Init("own", 1e30, 0.0), seeds=(0,))
    assert run.metrics["failed"] == 1.0
    assert TASK.metric("failed").settle(None) == 1.0


def test_raw_inputs_are_the_whole_numbers():
    raw, standardised = (_columns(kind)[0][:, 0].numpy() for kind in ("raw", "standardised"))
    np.testing.assert_array_equal(raw, np.arange(-10, 11))
    assert standardised.std(ddof=1) == pytest.approx(1.0, abs=1e-6)
    first, second = (runs(inputs=kind)[0].metrics["final"] for kind in ("raw", "standardised"))
    assert first != second


def test_layer_normalisation_lets_a_default_relu_network_learn():
    """The heart of the matter: 30 plain layers of ReLU are a constant, normalised ones are not."""
    settings = {
        "width": 32,
        "depth": 30,
        "rounds": 120,
        "rate": 1e-4,
        "init": Init(),
        "seeds": (0,),
    }
    (plain,), (normalised,) = runs(**settings), runs(**settings, norm="layer")
    assert plain.metrics["final"] > 0.99 * FLOOR
    assert normalised.metrics["final"] < 0.5 * FLOOR


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_the_study_can_be_planned(tier):
    cells = prepare("claims-t01", tier=tier).cells
    assert {"plain", "norm", "proper", "odd", "raw"} <= {cell.part for cell in cells}
