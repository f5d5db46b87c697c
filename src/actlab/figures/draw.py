"""Drawing the data of a figure; every function returns SVG text."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from actlab.figures.canvas import FAINT, INK, SERIES, blank, styled, to_svg
from actlab.figures.data import (
    Array,
    Band,
    FitFigure,
    GradientFigure,
    LossFigure,
    ShapeFigure,
    SpreadFigure,
    short_label,
)

WIDTH = 4.3
MOST_LINES = 10
"""Single runs drawn per function; the shaded range always covers all of them."""


def draw_losses(data: LossFigure, name: str, limits: tuple[float, float]) -> str:
    """Loss by round on a logarithmic axis: runs, range, median, and best so far (dashed).

    Args:
        data: what to draw.
        name: unique on the page.
        limits: the vertical axis, shared by figures that are compared.
    """
    with styled():
        figure, axes = blank(WIDTH, 3.5)
        for place, (one, best) in enumerate(zip(data.bands, data.best, strict=True)):
            _band(axes, data.rounds, one, place)
            axes.plot(data.rounds, best, color=SERIES[place], lw=1.2, ls=(0, (2, 2)))
        axes.axhline(data.floor, color=FAINT, lw=0.8, ls=":")
        axes.set(
            yscale="log",
            ylim=limits,
            xlim=(0, max(1.0, float(data.rounds[-1]) if data.rounds.size else 1.0)),
            xlabel="round",
            ylabel="mean squared error",
        )
        _legend(axes)
        return to_svg(figure, name)


def draw_gradients(data: GradientFigure, name: str, limits: tuple[float, float]) -> str:
    """Gradient size by layer on a logarithmic axis, with the optimiser's epsilon."""
    with styled():
        figure, axes = blank(WIDTH, 3.5)
        for place, one in enumerate(data.bands):
            _band(axes, data.layers, one, place)
        axes.axhline(data.eps, color=FAINT, lw=1.0, ls="--")
        axes.annotate(
            "Adam's epsilon",
            (1.0, data.eps),
            xytext=(0, 3),
            textcoords="offset points",
            ha="left",
            color=FAINT,
            fontsize=8.5,
        )
        axes.set(
            yscale="log",
            ylim=limits,
            xlabel="layer (1 is next to the input)",
            ylabel="size of weight gradient",
        )
        _legend(axes)
        return to_svg(figure, name)


def draw_fit(data: FitFigure, name: str) -> str:
    """The data and the trained networks."""
    with styled():
        figure, axes = blank(WIDTH, 3.3)
        for place, one in enumerate(data.bands):
            for run in one.runs[:MOST_LINES]:
                axes.plot(data.grid, run, color=SERIES[place], lw=0.8, alpha=0.45)
            axes.plot(data.grid, one.median, color=SERIES[place], lw=1.8, label=one.label)
        axes.plot(data.x, data.y, "o", color=INK, ms=3.5, label="the pairs", zorder=5)
        low, high = float(data.y.min()), float(data.y.max())
        room = 0.35 * (high - low)
        axes.set(xlabel="x", ylabel="y", ylim=(low - room, high + room))
        _legend(axes)
        return to_svg(figure, name)


def draw_shape(data: ShapeFigure, name: str, series: int) -> str:
    """A function (solid) and its slope (dashed), small.

    Args:
        data: what to draw.
        name: unique on the page.
        series: which of the page's series colours to take, from 0.
    """
    with styled():
        figure, axes = blank(2.1, 1.9)
        axes.axhline(0.0, color=FAINT, lw=0.6)
        axes.axvline(0.0, color=FAINT, lw=0.6)
        # A jump is a gap, not a steep line: the slope is cut where it leaps.
        axes.plot(data.x, _with_gaps(data.slope), color=FAINT, lw=1.3, ls=(0, (3, 1.5)))
        axes.plot(data.x, data.value, color=SERIES[series], lw=1.8)
        axes.set(xlim=(-4, 4), ylim=(-5.2, 5.2), xticks=(-4, -2, 0, 2, 4), yticks=(-4, -2, 0, 2, 4))
        return to_svg(figure, name)


def draw_spread(data: SpreadFigure, name: str) -> str:
    """Final loss of every run by function, the median as a bar, lowest median on top."""
    with styled():
        count = max(1, len(data.labels))
        figure, axes = blank(WIDTH, 0.9 + 0.24 * count)
        for place, finals in enumerate(data.finals):
            height = np.full(finals.size, count - 1 - place)
            axes.plot(finals, height, "o", color=SERIES[0], ms=4, alpha=0.5, mew=0)
            median = data.medians[place]
            axes.plot([median], height[:1], "|", color=INK, ms=11, mew=2)
        axes.axvline(data.floor, color=FAINT, lw=0.8, ls=":")
        axes.axvline(data.fitted, color=FAINT, lw=1.0, ls="--")
        lowest = min((float(f.min()) for f in data.finals), default=1e-6)
        axes.set(
            xscale="log",
            xlim=(min(lowest / 10, data.fitted / 10), 10),
            ylim=(-0.7, count - 0.3),
            yticks=range(count),
            yticklabels=[short_label(label) for label in reversed(data.labels)],
            xlabel="final mean squared error",
        )
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        return to_svg(figure, name)


def _band(axes: Axes, across: Array, data: Band, place: int) -> None:
    color = SERIES[place]
    axes.fill_between(across, data.low, data.high, color=color, alpha=0.15, lw=0)
    for run in data.runs[:MOST_LINES]:
        axes.plot(across, run, color=color, lw=0.6, alpha=0.55)
    axes.plot(across, data.median, color=color, lw=2.0, label=data.label)


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)


def _with_gaps(slope: Array) -> Array:
    steps = np.abs(np.diff(slope))
    usual = np.median(steps)
    broken = slope.copy()
    broken[1:][steps > np.maximum(0.2, 50 * usual)] = np.nan
    return broken
