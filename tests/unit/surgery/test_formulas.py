"""Activations written out, modules that are one as a whole, and what only looks like either."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab import surgery

X = torch.linspace(-2, 2, 12).reshape(3, 4)


class Formulas(nn.Module):
    """Activations without a name, beside what is none."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(7))

    def forward(self, x: Tensor) -> Tensor:
        a, b, c, d, e, f, g = self.layers
        h = a(x)
        h = h * (h > 0)
        h = b(h)
        h = h.masked_fill(h < 0, 0)
        h = c(h)
        h = h / (1 + h.abs())
        h = d(h)
        h = 1 / (1 + torch.exp(-h))
        h = e(h)
        h = h * torch.tanh(F.softplus(h))
        h = torch.ops.aten.relu(f(h))
        h = h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6)
        return g(h) + torch.exp(0.5 * h) * 0.1


def test_formulas_are_found_and_left() -> None:
    found = surgery.find(Formulas(), X)
    assert [(site.name, site.swappable) for site in found] == [
        (":relu~2", False), (":relu~3", False), (":soft_sign", False), (":sigmoid", False),
        (":mish", False), (":relu", True),
    ]  # fmt: skip


class WeightsLeft(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w, self.v = nn.Parameter(torch.ones(6, 4)), nn.Parameter(torch.ones(5, 6))

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(torch.einsum("bol,co->bcl", F.relu(self.w @ x), self.v))


def test_units_of_products_with_the_weight_on_the_left() -> None:
    found = surgery.find(WeightsLeft(), torch.ones(2, 4, 3))
    assert [(s.channel_dim, s.units) for s in found] == [(1, 6), (1, 5)]


def test_a_generator_is_a_warning() -> None:
    class Yielding(nn.Module):
        def forward(self, x: Tensor):
            yield F.relu(x)

    assert "returns a generator" in surgery.find(Yielding(), X).warnings[0]


class Affine(nn.Module):
    """A scale and a bias behind an activation: no activation."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.tensor([scale])), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.bias


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_a_straight_line_behind_an_activation_is_none(scale: float) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), Affine(scale), nn.Linear(8, 2))
    assert surgery.find(model, X).names == ("1",)
    surgery.swap(model, {"relu": "powerlu"}, X)
    assert repr(model[1]) == "PowerLU(p=2)"
    assert type(model[2]) is Affine


class StarReLU(nn.Module):
    """Operations around an activation module: one activation."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.relu(x) ** 2 + self.bias


class Wrapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


def test_a_module_with_an_activation_inside_is_one_as_a_whole() -> None:
    model = nn.Sequential(nn.Linear(4, 8), StarReLU(), nn.Linear(8, 2), Wrapped())
    assert [(s.name, s.activation) for s in surgery.find(model, X)] == [
        ("1", "relu_squared"), ("3.act", "gelu"),
    ]  # fmt: skip
    with surgery.swap(model, {StarReLU: "powerlu"}, X):
        assert repr(model[1]) == "PowerLU(p=2)"
