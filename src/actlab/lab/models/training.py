"""What both ways of training share: the result, and the pace at which progress is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

Function = Callable[[Tensor], Tensor]
Tick = Callable[[float], None]


@dataclass(frozen=True)
class Trained:
    """What came out of training some networks side by side.

    Args:
        losses: ``(runs, rounds + 1)``; column r is the loss after r updates.
        gradients: ``(runs, depth)``; root mean square of each weight gradient at the start.
        fits: ``(runs, points)``; the trained network at the points asked for.
    """

    losses: npt.NDArray[np.float32]
    gradients: npt.NDArray[np.float64]
    fits: npt.NDArray[np.float32]


def root_mean_square(gradient: Tensor, keep: int = 0) -> Tensor:
    """Root mean square over all but the first ``keep`` dimensions.

    In double precision: the square of a float32 gradient below 1e-22 underflows to zero.
    """
    dims = tuple(range(keep, gradient.dim()))
    return gradient.double().square().mean(dims).sqrt()
