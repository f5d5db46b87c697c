"""Deep random networks, layer by layer: what enters each activation, and its gradient.

In double precision: squared gradients of 1e-150 are met at depth 300.
"""

from __future__ import annotations

import torch
from torch import Tensor

from actlab.lab.models.layers import Activate, Linear, Norm, normalisation
from actlab.lab.models.start import Start

GONE = -647.0
"""log10 of the square of the smallest double; what is exactly 0 counts as this."""


class Deep(torch.nn.Module):
    """Layers ``x -> W f(x) + b`` of one width, in double precision.

    Args:
        start: where the parameters come from; its arm is the function.
        width: units of every layer.
        depth: activations passed.
        norm: normalisation of each layer. Default: ``none``.
        norm_first: normalise before the function, not after it. Default: False.
    """

    def __init__(
        self, start: Start, width: int, depth: int, norm: Norm = "none", norm_first: bool = False
    ) -> None:
        super().__init__()
        self.functions = torch.nn.ModuleList()
        self.maps = torch.nn.ModuleList()
        self.norm = normalisation(norm, start.runs, width).double()
        self.norm_first = norm_first
        for index in range(depth):
            self.functions.append(Activate(start.arm, start.runs, width).double())
            self.maps.append(Linear(start, f"layer {index + 1}", width, width).double())
        self.requires_grad_(False)

    def entering(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What enters the functions.

        Args:
            x: what the first linear map gives, ``(runs, n, width)``.

        Returns:
            The outputs of the linear maps, ``x`` first, and those as they enter the functions:
            the same, but for a normalisation that comes first. ``depth + 1`` each.
        """
        given, seen = [x], [self.norm(x) if self.norm_first else x]
        for function, linear in zip(self.functions, self.maps, strict=True):
            y = function(seen[-1])
            given.append(linear(y if self.norm_first else self.norm(y)))
            seen.append(self.norm(given[-1]) if self.norm_first else given[-1])
        return given, seen


def log_squares(values: Tensor) -> Tensor:
    """log10 of the mean square over the last dimension, without underflow.

    ``GONE`` where all are 0; not finite where one is not finite.
    """
    largest = values.abs().amax(-1)
    safe = torch.where(largest > 0, largest, 1.0)
    mean = (values / safe[..., None]).square().mean(-1)
    return torch.where(largest > 0, mean.log10() + 2 * safe.log10(), GONE).clamp(min=GONE)


def log_gradients(seen: list[Tensor], cotangent: Tensor) -> Tensor:
    """log10 of the squared gradient by layer and input, relative to the last layer's.

    Args:
        seen: what entered the functions, from :meth:`Deep.entering`.
        cotangent: the gradient with respect to the last of them.

    Returns:
        ``(layers, runs, n)``; the last layer's are 0.
    """
    grads = torch.autograd.grad(seen[-1], seen, cotangent)
    logs = torch.stack([log_squares(grad) for grad in grads])
    return torch.where(logs > GONE, logs - logs[-1], GONE).clamp(min=GONE)


def distances(layer: Tensor) -> Tensor:
    """1 - c of inputs 0 and 1, 2 and 3 and so on, accurate however small, ``(runs, n / 2)``.

    From the difference of the two unit vectors, which loses no digits when they nearly agree.
    """
    largest = layer.abs().amax(-1, keepdim=True)
    scaled = layer / torch.where(largest > 0, largest, 1.0)
    unit = scaled / scaled.norm(dim=-1, keepdim=True)
    count = layer.shape[1] // 2 * 2
    return (unit[:, 0:count:2] - unit[:, 1:count:2]).square().sum(-1) / 2
