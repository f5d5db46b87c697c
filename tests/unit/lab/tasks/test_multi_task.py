"""Two tasks on one trunk."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes
from actlab.lab.models.members import members_of, per_run
from actlab.lab.task import Batch
from actlab.lab.tasks.multi_task import TASK, VARIANTS, gradients, imbalance, ink, losses_of


def test_the_ink_is_the_standardised_sum_of_the_pixels():
    x, y = ink()
    pixels, labels = classes.digits()
    assert np.array_equal(x[:, :-1], pixels)
    assert np.array_equal(y, labels)
    assert x[:, -1].mean() == pytest.approx(0.0, abs=1e-6)
    assert x[:, -1].std() == pytest.approx(1.0, abs=1e-6)
    assert np.corrcoef(x[:, -1], pixels.sum(axis=1))[0, 1] == pytest.approx(1.0)


def test_sharing_that_costs_both_tasks_the_same_factor_is_balanced():
    ratios = np.array([2.0, 3.0, 1.0]), np.array([2.0, 1.0, 3.0])
    assert imbalance(*ratios).tolist() == pytest.approx([0.0, math.log(3), math.log(3)])


def test_losses_are_those_of_the_two_heads():
    class Heads(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            logits = torch.zeros(*pixels.shape[:-1], 10)
            return torch.cat([logits, pixels[..., :1]], dim=-1)

    examples = torch.tensor([[[1.0, 9.0, 3.0], [2.0, 9.0, 2.0]]])  # the ink is the last
    found = losses_of(Heads(), examples, torch.tensor([[4, 7]]))
    assert found[0].tolist() == pytest.approx([math.log(10), ((1 - 3) ** 2 + 0) / 2])


def test_gradients_are_compared_run_by_run_in_the_network_that_learns_both():
    weight = nn.Parameter(torch.zeros(4, 2))  # two runs of two networks
    pulls = torch.tensor([[[3.0, 0.0], [0.0, 4.0]], [[9.0, 9.0], [1.0, 9.0]],
                          [[1.0, 1.0], [2.0, 2.0]], [[9.0, 1.0], [9.0, 9.0]]])  # fmt: skip
    both = (weight[:, None] * pulls).sum(-1)
    cosine, norms = gradients(both, [weight], 2)
    assert cosine.tolist() == pytest.approx([0.0, 1.0])
    assert norms.tolist() == pytest.approx([math.log(4 / 3), math.log(2)])


def test_the_twins_start_alike_and_differ_in_what_they_learn():
    batch = Batch(Arm("relu"), TASK.settings(), (0, 1), (1e-3,))
    drawn = per_run(members_of(batch, len(VARIANTS), alike=True).normal("layer 0", 3), 3)
    assert torch.equal(drawn[:, 0], drawn[:, 1])
    assert torch.equal(drawn[:, 0], drawn[:, 2])
    assert not torch.equal(drawn[0], drawn[1])
    assert VARIANTS.tolist() == [[1, 1], [1, 0], [0, 1]]


def test_both_tasks_are_learned_together():
    batch = Batch(Arm("relu"), TASK.settings(width=32, steps=200), (0, 1), (3e-3,))
    for run in TASK.run(batch):
        assert run.metrics["accuracy"] > 88.0
        assert run.metrics["ink"] < 0.1
        assert -1.0 <= run.metrics["cosine"] <= 1.0
        assert 0.0 <= run.metrics["imbalance"] < 5.0
        assert len(run.curves["cosine"][0]) == 8
