"""Linear and logarithmic axes with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from actlab.figures.data import LOWEST, Array, Rows

MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """What lies where.

    Args:
        low, high: its ends.
        log: whether it is logarithmic.
        ticks: values with their names.
    """

    low: float
    high: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    def place(self, values: Rows | Sequence[float] | float) -> Array:
        """Where values lie, from 0 at the low end to 1 at the high one."""
        numbers = np.asarray(values, dtype=np.float64)
        if not self.log:
            return (numbers - self.low) / (self.high - self.low)
        with np.errstate(invalid="ignore"):
            logs = np.log10(np.maximum(numbers, LOWEST))
        low, high = math.log10(self.low), math.log10(self.high)
        return (logs - low) / (high - low)


def row_axis(names: list[str]) -> Axis:
    """A row for each name, the first on top."""
    count = max(1, len(names))
    ticks = tuple((float(count - 1 - place), name) for place, name in enumerate(names))
    return Axis(-0.6, count - 0.4, False, ticks)


def axis_around(
    values: Rows, scale: Literal["linear", "log10"] = "linear", room: float = 0.04
) -> Axis:
    """An axis that shows all finite values, with a little room at both ends.

    Args:
        values: what it must show; others than finite ones do not count.
        scale: ``linear`` or ``log10``; values below the smallest that is drawn count as that.
        room: at each end, as a share of the whole.
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    numbers = numbers[np.isfinite(numbers)]
    if scale == "log10":
        logs = np.log10(np.maximum(numbers, LOWEST)) if numbers.size else np.array([0.0])
        low, high = _apart(float(logs.min()), float(logs.max()), 0.3, room)
        return log_axis(10.0**low, 10.0**high)
    if not numbers.size:
        numbers = np.array([0.0])
    size = float(np.abs(numbers).max()) or 1.0
    return linear_axis(*_apart(float(numbers.min()), float(numbers.max()), 0.02 * size, room))


def _apart(low: float, high: float, least: float, room: float) -> tuple[float, float]:
    """The ends with room, never closer together than ``least``."""
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    return low - room * (high - low), high + room * (high - low)


def linear_axis(low: float, high: float) -> Axis:
    """An axis between two numbers, with ticks at multiples of 1, 2 or 5."""
    raw = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple((number * step, _plain(number * step, step)) for number in range(first, last + 1))
    return Axis(low, high, False, ticks)


def log_axis(low: float, high: float) -> Axis:
    """An axis between two positive numbers, with ticks at powers of ten."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / MOST_TICKS))
    values = [10.0**power for power in range(first, last + 1, stride)]
    if len(values) < 3:
        between = [
            digit * 10.0**power for power in range(first - 1, last + 1) for digit in (1, 2, 5)
        ]
        values = [value for value in between if low <= value <= high * (1 + 1e-9)]
    if len(values) < 2:
        linear = linear_axis(low, high).ticks
        return Axis(low, high, True, tuple(tick for tick in linear if tick[0] > 0.0))
    return Axis(low, high, True, tuple((value, _power(value)) for value in values))


def _plain(value: float, step: float) -> str:
    if abs(value) < 1e-9 * step:
        return "0"
    if step >= 1e5 or step < 1e-4:
        return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}"


def _power(value: float) -> str:
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
