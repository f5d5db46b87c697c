"""Targets with a long tail."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.skewed_regression import TASK


def runs_of(name: str, rate: float, steps: int, **params: float) -> list[Run]:
    settings = TASK.settings(steps=steps)
    return list(TASK.run(Batch(Arm(name, params), settings, (0, 1, 2), (rate,))))


def test_targets_are_learned():
    runs = runs_of("elu", 1e-2, 300, alpha=1.0)
    assert np.mean([run.metrics["error"] for run in runs]) < 0.1
    assert np.mean([run.metrics["area"] for run in runs]) < -1.0


def test_a_network_that_hardly_moves_predicts_no_better_than_a_constant():
    for run in runs_of("relu", 1e-9, 5):
        assert TASK.metrics[0].settle(run.metrics["error"]) == pytest.approx(1.0, abs=0.05)


def test_a_linear_network_cannot_follow_the_tail():
    """RaLU with alpha = 1 is the identity; the best linear fit of exp(s z) misses a known share."""
    s = 0.75
    missed = 1.0 - s**2 * np.exp(s**2) / (np.exp(2 * s**2) - np.exp(s**2))
    runs = runs_of("ralu", 1e-2, 200, alpha=1.0)
    assert np.mean([run.metrics["error"] for run in runs]) == pytest.approx(missed, abs=0.08)
