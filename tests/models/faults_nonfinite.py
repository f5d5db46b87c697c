"""NaN and infinities at a known place and step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.fault import Fault, batches, expect, rows, set_bias
from models.networks import HE, Functional, half, mlp, scaled
from models.seeding import seeded

UNITS = (2, 9)


class Between(nn.Module):
    """Something done by hand between a ReLU and a GELU."""

    def __init__(self, step: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(16, 64)
        self.relu = nn.ReLU()
        self.second = nn.Linear(64, 64)
        self.gelu = nn.GELU()
        self.head = nn.Linear(64, 4)
        self.__dict__["step"] = (step,)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.relu(self.first(x)))
        return self.head(self.gelu(self.step[0](x)))


def with_weight(value: float, layer: int) -> Any:
    net = mlp(nn.ReLU, (16, 64, 64, 64, 4))
    with torch.no_grad():
        net[2 * layer].weight[list(UNITS), 0] = value
    return net


def functional() -> Any:
    net = Functional()
    set_bias(net.layers[1], UNITS, float("nan"))
    return net


def logarithm(x: Tensor) -> Tensor:
    """Of two units only, whose values are made negative."""
    index = torch.tensor(UNITS)
    return x.index_copy(1, index, torch.log(-1 - x[:, index].square()))


def hand_norm(x: Tensor) -> Tensor:
    """No epsilon: rows that do not vary become 0/0."""
    centred = x - x.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).sqrt()


def constant_rows() -> Any:
    """With inputs of 0 and no bias all hidden values are 0."""
    net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), Normed(), nn.Linear(64, 4))
    return scaled(net, HE)


class Normed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(hand_norm(self.linear(x)))


def a_row_of_zeros() -> list[Tensor]:
    """In the third batch, which is step 2."""
    found = batches(64, 16)
    found[2][7] = 0
    return found


def a_nan_in_the_data() -> list[Tensor]:
    """In the fourth batch: one number of one row, which reaches all units."""
    found = batches(64, 16)
    found[3][0, 5] = float("nan")
    return found


def overflow() -> Any:
    """In float16 the second layer's values lie above 65504."""
    net = mlp(nn.ReLU, (16, 64, 64, 4))
    with torch.no_grad():
        net[0].weight *= 300
        net[2].weight *= 3000
    return half(net)


def overflow_in_single() -> Any:
    """1e20 times 1e20 is more than float32 holds."""
    net = mlp(nn.ReLU, (16, 64, 64, 4))
    with torch.no_grad():
        net[0].weight *= 1e20
        net[2].weight *= 1e20
    return net


class RootOfRelu(nn.Module):
    """Values are fine; the root's slope at 0 is infinite, and infinity times 0 is NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 64)
        self.tanh = nn.Tanh()
        self.second = nn.Linear(64, 64)
        self.relu = nn.ReLU()
        self.head = nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.relu(self.second(self.tanh(self.first(x)))).sqrt())


def nonfinite(
    name: str,
    build: Any,
    site: str,
    order: int,
    units: Any = range(64),
    data: Any = rows,
    **more: Any,
) -> Fault:
    expected = {"where": "input", "step": 0} | more
    return Fault(name, seeded(build), data, expect("nonfinite", site, units, 64, **expected), order)


NONFINITE: tuple[Fault, ...] = (
    nonfinite("NaN weights before the first", lambda: with_weight(float("nan"), 0), "1", 0, UNITS),
    nonfinite("NaN weights before the last", lambda: with_weight(float("nan"), 2), "5", 2, UNITS),
    nonfinite("infinite weights", lambda: with_weight(float("inf"), 1), "3", 1, UNITS),
    nonfinite("NaN bias before a call", functional, ":relu#2", 1, UNITS),
    nonfinite("logarithm of negative numbers", lambda: Between(logarithm), "gelu", 1, UNITS),
    nonfinite("0/0 in a norm by hand", constant_rows, "2:silu", 1, data=a_row_of_zeros, step=2),
    nonfinite("NaN in the data", lambda: mlp(nn.ReLU), "1", 0, data=a_nan_in_the_data, step=3),
    nonfinite(
        "overflow in float16", overflow, "3", 1, data=lambda: batches(64, 16, dtype=torch.float16)
    ),
    nonfinite("overflow in float32", overflow_in_single, "3", 1),
    nonfinite("gradient of a root at 0", RootOfRelu, "relu", 1, where="gradient"),
)
