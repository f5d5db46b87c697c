"""Pruning by magnitude."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.mlp import TASK as MLP
from actlab.lab.tasks.pruning import SPARSITIES, TASK, mean_over, pruned, still_units


def net_of(runs: int = 2) -> Perceptron:
    return Perceptron(Start(Arm("relu"), tuple(range(runs))), 2, 1, width=3, depth=2)


def test_the_smallest_weights_of_the_whole_network_go_first():
    net = net_of(1)
    with torch.no_grad():
        net.linears[0].weight.copy_(torch.tensor([[[0.1, -5.0, 3.0], [0.2, 6.0, -0.4]]]))
        net.linears[1].weight.copy_(torch.tensor([[[-0.3], [7.0], [0.0]]]))
    [[first, second]] = pruned(net, [5 / 9])
    assert first[0].tolist() == [[0.0, -5.0, 3.0], [0.0, 6.0, 0.0]]
    assert second[0].flatten().tolist() == [0.0, 7.0, 0.0]


def test_each_network_of_a_stack_is_judged_by_itself():
    net = net_of(2)
    with torch.no_grad():
        for linear in net.linears:
            linear.weight[1] *= 100.0
    [weights] = pruned(net, [0.5])
    kept = [torch.cat([w[run].flatten() for w in weights]).count_nonzero() for run in (0, 1)]
    assert kept == [9 - 4, 9 - 4]


def test_equal_magnitudes_are_removed_one_by_one():
    net = net_of(1)
    with torch.no_grad():
        for linear in net.linears:
            linear.weight.fill_(-1.0)
    kept = [sum(int(w.count_nonzero()) for w in weights) for weights in pruned(net, SPARSITIES)]
    assert kept == [9 - round(9 * sparsity) for sparsity in SPARSITIES]


def test_a_sparsity_of_zero_changes_nothing_and_the_network_stays_as_it_is():
    net = net_of()
    before = [linear.weight.detach().clone() for linear in net.linears]
    whole, _ = pruned(net, [0.0, 0.9])
    for old, new, linear in zip(before, whole, net.linears, strict=True):
        assert torch.equal(old, new)
        assert torch.equal(old, linear.weight)


def test_units_that_do_not_vary_are_counted():
    net = net_of(2)
    x = torch.randn(2, 50, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net.linears[0].bias.zero_()
        # Run 0: one unit of three far below zero; run 1: one that gives a constant above.
        net.linears[0].bias[0, 0, 1] = -100.0
        net.linears[0].weight[1, :, 2] = 0.0
        net.linears[0].bias[1, 0, 2] = 3.3
    assert still_units(net, x).tolist() == pytest.approx([1 / 3, 1 / 3])


def test_the_area_is_the_mean_over_the_axis():
    at = np.array([0.0, 50.0, 100.0])
    assert mean_over(at, np.array([[90.0, 90.0, 90.0], [100.0, 50.0, 0.0]])).tolist() == [
        90.0,
        50.0,
    ]


def test_the_network_before_pruning_is_that_of_the_task_mlp():
    given = {"width": 16, "steps": 60}
    arm, seeds, rates = Arm("elu", {"alpha": 1.0}), (0, 3), (3e-3,)
    runs = TASK.run(Batch(arm, TASK.settings(**given), seeds, rates))
    others = MLP.run(Batch(arm, MLP.settings(**given), seeds, rates))
    for one, other in zip(runs, others, strict=True):
        assert one.metrics["accuracy"] == pytest.approx(other.metrics["accuracy"])
        assert one.metrics["accuracy"] == one.curves["pruned"][1][0] > 60.0
        assert one.curves["pruned"][1][-1] < one.metrics["accuracy"] - 20.0
        assert one.metrics["drop"] == pytest.approx(one.metrics["accuracy"] - one.metrics["area"])
