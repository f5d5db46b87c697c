"""Times relative to a reference against size: the data and the drawing."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from actlab.figures.canvas import FAINT, GRID, INK, SERIES, blank, styled, to_svg
from actlab.figures.data import Array, short_label

PAPER = "#ffffff"
PLAIN = {
    INK: "#1d2126", FAINT: "#676d75", GRID: "#e4e6e8",
    **dict(zip(SERIES, ("#1668b8", "#c4560d", "#2f7d4f", "#7a4fb0", "#8a6d00", "#52606d"),
               strict=True)),
}  # fmt: skip
"""Colours for drawings that stand alone."""

LOWEST_FLOOR = 0.25
"""The axis follows the copy of the same bytes no further down than this."""

DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Curve:
    """Ratios of one function by size, with the quartiles of the paired ratios."""

    label: str
    sizes: Array
    ratios: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class RatioFigure:
    """One panel.

    Args:
        title: what is timed.
        curves: one for each function.
        floor: the copy of the same bytes, when it was timed.
        goals: ``(smallest size, largest size, limit)`` of the targets.
    """

    title: str
    curves: tuple[Curve, ...]
    floor: Curve | None
    goals: tuple[tuple[float, float, float], ...]


Values = Mapping[int, tuple[float, float, float]]


def ratio_figure(
    title: str,
    ratios: Mapping[str, Values],
    floor: Values,
    goals: Sequence[tuple[float, float, float]] = (),
) -> RatioFigure:
    """A panel from ``{label: {size: (ratio, low, high)}}``; functions without any are left out."""
    curves = tuple(_curve(label, values) for label, values in ratios.items() if values)
    return RatioFigure(title, curves, _curve("copy", floor) if floor else None, tuple(goals))


def _curve(label: str, values: Values) -> Curve:
    sizes = sorted(values)
    columns = np.array([values[size] for size in sizes], dtype=np.float64).T
    return Curve(label, np.array(sizes, dtype=np.float64), *columns)


def draw_ratios(data: RatioFigure, name: str) -> str:
    """A panel as SVG for a page.

    Args:
        data: what to draw.
        name: unique on the page.
    """
    with styled():
        figure, axes = blank(4.6, 3.6)
        _panel(axes, data, dict(zip(PLAIN, PLAIN, strict=True)))
        _legend(axes)
        return to_svg(figure, name)


def draw_sheet(panels: Sequence[RatioFigure], heading: str) -> bytes:
    """All panels on one sheet, as a PNG file."""
    rows = max(1, -(-len(panels) // 2))
    with styled():
        changed = {
            k: PLAIN[v] for k, v in mpl.rcParams.items() if isinstance(v, str) and v in PLAIN
        }
        with mpl.rc_context(changed):
            figure = Figure(figsize=(10.5, 0.7 + 4.1 * rows), layout="constrained", dpi=110)
            figure.patch.set_facecolor(PAPER)
            figure.suptitle(heading, fontsize=12)
            grid = figure.subplots(rows, 2, squeeze=False).ravel()
            for axes, data in zip(grid, panels, strict=False):
                _panel(axes, data, PLAIN)
                axes.set_title(data.title)
            for axes in grid[len(panels) :]:
                axes.set_visible(False)
            if panels:
                handles, labels = grid[0].get_legend_handles_labels()
                figure.legend(handles, labels, loc="outside lower center", ncols=4)
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _panel(axes: Axes, data: RatioFigure, colours: Mapping[str, str]) -> None:
    axes.axhline(1.0, color=colours[INK], lw=0.9)
    for low, high, limit in data.goals:
        axes.plot([low / 1.3, high * 1.3], [limit, limit], color=colours[FAINT], lw=1.2, ls="--",
                  label="target" if (low, high, limit) == data.goals[0] else None)  # fmt: skip
    if data.floor is not None:
        axes.plot(data.floor.sizes, data.floor.ratios, color=colours[FAINT], lw=1.4, ls=":",
                  label="copy of the same bytes")  # fmt: skip
    for place, curve in enumerate(data.curves):
        colour = colours[SERIES[place % len(SERIES)]]
        dash = DASHES[place // len(SERIES) % len(DASHES)]
        axes.fill_between(curve.sizes, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
        axes.plot(curve.sizes, curve.ratios, color=colour, lw=1.8, ls=dash, marker="o", ms=3,
                  label=short_label(curve.label))  # fmt: skip
    everything = [c.sizes for c in data.curves] or [np.array([1.0])]
    sizes = sorted({float(size) for one in everything for size in one})
    values = [v for c in data.curves for v in (c.ratios.min(), c.ratios.max())]
    values += [limit for _, _, limit in data.goals]
    if data.floor is not None:
        # Far below there is nothing else to see.
        values.append(max(LOWEST_FLOOR, float(data.floor.ratios.min())))
    low, high = min([0.9, *values]) / 1.15, max([1.2, *values]) * 1.2
    axes.set(
        xscale="log", yscale="log", ylim=(low, high),
        xlim=(sizes[0] / 1.6, sizes[-1] * 1.6),
        xlabel="elements", ylabel="time / time of torch.relu",
    )  # fmt: skip
    shown = sizes if len(sizes) <= 6 else sizes[::2]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _power(size)))
    axes.xaxis.set_minor_locator(NullLocator())
    inside = [tick for tick in (*TICKS, *_fine(low, high)) if low <= tick <= high]
    axes.yaxis.set_major_locator(FixedLocator(sorted(set(inside))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _fine(low: float, high: float) -> tuple[float, ...]:
    """More ticks where the axis covers less than a decade."""
    return (0.6, 0.7, 0.8, 0.9, 1.2, 1.5, 3, 4) if high / low < 12 else ()


def _power(size: float) -> str:
    whole = round(size)
    return f"2^{whole.bit_length() - 1}" if whole & (whole - 1) == 0 else f"{whole}"


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2,
                    borderaxespad=0.2, fontsize=8.5)  # fmt: skip
