"""The edge of chaos: the weights at which signal and gradient both last, for every variance."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.gain import ROUNDING, at_variance, bias_variance, inverse_root

WIDE = (1e-4, 1e5)
"""Variances between which the edge of chaos is followed."""

PER_DECADE = 12


@dataclass(frozen=True, slots=True)
class EdgePoint:
    """A point on the edge of chaos.

    Attributes:
        q: the fixed variance. weight, bias: sw and sb.
        slope: of the variance map there; its size is below 1 where the point attracts.
    """

    q: float
    weight: float
    bias: float
    slope: float


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge of chaos of an activation.

    Attributes:
        spans: the intervals of q on which it exists, within the range searched.
        points: points on it, the ends of the spans among them.
        searched: the range of q.
    """

    spans: tuple[tuple[float, float], ...]
    points: tuple[EdgePoint, ...]
    searched: tuple[float, float]

    def __bool__(self) -> bool:
        return bool(self.spans)


def edge_of_chaos(
    activation: Analysed, searched: tuple[float, float] = WIDE, **params: float
) -> Edge:
    """The edge of chaos, followed over many decades of the variance q.

    Args:
        activation: a name, a definition, or a case.
        searched: the range of q. Default: 1e-4 to 1e5.
        **params: its parameters; those not given take their defaults.

    Returns:
        The intervals of q where it exists, to 1e-9 relative, and points on it. It is empty
        (and false) for functions that have none.

    Raises:
        ValueError: the range or a parameter is outside its domain.

    Example:
        >>> from actlab.analysis import edge_of_chaos
        >>> round(edge_of_chaos("powerlu", p=4.0).spans[0][0], 2)
        0.27
        >>> bool(edge_of_chaos("softplus"))
        False
    """
    low, high = searched
    if not 0 < low < high < math.inf:
        raise ValueError(f"searched must be (low, high) with 0 < low < high, got {searched!r}")
    return _edge(case(activation, params), (float(low), float(high)))


@functools.lru_cache(maxsize=256)
def _edge(subject: Case, searched: tuple[float, float]) -> Edge:
    logs = [math.log(end) for end in searched]
    count = max(2, math.ceil((logs[1] - logs[0]) / math.log(10) * PER_DECADE))
    grid = [logs[0] + (logs[1] - logs[0]) * k / count for k in range(count + 1)]
    inside = [bias_variance(subject, math.exp(log_q)) >= -ROUNDING for log_q in grid]
    spans: list[tuple[float, float]] = []
    start = grid[0]
    for k, here in enumerate(inside):
        before = inside[k - 1] if k else False
        if here and not before:
            start = _border(subject, grid[k - 1], grid[k]) if k else grid[0]
        if here and (k == count or not inside[k + 1]):
            stop = grid[k] if k == count else _border(subject, grid[k + 1], grid[k])
            spans.append((math.exp(start), math.exp(stop)))
    places = sorted(
        {math.exp(g) for g, here in zip(grid, inside, strict=True) if here}
        | {end for span in spans for end in span}
    )
    return Edge(tuple(spans), tuple(_edge_point(subject, q) for q in places), searched)


def _edge_point(subject: Case, q: float) -> EdgePoint:
    at = at_variance(subject, q)
    bias = max(q - at.square / at.slope_square, 0.0)
    bias = bias if bias > ROUNDING * q else 0.0
    return EdgePoint(q, inverse_root(at.slope_square), math.sqrt(bias), at.growth / at.slope_square)


def _border(subject: Case, outside: float, inside: float) -> float:
    """Where between two logarithms of q the edge of chaos begins."""
    for _ in range(32):
        middle = 0.5 * (outside + inside)
        if bias_variance(subject, math.exp(middle)) >= -ROUNDING:
            inside = middle
        else:
            outside = middle
    return inside
