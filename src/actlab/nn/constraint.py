"""Smooth parametrisations that keep a learned parameter inside an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from actlab.core import Domain, Param

Constraint: TypeAlias = "str | Sequence[float] | Mapping[str, str | Sequence[float]] | None"


class Inside(nn.Module):
    """Map the reals onto the inside of an interval, for ``torch.nn.utils.parametrize``.

    One finite end: that end plus or minus a softplus. Two: a scaled sigmoid. The ends
    themselves are limits that no finite value reaches.

    Args:
        low, high: the ends; at least one is finite.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, free: Tensor) -> Tensor:
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low + (self.high - self.low) * torch.sigmoid(free)
        if math.isfinite(self.low):
            return self.low + nn.functional.softplus(free)
        return self.high - nn.functional.softplus(free)

    def right_inverse(self, value: Tensor) -> Tensor:
        """The free value that maps to ``value``; computed in double, rounded once."""
        wide = value.detach().double()
        inside = (wide > self.low) & (wide < self.high)
        if not value.is_meta and not bool(inside.all()):
            raise ValueError(
                f"a learned value must lie strictly inside ({self.low:g}, {self.high:g}), "
                f"got {value.tolist()}"
            )
        if math.isfinite(self.low) and math.isfinite(self.high):
            free = torch.logit((wide - self.low) / (self.high - self.low))
        else:
            distance = wide - self.low if math.isfinite(self.low) else self.high - wide
            free = distance + torch.log(-torch.expm1(-distance))
        return free.to(value.dtype)

    def extra_repr(self) -> str:
        return f"({self.low:g}, {self.high:g})"


def interval(owner: str, param: Param, constraint: Constraint) -> Domain:
    """The interval in which a learned parameter is kept.

    Args:
        owner: the activation's name, for messages.
        param: the parameter.
        constraint: None for the parameter's own; a name such as ``"monotone"``; a pair
            ``(low, high)``; or a mapping from parameter names to one of these.

    Raises:
        ValueError: an unknown name, a pair that is not an interval, or one that reaches
            outside the parameter's domain.
    """
    if isinstance(constraint, Mapping):
        constraint = constraint.get(param.name)
    if constraint is None:
        return param.learned_in or param.domain
    if isinstance(constraint, str):
        if constraint in param.constraints:
            return param.constraints[constraint]
        known = ", ".join(map(repr, param.constraints)) or "none"
        raise ValueError(
            f"{owner}: constraint {constraint!r} is not known for {param.name} "
            f"(named ones: {known}); or give a pair (low, high) inside {param.domain}"
        )
    try:
        low, high = (float(end) for end in constraint)
    except (TypeError, ValueError):
        raise ValueError(
            f"{owner}: constraint must be None, a name, a pair (low, high) or a mapping from "
            f"parameter names to these, got {constraint!r}"
        ) from None
    if not low < high or low < param.domain.low or high > param.domain.high:
        raise ValueError(
            f"{owner}: constraint for {param.name} must be a pair low < high inside "
            f"{param.domain}, got ({low:g}, {high:g})"
        )
    return Domain(low, high)


def check_constraint_names(owner: str, names: Sequence[str], constraint: Constraint) -> None:
    """Refuse a mapping that names a parameter the activation does not have."""
    if isinstance(constraint, Mapping):
        unknown = sorted(set(constraint) - set(names))
        if unknown:
            raise ValueError(
                f"{owner}: constraint names no parameter of this activation: "
                f"{', '.join(unknown)}; its parameters: {', '.join(names) or 'none'}"
            )
