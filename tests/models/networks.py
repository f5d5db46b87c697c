"""Plain networks to plant faults in, with the initialisation that suits them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Make = Callable[[], nn.Module]

HE = math.sqrt(2)
"""The gain of He initialisation; that of Xavier is 1."""


def scaled(model: nn.Module, gain: float | None) -> nn.Module:
    """Draw weights of N(0, gain^2 / fan in) and take biases as 0; None leaves PyTorch's own."""
    for module in model.modules() if gain is not None else ():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=gain / math.sqrt(fan_in))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def mlp(act: Make, widths: Sequence[int] = (16, 64, 64, 4), gain: float | None = HE) -> Any:
    """Linear layers, activations between them: sites ``1``, ``3`` and so on."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), act()]
    return scaled(nn.Sequential(*layers[:-1]), gain)


def deep(act: Make, depth: int, gain: float | None, width: int = 64) -> Any:
    """A network of that many activations, all of one width."""
    return mlp(act, (16, *[width] * depth, 4), gain)


def convolutions(act: Make, norm: bool = False, gain: float | None = HE) -> Any:
    """Two convolutions: sites ``1`` and ``3``, or ``2`` and ``5`` with batch norms between."""
    layers: list[nn.Module] = []
    for before, after in ((3, 8), (8, 12)):
        layers.append(nn.Conv2d(before, after, 3, padding=1))
        layers += [nn.BatchNorm2d(after)] if norm else []
        layers.append(act())
    return scaled(nn.Sequential(*layers, nn.Flatten(), nn.Linear(12 * 36, 4)), gain)


class Functional(nn.Module):
    """An MLP whose activations are calls of a function: ``:relu#1``, ``:relu#2``."""

    def __init__(self, function: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16, 64), nn.Linear(64, 64)])
        self.head = nn.Linear(64, 4)
        self.__dict__["function"] = (function,)  # no attribute that holds a function
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.function[0](layer(x))
        return self.head(x)


class Residual(nn.Module):
    """``x + gain * f(x)`` with batch norms or without."""

    def __init__(self, width: int, gain: float, act: Make, norm: bool = False) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.first = nn.Linear(width, width)
        self.act = act()
        self.second = nn.Linear(width, width)
        scaled(self, HE)
        self.gain = gain

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gain * self.second(self.act(self.first(self.norm(x))))


def residual_stack(depth: int, gain: float, act: Make = nn.ReLU, norm: bool = False) -> Any:
    """Blocks between two layers: sites ``1.act`` to ``{depth}.act``."""
    blocks = [Residual(32, gain, act, norm) for _ in range(depth)]
    return nn.Sequential(nn.Linear(16, 32), *blocks, nn.Linear(32, 4))


def half(model: nn.Module) -> nn.Module:
    """The model in float16."""
    return model.to(torch.float16)
