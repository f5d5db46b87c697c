"""Watching models that are called in parts, checkpointed or compiled."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from actlab.diagnose import monitor


class TwoNets(nn.Module):
    """Never called itself, as a GAN or a LightningModule need not be."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
        self.two = nn.Sequential(nn.Linear(4, 8), nn.ELU(), nn.Linear(8, 1))


def test_parts_that_are_called_without_the_model() -> None:
    model = TwoNets()
    with monitor(model, every=1) as watching:
        model.two(model.one(torch.randn(32, 4))).sum().backward()
    assert [site.name for site in watching.report().sites] == ["one.1", "two.1"]
    assert watching.steps == 1


def test_parts_are_looked_at_in_the_same_steps() -> None:
    model = TwoNets()
    with monitor(model, every=2) as watching:
        for _ in range(5):
            model.two(model.one(torch.randn(8, 4))).sum().backward()
    assert (watching.steps, watching.observed) == (5, 3)
    assert [site.calls for site in watching.report().sites] == [3, 3]


class Checkpointed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(6, 6), nn.ReLU())
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(self.block, x, use_reentrant=self.reentrant)


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_blocks(reentrant: bool) -> None:
    model = Checkpointed(reentrant)
    x, other = (torch.linspace(-1, 1, 96).reshape(16, 6).requires_grad_() for _ in range(2))
    model(x).square().sum().backward()
    with monitor(model, every=1) as watching:
        model(other).square().sum().backward()
    assert torch.equal(x.grad, other.grad)
    site = watching.report()["block.1"]
    assert (site.calls, site.samples) == (1, 16)
    # A reentrant checkpoint computes its inside without a graph.
    assert (site.gradient_norm is None) is reentrant


@pytest.mark.parametrize("in_place", [False, True])
def test_compiled_models(in_place: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        model[0].bias[2] = -100.0
    if in_place:
        model.compile(backend="eager")
        compiled: nn.Module = model
    else:
        compiled = torch.compile(model, backend="eager")  # type: ignore[assignment]
    with monitor(compiled, every=2) as watching:
        for _ in range(4):
            compiled(torch.randn(32, 4)).sum().backward()
    report = watching.report()
    assert (report.steps, report.observed) == (4, 2)
    assert 2 in report["1"].dead_units
