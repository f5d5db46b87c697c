"""Networks trained in a stack are the networks trained one by one, and cost less.

In double precision, so that nothing but an error could make a difference that is seen.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets import classes
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import cross_entropy
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.mlp import TASK as MLP

SEEDS = tuple(range(10))
RATES = (1e-3, 3e-3)
WIDTH, DEPTH, SIZE, STEPS = 24, 4, 32, 25


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batch_of(seeds: tuple[int, ...] = SEEDS, rates: tuple[float, ...] = RATES) -> Batch:
    return Batch(Arm("elu", {"alpha": 1.0}, init=Init("own", 1.2, 0.1)), None, seeds, rates)


def net_of(batch: Batch, norm: Norm, dtype: torch.dtype = torch.float64) -> Perceptron:
    start = Start.of(batch)
    net = Perceptron(start, 64, 10, width=WIDTH, depth=DEPTH, norm=norm, norm_first=True)
    return net.to(dtype)


def trained(
    batch: Batch, norm: Norm, dtype: torch.dtype = torch.float64
) -> tuple[np.ndarray, torch.Tensor]:
    """Losses, and outputs for the first training examples, of a stack on digits."""
    start = Start.of(batch)
    data = classes.load(start, "digits")
    x = data.train_x.to(dtype)
    net = net_of(batch, norm, dtype)
    order = Order(start, x.shape[1], SIZE)

    def loss_of(step: int) -> torch.Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, STEPS)
    net.eval()
    with torch.no_grad():
        return losses, net(x[:, :50])


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_a_stack_of_ten_seeds_at_two_rates_is_twenty_runs_alone(norm):
    losses, outputs = trained(batch_of(), norm)
    for i, rate in enumerate(RATES):
        for j, seed in enumerate(SEEDS):
            alone, said = trained(batch_of((seed,), (rate,)), norm)
            run = i * len(SEEDS) + j
            np.testing.assert_allclose(losses[run], alone[0], rtol=1e-6)
            torch.testing.assert_close(outputs[run], said[0], rtol=1e-7, atol=1e-7)
    assert (losses[:, -1] < losses[:, 0]).all()


def modules_of(net: Perceptron, norm: Norm, run: int) -> nn.Sequential:
    """One network of a stack as torch's own modules, with the same parameters."""
    made: list[nn.Module] = []
    for linear in net.linears:
        own = nn.Linear(linear.weight.shape[1], linear.weight.shape[2])
        assert linear.bias is not None
        with torch.no_grad():
            own.weight.copy_(linear.weight[run].T)
            own.bias.copy_(linear.bias[run, 0])
        made.append(own)
        if linear is not net.linears[-1]:
            normal = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d, "none": nn.Identity}[norm]
            made += [normal(WIDTH), nn.ELU()]
    return nn.Sequential(*made).double()


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_a_run_of_a_stack_is_a_network_of_torch_trained_by_torch(norm):
    batch = batch_of((3, 7))
    start = Start.of(batch)
    data = classes.load(start, "digits")
    x = data.train_x.double()
    order = Order(start, x.shape[1], SIZE)
    losses, outputs = trained(batch, norm)
    for run in range(start.runs):
        single = modules_of(net_of(batch, norm), norm, run)
        adam = torch.optim.Adam(single.parameters(), lr=batch.rates[run // 2])
        for step in range(STEPS):
            index = order.at(step)[run]
            loss = nn.functional.cross_entropy(single(x[run, index]), data.train_y[run, index])
            assert loss.item() == pytest.approx(float(losses[run, step]), rel=1e-6)
            adam.zero_grad()
            loss.backward()
            adam.step()
        single.eval()
        with torch.no_grad():
            said = single(x[run, :50])
        torch.testing.assert_close(outputs[run], said, rtol=1e-7, atol=1e-7)


def test_a_run_that_overflows_leaves_the_others_as_they_are():
    calm, _ = trained(batch_of((0, 1), (1e-3,)), "none", torch.float32)
    both, _ = trained(batch_of((0, 1), (1e-3, 1e30)), "none", torch.float32)
    assert not np.isfinite(both[2:]).all()
    np.testing.assert_allclose(both[:2], calm, rtol=1e-3)


def seconds_of(do: Callable[[], object]) -> float:
    before = time.process_time()
    do()
    return time.process_time() - before


def one_by_one(depth: int, width: int, size: int, steps: int) -> None:
    """An ordinary network in an ordinary loop."""
    x, y = (torch.from_numpy(array) for array in classes.digits())
    sizes = [64, *[width] * depth, 10]
    made: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        made += [nn.Linear(inputs, outputs), nn.ReLU()]
    net = nn.Sequential(*made[:-1])
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    draws = torch.Generator().manual_seed(0)
    for _ in range(steps):
        index = torch.randint(len(y), (size,), generator=draws)
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x[index]), y[index])
        assert loss.item() > 0.0
        loss.backward()
        adam.step()


@pytest.mark.full
def test_twenty_seeds_stacked_cost_a_third_of_an_ordinary_loop_at_most():
    """At width 64, on one core; process time, which other processes hardly change."""
    settings = MLP.settings(depth=2, width=64, batch=32, steps=300)
    batch = Batch(Arm("relu"), settings, tuple(range(20)), (1e-3,))
    MLP.run(Batch(Arm("relu"), MLP.settings(width=8, steps=1), (0,), (1e-3,)))  # loads the data
    stacked = min(seconds_of(lambda: MLP.run(batch)) for _ in range(3)) / 20
    alone = min(seconds_of(lambda: one_by_one(2, 64, 32, 300)) for _ in range(3))
    assert alone > 3.0 * stacked
