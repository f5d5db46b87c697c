"""Whether, and where, the output of an activation determines its input."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from actlab.analysis.case import Case
from actlab.analysis.landscape import Interval

SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Inverse:
    """Where the input follows from the output.

    Attributes:
        kind: ``"bijection"`` onto the range; ``"outside flat pieces"``; ``"branches"`` where
            some outputs have several inputs; ``"none"`` for a constant or an endless oscillation.
        branches: the number of pieces on which f is strictly monotone; 0 where endless.
        bits: what has to be kept beside the output to tell the branches apart.
        where: the intervals of outputs that have exactly one input.
    """

    kind: str
    branches: int
    bits: int
    where: tuple[Interval, ...]


def inverse_of(
    case: Case,
    direction: str,
    extrema: np.ndarray,
    flat: tuple[Interval, ...],
    span: Interval,
    endless: bool,
) -> Inverse:
    """The inverse from the places where a function turns or rests."""
    if direction == "constant" or endless:
        return Inverse("none", 0, 0, ())
    if direction in ("increasing", "decreasing"):
        return Inverse("bijection", 1, 0, (span,))
    ends = {-math.inf, math.inf, *(float(x) for x in extrema)}
    ends |= {end for stretch in flat for end in stretch}
    places = sorted(ends)
    pieces, levels = [], set()
    for low, high in itertools.pairwise(places):
        below, above = (_limit(case, end, span) for end in (low, high))
        if any(left <= low and high <= right for left, right in flat):
            levels |= {below, above}
        else:
            pieces.append((min(below, above), max(below, above)))
    levels = {level for level in levels if math.isfinite(level)}
    where = _once(pieces, levels)
    bits = math.ceil(math.log2(len(pieces))) if len(pieces) > 1 else 0
    kind = "outside flat pieces" if direction.startswith("non") else "branches"
    return Inverse(kind, len(pieces), bits if kind == "branches" else 0, where)


def _limit(case: Case, x: float, span: Interval) -> float:
    """The value at a place or an infinity, as an end of the range where it is one."""
    at = x if math.isfinite(x) else math.copysign(1e300, x)
    with np.errstate(all="ignore"):
        y = float(case.value(np.array([at]))[0])
    for end in span:
        if abs(y) > 1e100 and math.isinf(end) and (y > 0) == (end > 0):
            return end
        if math.isfinite(end) and abs(y - end) <= SAME * (1 + abs(end)):
            return end
    return y


def _once(pieces: list[Interval], levels: set[float]) -> tuple[Interval, ...]:
    """The outputs that exactly one piece takes, and no flat one."""
    ends = sorted({end for piece in pieces for end in piece} | levels)
    distinct: list[float] = []
    for end in ends:
        same = distinct and math.isfinite(end) and abs(end - distinct[-1]) <= SAME * (1 + abs(end))
        if not same:
            distinct.append(end)
    found: list[Interval] = []
    for low, high in itertools.pairwise(distinct):
        middle = _between(low, high)
        takers = sum(below < middle < above for below, above in pieces)
        if takers == 1:
            # An end between two such intervals belongs to them unless a flat piece sits there.
            if found and found[-1][1] == low and low not in levels:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
    return tuple(found)


def _between(low: float, high: float) -> float:
    if math.isinf(low):
        return high - 1 if math.isfinite(high) else 0.0
    return low + 1 if math.isinf(high) else 0.5 * (low + high)
