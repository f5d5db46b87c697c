"""Curves of many runs over a common axis: data, then drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from actlab.figures.axis import axis_around
from actlab.figures.chart import COLOURS, Chart
from actlab.figures.data import LOWEST, Array, Rows

MOST_RUNS = 3
"""Single runs drawn of each function; the shade covers half of them."""


@dataclass(frozen=True)
class CurveBand:
    """The runs of one function.

    Args:
        label: the function.
        at: positions along the axis.
        runs: one row per seed, where a value that is not finite is a gap.
        median, low, high: over the seeds; low and high are the quartiles.
        series: its number in the study; the first few have a colour of their own, others are
            faint.
    """

    label: str
    at: Array
    runs: Array
    median: Array
    low: Array
    high: Array
    series: int


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


def curve_band(label: str, at: Rows, runs: Rows, series: int, scale: str) -> CurveBand:
    """Median and quartiles of runs, position by position."""
    values = np.asarray(runs, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    if scale == "log10":
        values = np.maximum(values, LOWEST)
    low, median, high = quartiles(values)
    return CurveBand(label, np.asarray(at, np.float64), values, median, low, high, series)


def quartiles(values: Array) -> tuple[Array, Array, Array]:
    """Quartile, median and quartile of each column's finite values; no number where there is none.

    Between values as :func:`numpy.percentile`.
    """
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    columns = np.arange(ordered.shape[1])
    found = []
    for share in (0.25, 0.5, 0.75):
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        first, second = ordered[below, columns], ordered[above, columns]
        found.append(first + (place - below) * (second - first))
    return found[0], found[1], found[2]


def curve_figure(
    title: str, along: str, scale: Literal["linear", "log10"], bands: Sequence[CurveBand]
) -> CurveFigure:
    """A figure of bands, the first functions last so that they lie above the others."""
    ordered = sorted(bands, key=lambda band: -band.series)
    return CurveFigure(title, along, scale, tuple(ordered))


def draw_curves(
    data: CurveFigure, runs: int = MOST_RUNS, tolerance: float = 0.4, bands: bool = True
) -> str:
    """Medians (thick), quartiles (shade) and single runs (thin); the page writes the title.

    Args:
        data: what to draw.
        runs: single runs drawn of each function that has a colour. Default: 3.
        tolerance: pixels that a drawn line may lie off. Default: 0.4.
        bands: whether quartiles are drawn. Default: True.
    """
    own = [band for band in data.bands if band.series < COLOURS]
    shown = [band.runs[:runs] for band in own]
    shown += [edge for band in own for edge in (band.low, band.high) if bands]
    shown += [band.median for band in data.bands]
    numbers = np.concatenate([np.ravel(one) for one in shown]) if shown else np.zeros(1)
    at = np.concatenate([band.at for band in data.bands]) if data.bands else np.zeros(1)
    up = axis_around(numbers, data.scale)
    chart = Chart(axis_around(at, room=0.0), up, data.along)
    for band in data.bands:
        chart.begin(band.series)
        if band.series < COLOURS:
            if bands:
                chart.band(band.at, band.low, band.high, 1.5 * tolerance)
            for run in band.runs[:runs]:
                chart.line(band.at, run, "t", 1.5 * tolerance)
        chart.line(band.at, band.median, "l", tolerance)
        chart.end()
    return chart.svg()


def spoken_curves(data: CurveFigure) -> str:
    """The figure in words."""
    ends = [
        f"{band.label} ends at {band.median[np.isfinite(band.median)][-1]:.3g}"
        for band in reversed(data.bands)
        if band.series < COLOURS and np.isfinite(band.median).any()
    ]
    return f"{data.title} by {data.along}, medians over seeds: {'; '.join(ends) or 'no runs'}."
