"""What a parameter of an activation is, and where it may lie."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Domain:
    """An interval of finite real numbers in which a parameter may lie.

    Args:
        low: lower end. Default: ``-inf``.
        high: upper end. Default: ``inf``.
        closed_low: whether ``low`` itself belongs to it. Default: False.
        closed_high: whether ``high`` itself belongs to it. Default: False.

    Example:
        >>> str(Domain(0.0, closed_low=True)), Domain(0.0).contains(0.0)
        ('[0, inf)', False)
    """

    low: float = -math.inf
    high: float = math.inf
    closed_low: bool = False
    closed_high: bool = False

    def contains(self, value: float) -> bool:
        """Whether a number is finite and inside."""
        if not -math.inf < value < math.inf:
            return False
        above = value >= self.low if self.closed_low else value > self.low
        below = value <= self.high if self.closed_high else value < self.high
        return above and below

    def __str__(self) -> str:
        left, right = "(["[self.closed_low], ")]"[self.closed_high]
        return f"{left}{self.low:g}, {self.high:g}{right}"


REALS = Domain()


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of an activation.

    Args:
        name: its keyword.
        default: its value when the caller gives none.
        domain: where it may lie. Default: all reals.
        meaning: a few words for docstrings and tables.
        learnable: whether the module learns it unless told otherwise. Default: False.
        learned_in: the narrower interval a learned value is kept in. Default: ``domain``.
        constraints: named intervals a user may choose instead, such as ``{"monotone": [0, 9]}``.
    """

    name: str
    default: float
    domain: Domain = REALS
    meaning: str = ""
    learnable: bool = False
    learned_in: Domain | None = None
    constraints: Mapping[str, Domain] = field(default_factory=dict)

    def check(self, owner: str, value: Any, domain: Domain | None = None) -> float:
        """The value as a float, or an error that names parameter, value and domain.

        Raises:
            TypeError: the value is not a real number.
            ValueError: the value is NaN, infinite or outside the domain.
        """
        domain = domain or self.domain
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(
                f"{owner}: {self.name} must be a real number or a floating-point tensor, "
                f"got {value!r} ({type(value).__name__})"
            )
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not domain.contains(number):
            raise ValueError(
                f"{owner}: {self.name} must be a finite number in {domain}, got {value!r}"
            )
        return number
