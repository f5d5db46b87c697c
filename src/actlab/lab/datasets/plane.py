"""Distributions in the plane for generators to imitate: eight Gaussians on a ring, two moons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Name = Literal["ring", "moons"]
Points = npt.NDArray[np.float64]

PIECES = 8
"""Gaussians of the ring; arcs that the two moons are cut into, four each."""

RADIUS = 2.0
ARC_POINTS = 25
"""Points that stand for an arc when distances are measured."""


@dataclass(frozen=True)
class Shape:
    """Where the points of a distribution lie.

    Args:
        support: points of the plane, ``(n, 2)``.
        piece: which of the eight pieces each belongs to, ``(n,)``.
        deviation: standard deviation of what is drawn around the support, in each direction.
    """

    support: Points
    piece: npt.NDArray[np.int64]
    deviation: float

    def draw(self, generator: np.random.Generator, count: int) -> npt.NDArray[np.float32]:
        """Points of the distribution, ``(count, 2)``, all parts of the support alike."""
        middle = self.support[generator.integers(len(self.support), size=count)]
        return (middle + self.deviation * generator.standard_normal((count, 2))).astype(np.float32)

    def nearest(self, points: Points) -> tuple[Points, npt.NDArray[np.int64]]:
        """Distance to the support, and the piece that is nearest, ``(n,)`` each."""
        apart = np.linalg.norm(points[:, None, :] - self.support[None, :, :], axis=-1)
        closest = apart.argmin(axis=1)
        return apart[np.arange(len(points)), closest], self.piece[closest]


def shape(name: Name) -> Shape:
    """The ring (radius 2, deviation 0.1) or the moons (as scikit-learn's, deviation 0.05)."""
    if name == "ring":
        angles = 2 * np.pi * np.arange(PIECES) / PIECES
        centres = RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return Shape(centres, np.arange(PIECES), 0.1)
    arcs = PIECES // 2
    along = np.linspace(0.0, np.pi, arcs * ARC_POINTS)
    upper = np.stack([np.cos(along), np.sin(along)], axis=1)
    lower = np.stack([1 - np.cos(along), 0.5 - np.sin(along)], axis=1)
    piece = np.arange(PIECES).repeat(ARC_POINTS)
    return Shape(np.concatenate([upper, lower]), piece, 0.05)
