"""Initial weights: drawn once per seed, scaled per function, so that arms differ only by scale."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from actlab.lab.seeds import derive, generator

Layers = list[tuple[Tensor, Tensor]]
"""Weight (fan_out x fan_in) and bias of each linear map."""


def layer_sizes(width: int, depth: int) -> list[tuple[int, int]]:
    """``(fan_in, fan_out)`` of the linear maps of a net from one number to one number."""
    sizes = [1] + [width] * (depth - 1) + [1]
    return list(pairwise(sizes))


def initial_layers(width: int, depth: int, init: Mapping[str, Any], role: str, seed: int) -> Layers:
    """Initial parameters of one network.

    ``{"scheme": "default"}`` is what ``nn.Linear`` does by itself. ``{"scheme": "own", "weight":
    sw, "bias": sb}`` draws the first layer's weights and biases from N(0, 1), every later weight
    from N(0, sw^2 / fan_in) and every later hidden bias from N(0, sb^2); the output bias is 0.

    Args:
        width: units of a hidden layer.
        depth: number of linear maps.
        init: the scheme.
        role: ``"test"`` or ``"tuning"``; the two never share a draw.
        seed: the seed; the unscaled draws depend on it and on the shape alone.
    """
    if init["scheme"] == "default":
        return _default_layers(width, depth, role, seed)
    layers: Layers = []
    for index, (fan_in, fan_out) in enumerate(layer_sizes(width, depth)):
        normal = generator("layer", role, seed, width, index)
        weight = torch.from_numpy(normal.standard_normal((fan_out, fan_in), dtype="float32"))
        bias = torch.from_numpy(normal.standard_normal(fan_out, dtype="float32"))
        if index > 0:
            weight = weight * (init["weight"] / fan_in**0.5)
            bias = bias * (init["bias"] if index < depth - 1 else 0.0)
        layers.append((weight, bias))
    return layers


def _default_layers(width: int, depth: int, role: str, seed: int) -> Layers:
    layers: Layers = []
    with torch.random.fork_rng(devices=[]):
        for index, (fan_in, fan_out) in enumerate(layer_sizes(width, depth)):
            torch.manual_seed(derive("nn.Linear", role, seed, width, index) % 2**63)
            linear = nn.Linear(fan_in, fan_out)
            layers.append((linear.weight.detach(), linear.bias.detach()))
    return layers
