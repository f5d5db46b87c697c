"""Training a stack is training each run alone, by torch's own optimisers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.models.fit import Order, StackOptimiser, fit, gather, gather_own
from actlab.lab.models.start import Start
from actlab.lab.task import Batch

RATES = (0.1, 0.01)


def batch(seeds=(0, 1), rates=RATES) -> Batch:
    return Batch(Arm("relu", {}, "relu", Init("he", 1.0, 0.0)), None, seeds, rates)


BUILT = {
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.0),
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
}


@pytest.mark.parametrize("kind", sorted(BUILT))
def test_every_run_takes_the_steps_of_torchs_optimiser_at_its_own_rate(kind):
    first = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    targets = torch.arange(12.0).reshape(4, 3)
    together = torch.nn.Parameter(first.clone())
    stack = StackOptimiser([together], RATES, kind)
    for _ in range(5):
        stack.step((together - targets).square().sum(1))
    for run in range(4):
        alone = torch.nn.Parameter(first[run].clone())
        single = BUILT[kind]([alone], RATES[run // 2])
        for _ in range(5):
            single.zero_grad()
            (alone - targets[run]).square().sum().backward()
            single.step()
        torch.testing.assert_close(together[run], alone, rtol=1e-5, atol=1e-6)


def test_clipping_is_run_by_run():
    values = torch.nn.Parameter(torch.tensor([[1.0], [1.0]]))
    stack = StackOptimiser([values], (1.0,), "sgd")
    stack.step(values[:, 0] * torch.tensor([100.0, 0.5]), clip=1.0)
    torch.testing.assert_close(values.detach(), torch.tensor([[0.0], [0.5]]), atol=1e-4, rtol=0)


def test_a_schedule_scales_every_rate():
    values = torch.nn.Parameter(torch.zeros(2, 1))
    fit(lambda step: values[:, 0], [values], batch((0,)), 3, optimiser="sgd",
        schedule=lambda step: 1.0 if step == 0 else 0.0)  # fmt: skip
    torch.testing.assert_close(values.detach()[:, 0], -torch.tensor(RATES))


def test_losses_are_those_before_each_update_and_shares_are_told():
    values = torch.nn.Parameter(torch.ones(4, 1))
    shares: list[float] = []
    losses = fit(lambda step: values[:, 0], [values], batch(), 2, optimiser="sgd",
                 tick=shares.append)  # fmt: skip
    np.testing.assert_allclose(losses[:, 0], 1.0)
    np.testing.assert_allclose(losses[:, 1], 1.0 - np.repeat(RATES, 2), rtol=1e-6)
    assert shares == [0.5, 1.0]


def test_it_stops_when_nothing_is_finite_any_more():
    values = torch.nn.Parameter(torch.full((4, 1), float("inf")))
    losses = fit(lambda step: values[:, 0], [values], batch(), 50)
    assert np.isnan(losses[:, 1:]).all()


def test_orders_belong_to_seeds_and_pass_through_all_examples():
    orders = [Order(Start.of(batch(seeds)), 10, 4) for seeds in ((0, 1), (1,))]
    epoch = torch.cat([orders[0].at(0), orders[0].at(1)], dim=1)
    assert epoch.shape == (4, 8)
    assert all(len(set(row.tolist())) == 8 for row in epoch)
    assert torch.equal(epoch[:2], epoch[2:])  # both rates
    for step in (0, 1, 2, 3):
        assert torch.equal(orders[0].at(step)[1], orders[1].at(step)[0])
    assert not torch.equal(orders[0].at(0), orders[0].at(2))


def test_gathering():
    index = torch.tensor([[0, 2], [1, 1]])
    shared = torch.arange(6.0).reshape(3, 2)
    own = torch.stack([shared, shared + 10])
    assert gather(shared, index).tolist() == [[[0, 1], [4, 5]], [[2, 3], [2, 3]]]
    assert gather_own(own, index).tolist() == [[[0, 1], [4, 5]], [[12, 13], [12, 13]]]
