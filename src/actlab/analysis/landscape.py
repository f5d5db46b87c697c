"""Where a function has its extremes, roots and flat stretches: a search on a resolving grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from actlab.analysis import exactly
from actlab.analysis.case import Case
from actlab.analysis.quadrature import integrate, points_of, scales_around

REACH = 64.0
"""The part of the line on which every wiggle is found; beyond, functions follow asymptotes."""

LISTED = 64
"""Roots or extrema beyond which a function counts as oscillating."""

REFINED = 48
FLAT_SAMPLES = 9
FARTHEST_EXACT = 1e4

Function = Callable[[np.ndarray], np.ndarray]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest value of something: the place, and whether it grows for ever."""

    at: float
    value: float


def core_grid(case: Case) -> np.ndarray:
    """Points on [-64, 64] that resolve f and f', none of them a joint."""
    edges = [*np.linspace(-REACH, REACH, 129), *scales_around(0.0, -20, 4)]
    for joint in case.joints:
        edges += [
            *scales_around(joint, -20, 2),
            np.nextafter(joint, -9e9),
            np.nextafter(joint, 9e9),
        ]
    inside = [edge for edge in edges if -REACH <= edge <= REACH]

    def both(x: np.ndarray) -> np.ndarray:
        return np.array([case.slope(x), case.value(x)])

    resolved = integrate(both, inside, str(case)).edges
    x = np.concatenate([points_of(resolved[:-1], resolved[1:])[0].ravel(), resolved])
    return np.setdiff1d(x, np.array(case.joints))


def far_points() -> np.ndarray:
    """Points from 64 to 1e300 on both sides, several to the octave up to 1e6."""
    near = np.geomspace(REACH * 1.01, 1e6, 400)
    far = np.geomspace(1e6, 1e300, 600)
    right = np.concatenate([near, far])
    return np.concatenate([-right[::-1], right])


def largest(function: Function, x: np.ndarray) -> Extreme:
    """The largest value near the points given, refined around the best of them."""
    with np.errstate(all="ignore"):
        y = np.nan_to_num(function(x), nan=-np.inf, posinf=np.inf)
    order = np.argsort(y)[::-1][:REFINED]
    best = int(order[0])
    found = Extreme(float(x[best]), float(y[best]))
    if not math.isfinite(found.value):
        return found
    low, high = x[np.maximum(order - 1, 0)], x[np.minimum(order + 1, x.size - 1)]
    narrow = high - low <= 4 * (1 + np.abs(low))
    low, high = low[narrow], high[narrow]
    parts = np.linspace(0, 1, 17)
    for _ in range(14):
        if not low.size:
            break
        fine = low[:, None] + (high - low)[:, None] * parts
        with np.errstate(all="ignore"):
            values = np.nan_to_num(function(fine), nan=-np.inf)
        peak = values.argmax(1)
        rows = np.arange(low.size)
        top = int(values[rows, peak].argmax())
        if values[top, peak[top]] > found.value:
            found = Extreme(float(fine[top, peak[top]]), float(values[top, peak[top]]))
        low, high = fine[rows, np.maximum(peak - 1, 0)], fine[rows, np.minimum(peak + 1, 16)]
    return found


def grows_for_ever(function: Function, side: int) -> bool:
    """Whether the size of a function keeps growing towards an infinity.

    Sizes are compared over clusters of points, so that an oscillation is not taken for growth.
    """
    sizes = []
    for exponent in (50, 100, 200):
        cluster = side * 10.0**exponent * np.geomspace(1, 10, 200)
        with np.errstate(all="ignore"):
            size = np.abs(function(cluster))
        sizes.append(float(np.nan_to_num(size, nan=0.0, posinf=np.inf).max()))
    return sizes[2] == math.inf or (sizes[1] > 1.05 * sizes[0] and sizes[2] > 1.05 * sizes[1])


def crossings(function: Function, x: np.ndarray) -> np.ndarray:
    """Where a function changes sign between neighbouring points, by bisection to rounding."""
    with np.errstate(all="ignore"):
        sign = np.sign(function(x))
    x, sign = x[sign != 0], sign[sign != 0]
    turn = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    low, high, before = _ranks(x[turn]), _ranks(x[turn + 1]), sign[turn]
    while (high - 1 > low).any():
        middle = (low & high) + ((low ^ high) >> 1)  # the sum of two ranks may not fit
        here = np.sign(function(_numbers(middle))) * before > 0
        low, high = np.where(here, middle, low), np.where(here, high, middle)
    # At a zero of the function itself `high` has met it; a joint may lie between the two.
    return _numbers(high)


def _ranks(x: np.ndarray) -> np.ndarray:
    """Integers in the order of the numbers, one for each double: halving them halves the search
    where halving numbers would go down to a root at 0 power by power."""
    bits = x.view(np.int64)
    return np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)


