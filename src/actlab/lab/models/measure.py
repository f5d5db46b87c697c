"""Numbers worked out from losses and outputs of stacks of networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from actlab.lab.task import LOWEST

POINTS = 120
"""Most points of a curve that is kept."""

Floats = npt.NDArray[np.floating]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of each run, ``(runs,)``.

    Args:
        logits: ``(runs, n, classes)``.
        labels: ``(runs, n)`` or ``(n,)``.
    """
    wanted = labels.expand(logits.shape[:2])
    # With classes before examples the softmax runs along memory: three times as fast.
    return functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none").mean(1)


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of each run, ``(runs,)``; targets broadcast over runs."""
    return (outputs - targets).square().flatten(1).mean(1)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of right answers of each run, ``(runs,)``."""
    return (logits.argmax(-1) == labels).double().mean(1)


def capped(losses: Floats, cap: float) -> npt.NDArray[np.float64]:
    """Losses with what is not finite, and what is above the cap, at the cap."""
    values = losses.astype(np.float64)
    return np.where(np.isfinite(values), np.minimum(values, cap), cap)


def log_area(losses: Floats, cap: float) -> npt.NDArray[np.float64]:
    """Mean of log10 of the loss over the steps, by run: the speed of training.

    Args:
        losses: ``(runs, steps)``.
        cap: the loss of a network that has learned nothing.
    """
    return np.log10(np.maximum(capped(losses, cap), LOWEST)).mean(axis=1)


def thinned(values: Floats, points: int = POINTS) -> tuple[Floats, Floats]:
    """At most so many columns, evenly spaced, the first and the last among them.

    Args:
        values: ``(runs, steps)``.
        points: most columns. Default: 120.

    Returns:
        Positions ``(points,)`` and values ``(runs, points)``.
    """
    count = values.shape[1]
    kept = np.unique(np.linspace(0, count - 1, min(points, count)).round().astype(int))
    return kept.astype(np.float64), values[:, kept]


def root_mean_square(values: Tensor, keep: int = 0) -> Tensor:
    """Root mean square over all but the first ``keep`` dimensions.

    In double precision: the square of a float32 gradient below 1e-22 underflows to zero.
    """
    dims = tuple(range(keep, values.dim()))
    return values.double().square().mean(dims).sqrt()


def weight_gradients(loss: Tensor, weights: list[Tensor]) -> npt.NDArray[np.float64]:
    """Root mean square of the gradient of each run's loss by layer, ``(runs, layers)``."""
    grads = torch.autograd.grad(loss.sum(), weights, retain_graph=True)
    return torch.stack([root_mean_square(grad, keep=1) for grad in grads], dim=1).cpu().numpy()
