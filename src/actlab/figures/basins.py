"""What is reached at every learning rate that was tried: data, then drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from actlab.figures.canvas import INK, SERIES, blank, styled, to_svg
from actlab.figures.data import LOWEST, Array, short_label


@dataclass(frozen=True)
class Basin:
    """One function.

    Args:
        label: the function.
        rates: ascending.
        values: of the metric, ``(rates, seeds)``.
        chosen: the rate that was chosen.
        at_edge: whether it is the first or the last.
        series: its colour, from 0.
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


def draw_basins(data: BasinFigure, name: str) -> str:
    """A line through the medians of each function, a dot for each tuning run, a ring at the choice.

    Args:
        data: what to draw.
        name: unique on the page.
    """
    with styled():
        figure, axes = blank(4.3, 3.1)
        for basin in data.basins:
            colour = SERIES[basin.series % len(SERIES)]
            values = basin.values
            if data.scale == "log10":
                values = np.maximum(values, LOWEST)
            medians = np.median(values, axis=1)
            axes.plot(basin.rates, medians, color=colour, lw=1.6, label=short_label(basin.label))
            axes.plot(np.repeat(basin.rates, values.shape[1]), values.ravel(), "o", color=colour,
                      ms=2.4, alpha=0.45, mew=0)  # fmt: skip
            place = int(np.argmin(np.abs(basin.rates - basin.chosen)))
            axes.plot([basin.rates[place]], [medians[place]], "o", ms=7, mfc="none", mec=INK,
                      mew=1.1)  # fmt: skip
        axes.set(xscale="log", xlabel="learning rate", ylabel=data.title)
        if data.scale == "log10":
            axes.set_yscale("log")
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2,
                        borderaxespad=0.2, fontsize=8)  # fmt: skip
        return to_svg(figure, name)


def spoken_basins(data: BasinFigure) -> str:
    """The figure in words."""
    said = [
        f"{basin.label} at {basin.chosen:.3g}" + (", an end of the grid" if basin.at_edge else "")
        for basin in data.basins
    ]
    return f"Best learning rates by {data.title}: {'; '.join(said) or 'none were tuned'}."
