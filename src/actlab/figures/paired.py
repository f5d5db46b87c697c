"""Differences to a baseline, seed by seed: data, then drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from actlab.figures.axis import axis_around, row_axis
from actlab.figures.chart import Chart
from actlab.figures.data import Array, short_label

MOST_ROWS = 40
"""Functions that are drawn; tables hold the rest."""


@dataclass(frozen=True)
class PairedRow:
    """One function.

    Args:
        label: the function.
        differences: to the baseline, seed by seed; above 0 is better.
        estimate: of the difference. low, high: its interval, or None.
        series: its number in the study; the first few have a colour of their own.
    """

    label: str
    differences: Array
    estimate: float
    low: float | None
    high: float | None
    series: int = 0


@dataclass(frozen=True)
class PairedFigure:
    """Functions against one baseline, best first.

    Args:
        rows: the functions.
        smallest: smallest effect of interest.
        baseline: what they are compared with.
        title: of the axis.
    """

    rows: tuple[PairedRow, ...]
    smallest: float
    baseline: str
    title: str


def paired_figure(
    rows: Sequence[PairedRow], smallest: float, baseline: str, title: str
) -> PairedFigure:
    """Functions sorted by their estimates, the best first; at most ``MOST_ROWS`` of them."""
    ordered = sorted(rows, key=lambda row: -row.estimate)
    if len(ordered) > MOST_ROWS:
        half = MOST_ROWS // 2
        ordered = [*ordered[:half], *ordered[-half:]]
    return PairedFigure(tuple(ordered), smallest, baseline, title)


def draw_paired(data: PairedFigure) -> str:
    """A row for each function: a dot for each seed, the estimate with its interval."""
    count = max(1, len(data.rows))
    everything = [row.differences for row in data.rows]
    ends = [end for row in data.rows for end in (row.low, row.high) if end is not None]
    whole = np.concatenate([*everything, [-1.3 * data.smallest, 1.3 * data.smallest], ends])
    chart = Chart(
        axis_around(whole),
        row_axis([short_label(row.label) for row in data.rows]),
        data.title,
        # A single row has room to spread its seeds.
        height=max(66, 12 + 22 * count),
        grid=False,
    )
    chart.zone(-data.smallest, data.smallest)
    chart.segments([(0.0, -0.6, 0.0, count - 0.4)], "ze")
    for place, row in enumerate(data.rows):
        height = float(count - 1 - place)
        spread = 0.28 * np.linspace(-1.0, 1.0, row.differences.size)
        chart.begin(row.series)
        chart.dots(row.differences, height + spread)
        if row.low is not None and row.high is not None:
            chart.segments([(row.low, height, row.high, height)], "i")
        chart.diamond(row.estimate, height)
        chart.end()
    return chart.svg()


def spoken_paired(data: PairedFigure) -> str:
    """The figure in words, for readers who do not see it."""
    said: Mapping[str, str] = {
        row.label: f"{row.estimate:+.3g}"
        + (f" ({row.low:+.3g} to {row.high:+.3g})" if row.low is not None else "")
        for row in data.rows
    }
    each = "; ".join(f"{label} {text}" for label, text in said.items())
    return f"Differences to {data.baseline}, above 0 is better: {each or 'no runs'}."
