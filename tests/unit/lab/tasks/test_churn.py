"""Churn between twins."""

from __future__ import annotations

import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.task import Batch
from actlab.lab.tasks.churn import TASK, prediction_difference, relative_difference
from actlab.lab.tasks.mlp import TASK as MLP


def test_sure_twins_that_contradict_each_other_differ_by_one():
    chances = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]], [[[0.3, 0.7]], [[0.3, 0.7]]]])
    assert prediction_difference(chances).tolist() == [1.0, 0.0]


def test_differences_of_an_example_by_hand():
    # Means 0.7 and 0.3; both twins are 0.1 away in both classes.
    chances = torch.tensor([[[[0.8, 0.2]], [[0.6, 0.4]]]], dtype=torch.float64)
    assert prediction_difference(chances).tolist() == pytest.approx([0.2])
    labels = torch.tensor([[1]])
    assert relative_difference(chances, labels).tolist() == pytest.approx([0.1 / 0.3])


def test_differences_are_means_over_examples():
    one = torch.tensor([[[[0.8, 0.2]], [[0.6, 0.4]]]])
    both = torch.cat([one, torch.full_like(one, 0.5)], dim=2)
    assert prediction_difference(both).tolist() == pytest.approx([0.1])


def test_the_first_twin_is_the_network_of_the_task_mlp():
    given = {"width": 16, "steps": 80}
    arm, seeds, rates = Arm("relu"), (0, 5), (1e-3, 3e-3)
    runs = TASK.run(Batch(arm, TASK.settings(**given), seeds, rates))
    others = MLP.run(Batch(arm, MLP.settings(**given), seeds, rates))
    for one, other in zip(runs, others, strict=True):
        assert one.metrics["accuracy"] == pytest.approx(other.metrics["accuracy"])
        assert one.metrics["train_loss"] == pytest.approx(other.metrics["train_loss"], rel=1e-3)


def test_training_brings_twins_together():
    arm = Arm("relu")
    early, late = (
        TASK.run(Batch(arm, TASK.settings(width=32, steps=steps), (0,), (3e-3,)))[0].metrics
        for steps in (5, 150)
    )
    assert late["accuracy"] > 88.0
    for name in ("churn", "difference", "relative"):
        assert 0.0 < late[name] < early[name]
