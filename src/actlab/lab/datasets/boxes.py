"""Images of one rectangle each, to be found; and how well a box covers another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

SIDE = 16
SMALLEST, LARGEST = 4, 12
"""Sides of a rectangle, in pixels."""
NOISE = 0.5
"""Standard deviation; the rectangle stands out by 1."""

MEAN = (0.25, 0.25, 0.75, 0.75)
SPREAD = 5**0.5 / 12
"""Mean and standard deviation of the edges, exactly."""
CONSTANT_OVERLAP = 0.3186203475368
"""Mean overlap of the mean box, over all rectangles."""

Floats = npt.NDArray[np.float32]


def boxes(draw: np.random.Generator, count: int) -> Floats:
    """Left, top, right and bottom edges, as shares of the image, ``(count, 4)``.

    Sides and then places are uniform over all that fit.
    """
    sides = draw.integers(SMALLEST, LARGEST + 1, (count, 2))
    corners = np.floor(draw.random((count, 2)) * (SIDE - sides + 1)).astype(np.int64)
    return (np.concatenate([corners, corners + sides], axis=1) / SIDE).astype(np.float32)


def images(draw: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Noisy images ``(count, SIDE * SIDE)``, row by row, and their boxes ``(count, 4)``."""
    found = boxes(draw, count)
    left, top, right, bottom = (found * SIDE).T[:, :, None]
    at = np.arange(SIDE)
    columns, rows = (at >= left) & (at < right), (at >= top) & (at < bottom)
    inside = (rows[:, :, None] & columns[:, None, :]).reshape(count, -1)
    noise = draw.standard_normal(inside.shape, dtype=np.float32) * np.float32(NOISE)
    return inside + noise, found


def standardised(box: Tensor) -> Tensor:
    """Edges with mean 0 and variance 1, what a network is asked for."""
    return (box - torch.as_tensor(np.array(MEAN, dtype=np.float32))) / SPREAD


def edges(given: Tensor) -> Tensor:
    """The box of a network's outputs: the inverse of :func:`standardised`."""
    return given * SPREAD + torch.as_tensor(np.array(MEAN, dtype=np.float32))


def overlap(given: Tensor, true: Tensor) -> Tensor:
    """Area shared by two boxes over the area that both cover, ``(...,)``.

    Args:
        given: ``(..., 4)``; a box whose right edge is left of its left one covers nothing.
        true: ``(..., 4)``, of positive area.
    """
    low = torch.maximum(given[..., :2], true[..., :2])
    high = torch.minimum(given[..., 2:], true[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1) for box in (given, true)]
    return shared / (areas[0] + areas[1] - shared)
