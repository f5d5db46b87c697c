"""Differences to a baseline, seed by seed: data, then drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from actlab.figures.canvas import FAINT, GRID, INK, SERIES, blank, styled, to_svg
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
        series: which colour it has, from 0; None for the common one.
    """

    label: str
    differences: Array
    estimate: float
    low: float | None
    high: float | None
    series: int | None = None


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


def draw_paired(data: PairedFigure, name: str, width: float = 4.6) -> str:
    """A row for each function: a dot for each seed, the estimate with its interval.

    Args:
        data: what to draw.
        name: unique on the page.
        width: in inches.
    """
    with styled():
        count = max(1, len(data.rows))
        figure, axes = blank(width, 0.85 + 0.27 * count)
        axes.axvspan(-data.smallest, data.smallest, color=GRID, lw=0, alpha=0.75)
        axes.axvline(0.0, color=INK, lw=0.9)
        for place, row in enumerate(data.rows):
            height = float(count - 1 - place)
            colour = SERIES[0 if row.series is None else row.series % len(SERIES)]
            spread = np.linspace(-0.16, 0.16, row.differences.size) if row.differences.size else []
            axes.plot(row.differences, height + np.asarray(spread), "o", color=colour, ms=2.6,
                      alpha=0.45, mew=0)  # fmt: skip
            if row.low is not None and row.high is not None:
                axes.plot([row.low, row.high], [height, height], color=colour, lw=2.4,
                          solid_capstyle="butt")  # fmt: skip
            axes.plot([row.estimate], [height], "D", color=colour, ms=5.2, mec=INK, mew=0.7)
        everything = [row.differences for row in data.rows if row.differences.size]
        whole = np.concatenate([*everything, [-1.3 * data.smallest, 1.3 * data.smallest]])
        low, high = float(whole.min()), float(whole.max())
        room = 0.05 * (high - low)
        axes.set(
            xlim=(low - room, high + room),
            ylim=(-0.6, count - 0.4),
            yticks=range(count),
            yticklabels=[short_label(row.label) for row in reversed(data.rows)],
            xlabel=data.title,
        )
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        for text in axes.get_yticklabels():
            text.set_color(FAINT if not data.rows else INK)
        return to_svg(figure, name)


def spoken_paired(data: PairedFigure) -> str:
    """The figure in words, for readers who do not see it."""
    said: Mapping[str, str] = {
        row.label: f"{row.estimate:+.3g}"
        + (f" ({row.low:+.3g} to {row.high:+.3g})" if row.low is not None else "")
        for row in data.rows
    }
    each = "; ".join(f"{label} {text}" for label, text in said.items())
    return f"Differences to {data.baseline}, above 0 is better: {each or 'no runs'}."
