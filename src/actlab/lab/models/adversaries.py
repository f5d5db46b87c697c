"""A generator and a discriminator, and how close what is generated comes to what is real."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from actlab.lab.arm import Arm
from actlab.lab.inits import init_for
from actlab.lab.models.layers import Activate, Linear
from actlab.lab.models.start import Start

Where = Literal["discriminator", "both"]
BANDWIDTHS = (0.2, 1.0)
"""Of the Gaussian kernels that the discrepancy is measured with."""


def rectified(start: Start) -> Start:
    """The same draws for ReLU, under the same scheme."""
    scheme = start.arm.init.scheme
    return Start(
        Arm("relu", {}, "relu", init_for("relu", {}, scheme)), start.seeds, start.copies, start.role
    )


class Multilayer(nn.Sequential):
    """A perceptron whose draws have a name of their own.

    Args:
        start: where the parameters come from; its arm is the function.
        name: names the draws.
        inputs, outputs: features.
        width: units of a hidden layer.
        depth: hidden layers.
    """

    def __init__(
        self, start: Start, name: str, inputs: int, outputs: int, *, width: int, depth: int
    ) -> None:
        layers: list[nn.Module] = []
        for index in range(depth):
            fan_in, place = (width, "hidden") if index else (inputs, "first")
            layers.append(Linear(start, f"{name} {index}", fan_in, width, place=place))
            layers.append(Activate(start.arm, start.runs, width))
        super().__init__(*layers, Linear(start, f"{name} out", width, outputs, place="last"))


def discrepancy(made: Tensor, real: Tensor) -> np.ndarray:
    """Squared maximum mean discrepancy of two samples of each run, ``(runs,)``.

    ``E k(x, x') + E k(y, y') - 2 E k(x, y)`` over all pairs, never negative, with k the mean of
    ``exp(-|x - y|^2 / (2 w^2))`` over the bandwidths.

    Args:
        made, real: ``(runs, n, 2)``.
    """
    kernels = [_kernel(a, b) for a, b in ((made, made), (real, real), (made, real))]
    return (kernels[0] + kernels[1] - 2 * kernels[2]).clamp(min=0.0).cpu().numpy()


def _kernel(left: Tensor, right: Tensor) -> Tensor:
    square = torch.cdist(left.double(), right.double()).square()
    whole = [torch.exp(square / (-2 * width**2)).mean((1, 2)) for width in BANDWIDTHS]
    return torch.stack(whole).mean(0)
