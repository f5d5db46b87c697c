"""Layers of stacks of networks: ``(runs, n, features)`` in, ``(runs, n, outputs)`` out."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.lab.arm import Arm
from actlab.lab.models.start import Place, Start

Norm = Literal["none", "layer", "batch"]

NARROW = 16
"""Matrix products with fewer columns than this are faster transposed, up to six times."""


class Linear(nn.Module):
    """A linear map for each run.

    Args:
        start: where the parameters come from.
        name: names the draws.
        inputs, outputs: features.
        place: where in the network it is.
        bias: whether it has one. Default: True.
        gain: factor on the initial weights. Default: 1.
    """

    def __init__(
        self,
        start: Start,
        name: str,
        inputs: int,
        outputs: int,
        *,
        place: Place = "hidden",
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = start.weight(name, inputs, outputs, fan_in=inputs, place=place, gain=gain)
        self.bias = start.bias(name, 1, outputs, fan_in=inputs, place=place) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, ..., inputs)`` to ``(runs, ..., outputs)``."""
        if x.dim() == 3:
            return self._map(x)
        y = self._map(x.reshape(x.shape[0], -1, x.shape[-1]))
        return y.reshape(*x.shape[:-1], y.shape[-1])

    def _map(self, x: Tensor) -> Tensor:
        weight, bias = self.weight, self.bias
        if weight.shape[-1] < NARROW:
            y = torch.bmm(weight.transpose(1, 2), x.transpose(1, 2)).transpose(1, 2)
            return y if bias is None else y + bias
        return torch.bmm(x, weight) if bias is None else torch.baddbmm(bias, x, weight)


class Activate(nn.Module):
    """The function of an arm, with parameters of its own for each run where they are learned.

    Args:
        arm: the function.
        runs: how many networks.
        features: of the last dimension.
    """

    def __init__(self, arm: Arm, runs: int, features: int) -> None:
        super().__init__()
        self.fixed = None if arm.learn else arm.function()
        self.per_unit = arm.learn == "unit"
        if arm.learn == "unit":
            self.learned = arm.learned_module(runs * features, channel_dim=1)
        elif arm.learn == "shared":
            self.learned = arm.learned_module(runs, channel_dim=0)

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, ..., features)`` to the same."""
        if self.fixed is not None:
            return self.fixed(x)
        if not self.per_unit:
            return self.learned(x)
        runs, features = x.shape[0], x.shape[-1]
        side = x.reshape(runs, -1, features).transpose(0, 1).reshape(-1, runs * features)
        back = self.learned(side).reshape(-1, runs, features).transpose(0, 1)
        return back.reshape(x.shape)


class LayerNorm(nn.Module):
    """Layer normalisation over the last dimension, with scale and shift for each run."""

    def __init__(self, runs: int, features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(runs, 1, features))
        self.bias = nn.Parameter(torch.zeros(runs, 1, features))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, ..., features)`` to the same."""
        flat = functional.layer_norm(x, x.shape[-1:], eps=self.eps)
        flat = flat.reshape(x.shape[0], -1, x.shape[-1])
        return (flat * self.weight + self.bias).reshape(x.shape)


class BatchNorm(nn.Module):
    """Batch normalisation of each run by itself, over all but the first and last dimensions."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, runs: int, features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(runs, 1, features))
        self.bias = nn.Parameter(torch.zeros(runs, 1, features))
        self.register_buffer("running_mean", torch.zeros(runs, 1, features))
        self.register_buffer("running_var", torch.ones(runs, 1, features))
        self.eps, self.momentum = eps, momentum

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, ..., features)`` to the same."""
        flat = x.reshape(x.shape[0], -1, x.shape[-1])
        if self.training:
            # Ten times as fast as torch.var_mean, which is slow over a middle dimension.
            mean = flat.mean(1, keepdim=True)
            centred = flat - mean
            var = centred.square().mean(1, keepdim=True)
            with torch.no_grad():
                count = flat.shape[1]
                unbiased = var * (count / max(count - 1, 1))
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(unbiased, self.momentum)
        else:
            centred, var = flat - self.running_mean, self.running_var
        y = centred * (torch.rsqrt(var + self.eps) * self.weight) + self.bias
        return y.reshape(x.shape)


def normalisation(kind: Norm, runs: int, features: int) -> nn.Module:
    """The normalisation layer of that name; ``none`` passes everything on."""
    if kind == "none":
        return nn.Identity()
    return LayerNorm(runs, features) if kind == "layer" else BatchNorm(runs, features)
