"""Tables of plain text cells, numbers as text, and tables cut to a width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """A table.

    Args:
        title: above it.
        head: the columns' names; the first column holds labels.
        rows: text cells, as many as columns.
        note: below it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def number(value: float) -> str:
    """A ratio: three digits, no more."""
    if math.isnan(value):
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """A time per call, three digits and a unit."""
    if math.isnan(seconds):
        return "-"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{three_digits(seconds / scale)} {unit}"
    return f"{three_digits(seconds / 1e-9)} ns"


def three_digits(value: float) -> str:
    """A number above zero: three digits where they are behind the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def chunks(grid: Grid, width: int) -> Iterable[Grid]:
    """The table cut into tables that fit into so many characters, labels repeated in each.

    Labels that are too long are folded by whoever prints.
    """
    label = min(max(len(row[0]) for row in (grid.head, *grid.rows)), max(12, width // 3))
    sizes = [max(len(row[k]) for row in (grid.head, *grid.rows)) for k in range(len(grid.head))]
    start = 1
    while start < len(grid.head):
        stop, used = start, label
        while stop < len(grid.head) and (stop == start or used + sizes[stop] + 2 <= width):
            used += sizes[stop] + 2
            stop += 1
        yield Grid(
            grid.title,
            (grid.head[0], *grid.head[start:stop]),
            tuple((row[0], *row[start:stop]) for row in grid.rows),
            grid.note if stop == len(grid.head) else "",
        )
        start = stop
