"""Signals on their way through a deep random network, and gradients on their way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actlab.lab.models.layers import Activate, Linear, Norm, normalisation
from actlab.lab.models.start import Start

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Passage:
    """What was measured; entry l is after l layers, medians over the inputs.

    Args:
        variance: mean square of what enters the function of a layer.
        gradient: log10 of the squared gradient there over that at the last layer; -inf where it
            is 0 in double precision.
        distance: 1 - cosine of two inputs that begin at 0.5; NaN where nothing of them is left.
    """

    variance: Array
    gradient: Array
    distance: Array


class Block(nn.Module):
    """A function, a normalisation and the linear map after them, of one network."""

    def __init__(self, start: Start, index: int, width: int, norm: Norm) -> None:
        super().__init__()
        self.function = Activate(start.arm, 1, width)
        self.norm = normalisation(norm, 1, width)
        self.linear = Linear(start, f"layer {index}", width, width)

    def forward(self, x: Tensor) -> Tensor:
        """``(1, n, width)`` to the same, in double precision."""
        y = self.norm(self.function(x))
        assert self.linear.bias is not None
        return torch.baddbmm(self.linear.bias.double(), y, self.linear.weight.double())


def starts(start: Start, seed: int, pairs: int, width: int) -> Tensor:
    """N(0, 1) draws, ``(1, 2 * pairs, width)``: each input and its partner have cosine 0.5."""
    draws = start.generator(seed, "inputs").standard_normal((2, pairs, width))
    partners = 0.5 * draws[0] + 0.75**0.5 * draws[1]
    return torch.from_numpy(np.concatenate([draws[0], partners]))[None]


def send(
    start: Start,
    seed: int,
    *,
    width: int,
    depth: int,
    norm: Norm,
    variance: float = 1.0,
    pairs: int = 8,
) -> Passage:
    """Send inputs through a network of one seed, and gradients back.

    Args:
        start: its arm and role; the seed and its draws are those of any network of the arm.
        seed: of the network.
        width: units of a layer.
        depth: layers.
        norm: normalisation after the function.
        variance: of what enters the first function. Default: 1.
        pairs: pairs of inputs. Default: 8.
    """
    alone = Start(start.arm, (seed,), 1, start.role)
    signal = variance**0.5 * starts(alone, seed, pairs, width)
    blocks: list[Block] = []
    signals = [signal]
    with torch.no_grad():
        for index in range(depth):
            # Parameters stay in single precision, as they are in training and for half the memory.
            blocks.append(Block(alone, index, width, norm))
            signal = blocks[-1](signal)
            signals.append(signal)
    draws = alone.generator(seed, "gradient").standard_normal((1, 2 * pairs, width))
    return Passage(
        np.array([float(s.square().mean(-1).median()) for s in signals]),
        _back(blocks, [s.clone() for s in signals], torch.from_numpy(draws)),
        np.array([_distance(s, pairs) for s in signals]),
    )


def _back(blocks: list[Block], signals: list[Tensor], cotangent: Tensor) -> Array:
    """log10 of squared gradients relative to the last layer's, first layer to last.

    The gradient is made a unit vector at every layer and its length kept as a logarithm: over
    hundreds of layers it would leave the range of double precision.
    """
    cotangent = cotangent / cotangent.norm(dim=-1, keepdim=True)
    logarithm = torch.zeros(cotangent.shape[1], dtype=torch.float64)
    found = [0.0]
    for block, signal in zip(reversed(blocks), reversed(signals[:-1]), strict=True):
        x = signal.requires_grad_(True)
        (cotangent,) = torch.autograd.grad(block(x), x, cotangent)
        length = cotangent.norm(dim=-1, keepdim=True)
        cotangent = cotangent / length.clamp(min=torch.finfo(torch.float64).tiny)
        logarithm = logarithm + 2 * length[0, :, 0].log10()
        found.append(float(logarithm.median()))
    return np.array(found[::-1])


def _distance(signal: Tensor, pairs: int) -> float:
    """1 - cosine, as half the squared distance of unit vectors: no cancellation near 0."""
    unit = signal / signal.norm(dim=-1, keepdim=True)
    left, right = unit[0, :pairs], unit[0, pairs:]
    return float((0.5 * (left - right).square().sum(-1)).median())