def _numbers(ranks: np.ndarray) -> np.ndarray:
    return np.where(ranks < 0, np.iinfo(np.int64).min - ranks, ranks).view(np.float64)


def stretches(case: Case, x: np.ndarray, *, slopes: bool) -> tuple[Interval, ...]:
    """The intervals on which the slope, or the value, is exactly 0, told from underflow."""
    function = case.slope if slopes else case.value
    zero = exactly.is_flat if slopes else exactly.is_zero
    with np.errstate(all="ignore"):
        still = function(x) == 0
    changes = np.flatnonzero(np.diff(still.astype(int)))
    starts = np.concatenate([[0] if still[0] else [], changes[~still[changes]] + 1]).astype(int)
    stops = np.concatenate([changes[still[changes]], [x.size - 1] if still[-1] else []]).astype(int)
    found = []
    for start, stop in zip(starts, stops, strict=True):
        # A cell of the grid next to a joint is no stretch yet, and single zeros are roots.
        if stop - start < 2:
            continue
        stretch = _stretch(case, zero, x, int(start), int(stop))
        if stretch is not None and not exactly.is_cut(case, _inside(stretch), slopes=slopes):
            found.append(stretch)
    return _joined(found)


def _stretch(
    case: Case, zero: Callable[[Case, float], bool], x: np.ndarray, start: int, stop: int
) -> Interval | None:
    samples = np.unique(np.linspace(start, stop, FLAT_SAMPLES).astype(int))
    near = samples[np.abs(x[samples]) <= FARTHEST_EXACT]
    ends = [k for k in (start, stop) if abs(x[k]) <= FARTHEST_EXACT]
    # Of an empty list numpy would make floats, and floats index nothing.
    near = np.unique(np.append(near, np.array(ends, dtype=int)))
    dead = [int(k) for k in near if zero(case, float(x[k]))]
    if len(dead) < 2:
        return None
    low = -math.inf if start == 0 else _end(case, zero, x, dead[0], start - 1)
    high = math.inf if stop == x.size - 1 else _end(case, zero, x, dead[-1], stop + 1)
    return low, high


def _inside(stretch: Interval) -> float:
    """A point of an interval, near the end that is nearest to 0."""
    low, high = stretch
    if low <= 0 <= high:
        nearest = low if -low < high else high
        return 0.5 * nearest if nearest else math.copysign(0.5, high - 0.5)
    end, other = (low, high) if low > 0 else (high, low)
    return end + math.copysign(min(1e-3, 0.5 * abs(other - end)), other - end)


def _end(
    case: Case, zero: Callable[[Case, float], bool], x: np.ndarray, inside: int, outside: int
) -> float:
    """Where a stretch of zeros ends, between two points of the grid."""
    a, b = float(x[inside]), float(x[outside])
    between = [joint for joint in case.joints if min(a, b) <= joint <= max(a, b)]
    for joint in between:
        step = 1e-12 * (1 + abs(joint)) * (1 if b > a else -1)
        if zero(case, joint - step) and not zero(case, joint + step):
            return joint
    for _ in range(60):
        middle = 0.5 * (a + b)
        if middle in (a, b):
            break
        a, b = (middle, b) if zero(case, middle) else (a, middle)
    return a


def _joined(found: list[Interval]) -> tuple[Interval, ...]:
    """Neighbouring stretches as one."""
    merged: list[Interval] = []
    for low, high in found:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def near_zeros(function: Function, x: np.ndarray) -> np.ndarray:
    """Where a function comes nearest to 0, or goes farthest beyond it, between its points.

    Two sign changes in one cell of the grid, and zeros that only touch, come to light there.
    """
    with np.errstate(all="ignore"):
        y = function(x)
    size = np.abs(y)
    lowest = (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:]) & (size[1:-1] > 0)
    middle = np.flatnonzero(lowest) + 1
    low, high = x[middle - 1], x[middle + 1]
    parts = np.linspace(0, 1, 17)
    best, side = x[middle], np.sign(y[middle])[:, None]
    for _ in range(14):
        if not low.size:
            break
        fine = low[:, None] + (high - low)[:, None] * parts
        least = (side * function(fine)).argmin(1)
        rows = np.arange(low.size)
        best = fine[rows, least]
        low, high = fine[rows, np.maximum(least - 1, 0)], fine[rows, np.minimum(least + 1, 16)]
    return best


def surely_below_zero(
    case: Case, at: float, found: float, exact: Callable[[Case, float], Any]
) -> bool:
    """Whether a minimum that doubles give as ``found`` is negative in mathematics."""
    return found < 0 and bool(exact(case, at) < -exactly.SLIGHTEST)
