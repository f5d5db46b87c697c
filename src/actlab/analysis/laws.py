"""The laws under which moments are taken: their densities, reach and masses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

LawName: TypeAlias = Literal["normal", "uniform"]

REACH = 12.0
"""Standard deviations on either side; the mass beyond is below 1e-32."""

FARTHEST = 38.0
"""Standard deviations at which the normal density is the smallest double."""


@dataclass(frozen=True, slots=True)
class Law:
    """The law of an activation's input.

    Args:
        name: ``"normal"`` or ``"uniform"``. mean: its mean. variance: its variance, positive.
    """

    name: LawName = "normal"
    mean: float = 0.0
    variance: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in get_args(LawName):
            raise ValueError(f"law must be 'normal' or 'uniform', got {self.name!r}")
        if not -math.inf < self.mean < math.inf:
            raise ValueError(f"mean must be a finite number, got {self.mean!r}")
        if not 1e-200 <= self.variance <= 1e200:
            raise ValueError(
                f"q must be a finite number in (0, inf), got {self.variance!r} "
                "(doubles hold moments for 1e-200 to 1e200)"
            )

    @property
    def sigma(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.variance)

    def ends(self, reach: float = REACH) -> tuple[float, float]:
        """The interval to integrate over: ``reach`` deviations, or the whole support."""
        half = self.sigma * (reach if self.name == "normal" else math.sqrt(3))
        return self.mean - half, self.mean + half

    def density(self, x: np.ndarray) -> np.ndarray:
        """The density; 0 outside the support is not needed, as nothing is asked there."""
        if self.name == "uniform":
            low, high = self.ends()
            return np.full_like(x, 1 / (high - low))
        z = (x - self.mean) / self.sigma
        return np.exp(-0.5 * z * z) / (self.sigma * math.sqrt(2 * math.pi))

    def mass(self, low: float, high: float) -> float:
        """The probability of an interval."""
        if self.name == "uniform":
            left, right = self.ends()
            return max(0.0, min(high, right) - max(low, left)) / (right - left)
        a, b = ((end - self.mean) / (self.sigma * math.sqrt(2)) for end in (low, high))
        # The difference of the two tails on the side where they are small does not cancel.
        return 0.5 * (math.erfc(a) - math.erfc(b) if a > 0 else math.erfc(-b) - math.erfc(-a))
