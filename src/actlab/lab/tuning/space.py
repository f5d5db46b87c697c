"""What is searched: ranges of an activation's parameters and of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actlab.core.errors import UnknownNameError
from actlab.core.param import Domain, Param
from actlab.core.spec import Activation

RATE = "learning_rate"
RATES = (1e-4, 1e-1)
"""Where a learning rate is searched unless told otherwise, on a logarithmic scale."""

LARGEST_RATE = 100.0
FACTOR = 8.0
REACH = 4.0
INSIDE = 0.02
"""How far from an end that does not belong to a domain, in parts of the range."""


@dataclass(frozen=True)
class Range:
    """An interval to search.

    Args:
        name: the parameter.
        low, high: its ends, both included.
        log: whether equal ratios count as equal steps.
    """

    name: str
    low: float
    high: float
    log: bool = False

    @property
    def middle(self) -> float:
        """The arithmetic mean of the ends, or the geometric one."""
        return math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2.0

    def contains(self, value: float) -> bool:
        """Whether a value lies in it."""
        return self.low <= value <= self.high

    def is_near_end(self, value: float) -> bool:
        """Whether a value lies within 2 % of the range of either end."""
        low, high, here = (
            math.log(v) if self.log else v for v in (self.low, self.high, value)
        )  # fmt: skip
        return not low + INSIDE * (high - low) < here < high - INSIDE * (high - low)

    def __str__(self) -> str:
        return f"{self.name} in [{self.low:g}, {self.high:g}]{' (log)' if self.log else ''}"


@dataclass(frozen=True)
class Space:
    """What is searched and what stays.

    Args:
        ranges: of the activation's parameters that are searched.
        fixed: its parameters that stay.
        rate: the range of the learning rate; None where it is not searched.
        fixed_rate: the learning rate where it is not searched; None where there is none.
    """

    ranges: tuple[Range, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)
    rate: Range | None = None
    fixed_rate: float | None = None

    @property
    def everything(self) -> tuple[Range, ...]:
        """All ranges, that of the learning rate last."""
        return (*self.ranges, *([self.rate] if self.rate is not None else []))

    def describe(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "ranges": [[r.name, r.low, r.high, r.log] for r in self.everything],
            "fixed": {**self.fixed, **({RATE: self.fixed_rate} if self.fixed_rate else {})},
        }

    def __str__(self) -> str:
        return ", ".join(str(one) for one in self.everything)


def space_of(
    definition: Activation, given: Mapping[str, Any] | Sequence[str], takes_rate: bool
) -> Space:
    """The space that a user describes, the rest at its defaults.

    Args:
        definition: the activation.
        given: ``"low:high"`` or ``"low:high:log"``, the same as a tuple, or a single number that
            stays; by name, or as texts ``"alpha=0.1:8:log"``.
        takes_rate: whether there is a learning rate.

    Raises:
        UnknownNameError: the activation has no parameter of that name.
        ValueError: a range that is empty, outside the domain, or logarithmic from 0; or nothing
            to search.
    """
    texts = dict(_split(text) for text in given) if not isinstance(given, Mapping) else dict(given)
    params = {param.name: param for param in definition.params}
    known = [*params, *([RATE] if takes_rate else [])]
    for name in texts:
        if name == RATE and not takes_rate:
            raise ValueError(f"space: there is no {RATE} to search: the training function has none")
        if name not in known:
            raise UnknownNameError(f"parameter to search of {definition.name}", name, known)
    ranges, fixed = [], {}
    for name, param in params.items():
        found = _parsed(name, texts[name]) if name in texts else default_range(param)
        if isinstance(found, float):
            fixed[name] = param.check(definition.name, found)
            continue
        for end in (found.low, found.high):
            param.check(f"space: {definition.name}", end)
        ranges.append(found)
    if not ranges:
        what = "has no parameters" if not params else "has none left to search"
        raise ValueError(
            f"space: {definition.name} {what}; actlab.lab.compare with learning_rates compares "
            "functions at their best learning rates"
        )
    if not takes_rate:
        return Space(tuple(ranges), fixed)
    rate = _parsed(RATE, texts[RATE]) if RATE in texts else Range(RATE, *RATES, log=True)
    for end in (rate,) if isinstance(rate, float) else (rate.low, rate.high):
        if not 0.0 < end <= LARGEST_RATE:
            raise ValueError(f"space: {RATE} must lie in (0, {LARGEST_RATE:g}], got {end:g}")
    if isinstance(rate, float):
        return Space(tuple(ranges), fixed, None, rate)
    return Space(tuple(ranges), fixed, rate)


def default_range(param: Param) -> Range:
    """Where a parameter is searched unless told otherwise, from its default and its domain.

    * bounded: all of it;
    * above 0: a factor of 8 either way, on a logarithmic scale;
    * above or below another number: four times as far from it as the default;
    * any number: twice the default's size either way, and at least 1.

    Args:
        param: the parameter.
    """
    domain = param.learned_in or param.domain
    low, high, start = domain.low, domain.high, param.default
    if math.isfinite(low) and math.isfinite(high):
        return Range(param.name, *_inside(domain, low, high))
    if low == 0.0 and start > 0.0:
        return Range(param.name, start / FACTOR, start * FACTOR, log=True)
    if math.isfinite(low):
        return Range(param.name, *_inside(domain, low, low + REACH * ((start - low) or 1.0)))
    if math.isfinite(high):
        return Range(param.name, *_inside(domain, high - REACH * ((high - start) or 1.0), high))
    reach = 2.0 * max(abs(start), 0.5)
    return Range(param.name, start - reach, start + reach)


def _inside(domain: Domain, low: float, high: float) -> tuple[float, float]:
    """The ends, moved inside where they do not belong to the domain."""
    step = INSIDE * (high - low)
    return (
        low if domain.contains(low) else low + step,
        high if domain.contains(high) else high - step,
    )


def _split(text: str) -> tuple[str, str]:
    name, equals, rest = text.partition("=")
    if not equals or not name or not rest:
        raise ValueError(
            "space: write name=low:high or name=low:high:log, such as alpha=0.1:8:log, "
            f"got {text!r}"
        )
    return name.strip(), rest.strip()


def _parsed(name: str, given: Any) -> Range | float:
    """A range, or one number."""
    parts = given.split(":") if isinstance(given, str) else given
    if isinstance(parts, int | float) and not isinstance(parts, bool):
        parts = (parts,)
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 3:
        raise ValueError(f"space: {name} must be low:high, low:high:log or a number, got {given!r}")
    log = len(parts) == 3
    if log and parts[2] != "log":
        raise ValueError(f"space: {name}: the third word can only be log, got {parts[2]!r}")
    numbers = [_number(name, part) for part in parts[:2]]
    if len(numbers) == 1:
        return numbers[0]
    low, high = numbers
    if low >= high:
        raise ValueError(f"space: {name}: the range is empty: {low:g} is not below {high:g}")
    if log and low <= 0.0:
        raise ValueError(f"space: {name}: a logarithmic range must begin above 0, got {low:g}")
    return Range(name, low, high, log)


def _number(name: str, text: Any) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise ValueError(f"space: {name}: {text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"space: {name}: {text!r} is not finite")
    return value
