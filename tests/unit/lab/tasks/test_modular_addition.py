"""Modular addition: the table, and what a transformer makes of it."""

from __future__ import annotations

import numpy as np

from actlab.lab.arm import Arm, Init
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.modular_addition import CHANCE, EQUALS, PRIME, TASK, table

RELU = Arm("relu", {}, "relu", Init())


def runs(rate: float, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(RELU, chosen, (0, 1), (rate,))))


def test_the_table_is_whole_and_right():
    examples, answers = table()
    assert examples.shape == (PRIME**2, 3)
    assert len({(a, b) for a, b, _ in examples.tolist()}) == PRIME**2
    assert all((a + b) % PRIME == c for (a, b, _), c in
               zip(examples.tolist(), answers.tolist(), strict=True))  # fmt: skip
    assert (examples[:, 2] == EQUALS).all()
    # Every answer is equally frequent, so chance is log 31 nats.
    assert np.bincount(answers.numpy()).tolist() == [PRIME] * PRIME


def test_what_is_trained_on_is_learned_by_heart_before_the_rest_is_understood():
    for run in runs(3e-3, width=64, steps=160, batch=64):
        _, loss = run.curves["loss"]
        assert loss[-1] < 0.75 * CHANCE
        assert run.metrics["test_loss"] > 0.9 * CHANCE


def test_chance_is_where_a_network_starts():
    for run in runs(1e-12):
        assert run.metrics["accuracy"] < 10.0
        assert abs(run.metrics["area"] - np.log10(CHANCE)) < 0.1
