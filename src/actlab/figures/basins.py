"""What is reached at every learning rate that was tried: data, then drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from actlab.figures.axis import MOST_TICKS, Axis, axis_around
from actlab.figures.chart import Chart
from actlab.figures.data import Array


@dataclass(frozen=True)
class Basin:
    """One function.

    Args:
        label: the function.
        rates: ascending.
        values: of the metric, ``(rates, seeds)``.
        chosen: the rate that was chosen.
        at_edge: whether it is the first or the last.
        series: its number in the study; the first few have a colour of their own.
    """

    label: str
    rates: Array
    values: Array
    chosen: float
    at_edge: bool
    series: int


@dataclass(frozen=True)
class BasinFigure:
    """Several functions over learning rates."""

    title: str
    scale: Literal["linear", "log10"]
    basins: tuple[Basin, ...]


def draw_basins(data: BasinFigure) -> str:
    """A line of medians for each function, a dot for each tuning run, a ring at the choice."""
    rates = np.concatenate([basin.rates for basin in data.basins])
    values = np.concatenate([np.ravel(basin.values) for basin in data.basins])
    chart = Chart(_tried(rates), axis_around(values, data.scale), "learning rate",
                  data.title)  # fmt: skip
    for basin in data.basins:
        medians = np.median(basin.values, axis=1)
        place = int(np.argmin(np.abs(basin.rates - basin.chosen)))
        chart.begin(basin.series)
        chart.line(basin.rates, medians, "l", 0.0)
        chart.dots(np.repeat(basin.rates, basin.values.shape[1]), np.ravel(basin.values))
        chart.ring(basin.rates[place], medians[place])
        chart.end()
    return chart.svg()


def _tried(rates: Array) -> Axis:
    """An axis whose ticks are the rates that were tried."""
    axis = axis_around(rates, "log10")
    every = np.unique(rates)
    shown = every[:: max(1, -(-every.size // MOST_TICKS))]
    ticks = tuple((float(rate), f"{rate:.3g}".replace("e-0", "e-")) for rate in shown)
    return Axis(axis.low, axis.high, True, ticks)


def spoken_basins(data: BasinFigure) -> str:
    """The figure in words."""
    said = [
        f"{basin.label} at {basin.chosen:.3g}" + (", an end of the grid" if basin.at_edge else "")
        for basin in data.basins
    ]
    return f"Best learning rates by {data.title}: {'; '.join(said) or 'none were tuned'}."
