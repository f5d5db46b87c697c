"""What is found at the first look: names, dimensions, slopes; and what is left of it."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.diagnose import diagnose, monitor


class Straight(torch.autograd.Function):
    """A step with the slope of a straight line, as quantised networks have it."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return torch.relu(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient


class StraightThrough(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Straight.apply(x)


def test_a_backward_pass_of_its_own_is_the_slope() -> None:
    model = nn.Sequential(nn.Linear(4, 8), StraightThrough(), nn.Linear(8, 1))
    with torch.no_grad():
        model[0].bias[:] = -1000.0
    sites = diagnose(model, torch.randn(64, 4)).sites
    assert all(site.slope_gain == pytest.approx(1.0) for site in sites if site.name == "1")


def test_nothing_waits_for_the_garbage_collector() -> None:
    refs: list[weakref.ref] = []

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 4)

        def forward(self, x: Tensor) -> Tensor:
            h = torch.tanh(self.a(x))
            z = F.silu(h) * torch.sigmoid(h)
            refs.extend(weakref.ref(t) for t in (h, z))
            return self.b(z)

    model = Model()
    gc.collect()
    gc.disable()
    try:
        with monitor(model, every=1):
            for _ in range(2):
                model(torch.randn(16, 4)).sum().backward()
                assert all(ref() is None for ref in refs)
    finally:
        gc.enable()


def test_names_and_axes_of_the_first_step() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 6)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.b(F.relu(self.a(x)).transpose(1, 2).transpose(1, 2)))

    x = torch.randn(3, 5, 4)
    report = diagnose(Twice(), x)
    assert [(s.name, s.units, s.producer) for s in report.sites] == [
        (":relu#1", 8, "a"), (":relu#2", 6, "b"),
    ]  # fmt: skip
    # Names are known only at the end of the step, and dimensions go by names.
    for axes, units in (
        ({":relu#1": 1}, [5, 6]), ({":relu": 1}, [8, 6]), ({":relu#*": 0, ":*": 1}, [3, 3]),
    ):  # fmt: skip
        assert [site.units for site in diagnose(Twice(), x, axes=axes).sites] == units
        with monitor(Twice(), every=1, axes=axes) as watching:
            for _ in range(2):
                watching.model(x)
        assert [(s.units, s.calls) for s in watching.report().sites] == [(u, 2) for u in units]


def test_patterns_that_match_no_site_are_told() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    notes = [v.text for v in diagnose(model, torch.ones(4, 4), axes={"1": 1, "x.*": 0}).verdicts]
    assert notes == ["axes: 'x.*' matches no site"]


def test_modules_that_are_swapped_meanwhile_are_sites_of_their_own() -> None:
    from actlab.surgery import swap

    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    with monitor(model, every=1) as watching:
        model(torch.randn(16, 4)).sum().backward()
        done = swap(model, {"relu": "elu"}, torch.randn(16, 4))
        model(torch.randn(16, 4)).sum().backward()
        done.undo()
        model(torch.randn(16, 4)).sum().backward()
    found = [(site.name, site.function, site.calls) for site in watching.report().sites]
    assert found == [("1", "relu", 2), ("1#2", "elu(alpha=1)", 1)]


def test_a_copy_made_in_the_middle_of_a_step_works() -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

        def forward(self, x: Tensor) -> Tensor:
            return copy.deepcopy(self.net)(x) + self.net(x)

    model = Inner()
    with monitor(model, every=1) as watching:
        for _ in range(2):
            model(torch.randn(8, 4)).sum().backward()
    assert watching.report()["net.1"].calls == 2


class Composed(nn.Module):
    """An activation made of another one, which overwrites a value of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, self.inner(x).add(0.5).mul_(2.0), -x)


def test_slopes_of_activations_that_are_made_of_others() -> None:
    model = nn.Sequential(nn.Linear(4, 8), Composed(), nn.Linear(8, 2))
    with monitor(model, every=1) as watching:
        for rows in (64, 32):
            model(torch.randn(rows, 4)).sum().backward()
    (site,) = (site for site in watching.report().sites if site.name == "1")
    x = torch.linspace(-8, 8, 129, requires_grad=True)
    (slopes,) = torch.autograd.grad(Composed()(x).sum(), x)
    assert torch.equal(watching.seen.watched["1"].meter.probed, slopes)
    assert (site.calls, site.samples) == (2, 96)
    assert not watching.report().left_out
