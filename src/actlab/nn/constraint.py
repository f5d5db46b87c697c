"""Smooth parametrisations that keep a learned parameter inside an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from actlab.core import Domain, Param
from actlab.kernels.policy import constant

Constraint: TypeAlias = "str | Sequence[float] | Mapping[str, str | Sequence[float]] | None"


class Inside(nn.Module):
    """Map the reals into an interval, for ``torch.nn.utils.parametrize``.

    One finite end: that end plus or minus a softplus. Two: a scaled sigmoid. An end that does
    not belong to the interval is not reached, however far the free value is pushed.

    Args:
        domain: the interval; at least one of its ends is finite.
    """

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain

    def forward(self, free: Tensor) -> Tensor:
        low, high = constant(self.domain.low), constant(self.domain.high)
        if math.isfinite(low) and math.isfinite(high):
            value = low + (high - low) * torch.sigmoid(free)
        elif math.isfinite(low):
            value = low + nn.functional.softplus(free)
        else:
            value = high - nn.functional.softplus(free)
        # Both functions round to their limits far out. At 0 the root of the smallest number
        # leaves room for the derivatives of a division.
        facts = torch.finfo(free.dtype)
        if not self.domain.closed_low and math.isfinite(low):
            value = torch.clamp(value, min=low + (abs(low) * facts.eps or math.sqrt(facts.tiny)))
        if not self.domain.closed_high and math.isfinite(high):
            value = torch.clamp(value, max=high - (abs(high) * facts.eps or math.sqrt(facts.tiny)))
        return value

    def right_inverse(self, value: Tensor) -> Tensor:
        """The free value that maps to ``value``; computed in double, rounded once.

        Raises:
            ValueError: a value is not strictly inside.
        """
        low, high = self.domain.low, self.domain.high
        wide = value.detach().double()
        inside = (wide > low) & (wide < high)
        if not value.is_meta and not bool(inside.all()):
            raise ValueError(
                f"a learned value must lie strictly inside ({low:g}, {high:g}), "
                f"got {value.tolist()}"
            )
        if math.isfinite(low) and math.isfinite(high):
            free = torch.logit((wide - low) / (high - low))
        else:
            distance = wide - low if math.isfinite(low) else high - wide
            free = distance + torch.log(-torch.expm1(-distance))
        return free.to(value.dtype)

    def extra_repr(self) -> str:
        return str(self.domain)


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
