"""Residual networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.models.residual import Block, ResidualNet
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.mlp import TASK as MLP
from actlab.lab.tasks.residual import TASK

START = Start(Arm("relu"), (0, 1))


def test_a_block_adds_two_maps_each_after_its_function():
    block = Block(START, "block", 2, "none")
    x = torch.tensor([[[1.0, -2.0]], [[-3.0, 4.0]]])
    first, last = block.maps
    with torch.no_grad():
        expected = []
        for run in range(2):
            y = torch.relu(x[run]) @ first.weight[run] + first.bias[run]
            expected.append(x[run] + torch.relu(y) @ last.weight[run] + last.bias[run])
        torch.testing.assert_close(block(x), torch.stack(expected))


def test_blocks_whose_maps_are_zero_pass_everything_on():
    block = Block(START, "block", 3, "batch")
    with torch.no_grad():
        for linear in block.maps:
            linear.weight.zero_()
            linear.bias.zero_()
        x = torch.arange(12.0).reshape(2, 2, 3)
        assert torch.equal(block(x), x)


@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_functions_see_what_is_normalised(norm):
    net = ResidualNet(START, 4, 2, width=16, blocks=3, norm=norm)
    seen: list[torch.Tensor] = []
    for block in net.blocks:
        block.functions[0].register_forward_hook(lambda m, given, out: seen.append(given[0]))
    with torch.no_grad():
        net(100.0 + 50.0 * START.normal("x", 40, 4))
    dim = -1 if norm == "layer" else 1
    assert len(seen) == 3
    for given in seen:
        torch.testing.assert_close(given.mean(dim), torch.zeros_like(given.mean(dim)), atol=1e-4,
                                   rtol=0)  # fmt: skip
        assert given.std(dim, correction=0).mean() == pytest.approx(1.0, abs=0.01)


def test_the_signal_keeps_its_size_through_many_blocks_at_a_functions_own_start():
    start = Start(Arm("relu", init=Init("own", 2**0.5, 0.0)), (0, 1, 2))
    net = ResidualNet(start, 64, 10, width=64, blocks=24, norm="none")
    with torch.no_grad():
        x = net.first(start.normal("x", 100, 64))
        before, after = (value.square().mean() for value in (x, net.blocks(x)))
    assert 1.0 < float(after / before) < 4.0  # (1 + 1/24)^24, about e


def test_draws_of_a_seed_do_not_depend_on_normalisation_or_depth():
    plain = ResidualNet(START, 4, 2, width=8, blocks=2, norm="none")
    other = ResidualNet(START, 4, 2, width=8, blocks=5, norm="batch")
    assert torch.equal(plain.blocks[1].maps[0].weight, other.blocks[1].maps[0].weight)
    assert torch.equal(plain.last.weight, other.last.weight)


def test_shortcuts_make_a_deep_network_learn():
    """24 maps with PyTorch's initialisation: nothing is learned without shortcuts."""
    batch = {"seeds": (0, 1), "rates": (1e-3,)}
    arm = Arm("relu", init=Init())
    settings = {"width": 32, "steps": 120}
    with_them = TASK.run(Batch(arm, TASK.settings(blocks=12, **settings), **batch))
    without = MLP.run(Batch(arm, MLP.settings(depth=24, **settings), **batch))
    assert np.mean([run.metrics["accuracy"] for run in with_them]) > 85.0
    assert np.mean([run.metrics["accuracy"] for run in without]) < 25.0
