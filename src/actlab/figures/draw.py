"""Drawing the figures of tasks that fit points, and of the functions; each returns SVG text."""

from __future__ import annotations

import numpy as np

from actlab.figures.axis import Axis, axis_around, linear_axis, log_axis
from actlab.figures.chart import Chart
from actlab.figures.data import Array, Band, FitFigure, GradientFigure, LossFigure, ShapeFigure

MOST_LINES = 5
"""Single runs drawn per function; the shaded range always covers all of them."""


def draw_losses(data: LossFigure, limits: tuple[float, float]) -> str:
    """Loss by round on a logarithmic axis: runs, range, median, and best so far (dashed).

    Args:
        data: what to draw.
        limits: the vertical axis, shared by figures that are compared.
    """
    last = max(1.0, float(data.rounds[-1]) if data.rounds.size else 1.0)
    chart = Chart(linear_axis(0.0, last), log_axis(*limits), "round", "mean squared error")
    for number, (one, best) in enumerate(zip(data.bands, data.best, strict=True)):
        chart.begin(number)
        _band(chart, data.rounds, one)
        chart.line(data.rounds, best, "h")
        chart.end()
    chart.segments([(0.0, data.floor, last, data.floor)], "da")
    return chart.svg()


def draw_gradients(data: GradientFigure, limits: tuple[float, float]) -> str:
    """Gradient size by layer on a logarithmic axis, with the optimiser's epsilon."""
    last = max(2.0, float(data.layers[-1]) if data.layers.size else 2.0)
    along = "layer (1 is next to the input)"
    chart = Chart(linear_axis(1.0, last), log_axis(*limits), along, "size of weight gradient")
    for number, one in enumerate(data.bands):
        chart.begin(number)
        _band(chart, data.layers, one)
        chart.end()
    chart.segments([(1.0, data.eps, last, data.eps)], "da")
    chart.label(1.0, data.eps, "Adam's epsilon")
    return chart.svg()


def draw_fit(data: FitFigure) -> str:
    """The data and the trained networks."""
    low, high = float(data.y.min()), float(data.y.max())
    room = 0.35 * (high - low or 1.0)
    chart = Chart(axis_around(data.x), linear_axis(low - room, high + room), "x", "y")
    for number, one in enumerate(data.bands):
        chart.begin(number)
        for run in one.runs[:MOST_LINES]:
            chart.line(data.grid, run, "t")
        chart.line(data.grid, one.median)
        chart.end()
    chart.dots(data.x, data.y, "k")
    return chart.svg()


def draw_shape(data: ShapeFigure, number: int) -> str:
    """A function (solid) and its slope (dashed), small.

    Args:
        data: what to draw.
        number: of the function in its study.
    """
    across = Axis(-4.0, 4.0, False, ((-4.0, "-4"), (0.0, "0"), (4.0, "4")))
    chart = Chart(across, Axis(-5.2, 5.2, False, across.ticks), "", height=140, width=200)
    chart.begin(number)
    # A jump is a gap, not a steep line: the slope is cut where it leaps.
    chart.line(data.x, _inside(_with_gaps(data.slope)), "h")
    chart.line(data.x, _inside(data.value))
    chart.end()
    return chart.svg()


def _band(chart: Chart, across: Array, data: Band) -> None:
    chart.band(across, data.low, data.high)
    for run in data.runs[:MOST_LINES]:
        chart.line(across, run, "t", 0.6)
    chart.line(across, data.median)


def _inside(values: Array) -> Array:
    """The values; a gap where the line would run along the edge of the drawing."""
    return np.where(np.abs(values) <= 5.3, values, np.nan)


def _with_gaps(slope: Array) -> Array:
    steps = np.abs(np.diff(slope))
    usual = np.median(steps)
    broken = slope.copy()
    broken[1:][steps > np.maximum(0.2, 50 * usual)] = np.nan
    return broken
