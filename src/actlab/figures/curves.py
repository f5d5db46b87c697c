"""Curves of many runs over a common axis: data, then drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from actlab.figures.canvas import FAINT, SERIES, blank, styled, to_svg
from actlab.figures.data import LOWEST, Array, Rows, short_label

MOST_RUNS = 6
"""Single runs drawn of each function; the shade covers all of them."""


@dataclass(frozen=True)
class CurveBand:
    """The runs of one function.

    Args:
        label: the function.
        at: positions along the axis.
        runs: one row per seed, where a value that is not finite is a gap.
        median, low, high: over the seeds; low and high are the quartiles.
        series: its colour, from 0; None draws it faint and without a name.
    """

    label: str
    at: Array
    runs: Array
    median: Array
    low: Array
    high: Array
    series: int | None


@dataclass(frozen=True)
class CurveFigure:
    """Curves of several functions.

    Args:
        title: of the vertical axis. along: of the horizontal one.
        scale: of the vertical axis.
        bands: one for each function.
    """

    title: str
    along: str
    scale: Literal["linear", "log10"]
    bands: tuple[CurveBand, ...]


def curve_band(label: str, at: Rows, runs: Rows, series: int | None, scale: str) -> CurveBand:
    """Median and quartiles of runs, position by position."""
    values = np.asarray(runs, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    if scale == "log10":
        values = np.maximum(values, LOWEST)
    some = np.isfinite(values).any(axis=0)
    low, median, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if some.any():
        low[some], median[some], high[some] = np.nanpercentile(
            values[:, some], [25, 50, 75], axis=0
        )
    return CurveBand(label, np.asarray(at, np.float64), values, median, low, high, series)


def curve_figure(
    title: str, along: str, scale: Literal["linear", "log10"], bands: Sequence[CurveBand]
) -> CurveFigure:
    """A figure of bands, the faint ones first so that the others lie above them."""
    ordered = sorted(bands, key=lambda band: band.series is not None)
    return CurveFigure(title, along, scale, tuple(ordered))


def draw_curves(data: CurveFigure, name: str) -> str:
    """Medians (thick), quartiles (shade) and single runs (thin) of every function.

    Args:
        data: what to draw.
        name: unique on the page.
    """
    with styled():
        figure, axes = blank(4.3, 3.3)
        for band in data.bands:
            if band.series is None:
                axes.plot(band.at, band.median, color=FAINT, lw=0.7, alpha=0.4)
                continue
            colour = SERIES[band.series % len(SERIES)]
            dash = "-" if band.series < len(SERIES) else (0, (4, 1.5))
            axes.fill_between(band.at, band.low, band.high, color=colour, alpha=0.16, lw=0)
            for run in band.runs[:MOST_RUNS]:
                axes.plot(band.at, run, color=colour, lw=0.45, alpha=0.4)
            axes.plot(band.at, band.median, color=colour, lw=1.9, ls=dash,
                      label=short_label(band.label))  # fmt: skip
        axes.set(xlabel=data.along, ylabel=data.title)
        if data.scale == "log10" and any(np.isfinite(band.median).any() for band in data.bands):
            axes.set_yscale("log")
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0),
                        ncols=2, borderaxespad=0.2, fontsize=8)  # fmt: skip
        return to_svg(figure, name)


def spoken_curves(data: CurveFigure) -> str:
    """The figure in words."""
    ends = [
        f"{band.label} ends at {band.median[np.isfinite(band.median)][-1]:.3g}"
        for band in data.bands
        if band.series is not None and np.isfinite(band.median).any()
    ]
    return f"{data.title} by {data.along}, medians over seeds: {'; '.join(ends) or 'no runs'}."
