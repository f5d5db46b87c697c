"""Stacked LSTMs on signals read as sequences."""

from __future__ import annotations

import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.stacked_lstm import TASK

RELU = Arm("relu", {}, "relu", Init())


def runs(arm: Arm = RELU, rate: float = 1e-2, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, (0, 1), (rate,))))


def test_signals_are_learned_above_chance():
    for run in runs(depth=2, width=16, chunk=8, steps=120, batch=32):
        assert run.metrics["accuracy"] > 20.0
        assert run.metrics["area"] < 0.34
        assert not run.diverged


def test_a_function_that_passes_nothing_on_leaves_chance():
    """ReLU6 with an upper limit of next to zero: the layers above see nothing."""
    closed = Arm("bounded_relu", {"upper": 1e-9}, "closed", Init())
    for run in runs(closed, steps=40):
        assert run.metrics["accuracy"] < 16.0


def test_one_lstm_alone_has_no_function_and_is_the_same_for_every_arm():
    other = Arm("tanh", {}, "tanh", Init())
    first, second = (runs(arm, depth=1, steps=5) for arm in (RELU, other))
    assert [r.metrics for r in first] == [r.metrics for r in second]


def test_a_step_that_does_not_divide_the_signal_is_refused():
    with pytest.raises(ValueError, match="chunk must be a divisor of 40, got 7"):
        runs(chunk=7)
