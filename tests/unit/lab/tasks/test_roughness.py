"""Roughness of curves and curvature of losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from actlab.lab.arm import Arm
from actlab.lab.models.curvature import top_eigenvalue
from actlab.lab.models.measure import squared_error
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.roughness import TASK, roughness


def test_a_loss_that_falls_by_the_same_factor_every_step_is_not_rough():
    losses = 0.9 ** np.arange(50.0)
    assert roughness(losses[None])[0] == pytest.approx(0.0, abs=1e-12)


def test_a_loss_that_jumps_between_two_values_is_as_rough_as_the_jump_is_high():
    losses = np.where(np.arange(50) % 2, 10.0, 1.0)
    # Second differences of 0, 1, 0, 1, ... are -2 and 2.
    assert roughness(np.stack([losses, 7 * losses])).tolist() == pytest.approx([2.0, 2.0])


def test_the_eigenvalue_of_a_quadratic_is_the_largest_one_run_by_run():
    scales = torch.tensor([[1.0, 5.0, 2.0], [30.0, 3.0, 4.0]])
    x = nn.Parameter(torch.zeros(2, 3))
    start = Start(Arm("relu"), (0, 1))
    found = top_eigenvalue(lambda: 0.5 * (scales * x.square()).sum(1), [x], start, 50)
    assert found.tolist() == pytest.approx([5.0, 30.0], rel=1e-5)


def test_the_eigenvalue_agrees_with_the_whole_hessian():
    start = Start(Arm("tanh"), (0, 1))
    net = Perceptron(start, 2, 1, width=4, depth=3)
    x, y = start.normal("x", 30, 2), start.normal("y", 30, 1)
    found = top_eigenvalue(lambda: squared_error(net(x), y), list(net.parameters()), start, 100)

    names = [name for name, _ in net.named_parameters()]
    shapes = [p.shape for p in net.parameters()]
    flat = torch.cat([p.detach().flatten(1) for p in net.parameters()], dim=1)

    def loss_of(numbers: torch.Tensor, run: int) -> torch.Tensor:
        parts = numbers.split([int(np.prod(shape[1:])) for shape in shapes])
        whole = {
            name: torch.stack([p.reshape(shape[1:])] * 2)
            for name, p, shape in zip(names, parts, shapes, strict=True)
        }
        return squared_error(torch.func.functional_call(net, whole, (x,)), y)[run]

    for run in (0, 1):
        hessian = torch.autograd.functional.hessian(
            lambda numbers, run=run: loss_of(numbers, run), flat[run]
        )
        values = torch.linalg.eigvalsh(hessian)
        largest = values[values.abs().argmax()]
        assert found[run].item() == pytest.approx(largest.item(), rel=1e-2)


def test_a_loss_without_curvature_has_none():
    x = nn.Parameter(torch.zeros(2, 3))
    start = Start(Arm("relu"), (0, 1))
    assert top_eigenvalue(lambda: x.sum(1), [x], start, 3).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="products must be at least 1"):
        top_eigenvalue(lambda: x.sum(1), [x], start, 0)


def test_a_run_that_has_not_learned_has_no_roughness():
    batch = Batch(Arm("relu"), TASK.settings(width=16, steps=20), (0,), (1e-7,))
    [run] = TASK.run(batch)
    assert not run.diverged
    assert run.metrics["roughness"] is None
    assert run.metrics["curvature"] is None


@pytest.mark.parametrize("data", ["digits", "pairs"])
def test_a_run_that_has_learned_has_roughness_and_curvature(data):
    settings = TASK.settings(data=data, width=32, depth=2, steps=200)
    for run in TASK.run(Batch(Arm("tanh"), settings, (0, 1), (1e-2,))):
        assert 0.0 < run.metrics["roughness"] < 1.0
        assert run.metrics["eigenvalue"] > 0.0
        assert run.metrics["curvature"] == pytest.approx(1e-2 * run.metrics["eigenvalue"])


def test_small_batches_are_rougher_than_large_ones():
    small, large = (
        TASK.run(Batch(Arm("relu"), TASK.settings(width=32, steps=100, batch=size), (0,), (3e-3,)))
        for size in (16, 512)
    )
    assert small[0].metrics["roughness"] > 2 * large[0].metrics["roughness"]
