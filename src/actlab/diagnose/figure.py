"""The depth picture: how sizes and units fare from the first site of a model to its last."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from actlab.diagnose.depth import MEANINGS, STATES, Array, Curve, DepthFigure, labelled
from actlab.figures.canvas import FAINT, GRID, INK, SERIES, styled, to_svg

GRADIENT, ALARM, OK, SATURATED, NOTE, SIGNAL = SERIES
FILLS = (OK, NOTE, ALARM, SATURATED, INK, GRID)
HATCHES = ("", "..", "////", "----", "xxxx", "\\\\\\\\")
"""With the colours, for eyes and printers that do not tell those apart."""

LEVELS = {"ok": (OK, "", ""), "note": (NOTE, "....", "i"), "alarm": (ALARM, "xxxx", "!")}

NARROWEST, WIDEST = 5.4, 12.6
PER_SITE = 0.3
"""Inches; between the narrowest and the widest drawing."""

LABEL_WIDTH = 0.165
"""Inches that a name standing upright needs."""

LEAST_SEEN = 0.015
"""Of the height of a column: units that are lost are drawn as high as this, however few."""

MOST_MARKERS = 60

Box = tuple[float, float, float, float]
"""Left, right, low, high."""


def width_of(sites: int) -> float:
    """The width of the drawing in inches."""
    return min(WIDEST, max(NARROWEST, 1.6 + PER_SITE * sites))


def draw_depth(data: DepthFigure, name: str) -> str:
    """The picture as SVG for a page.

    Args:
        data: from :func:`actlab.diagnose.depth.depth_figure`.
        name: unique on the page.
    """
    count = max(1, len(data.labels))
    width = width_of(count)
    with _plain_text():
        figure = Figure(figsize=(width, 7.4), layout="constrained")
        figure.patch.set_alpha(0.0)
        gradient, signal, units, levels = figure.subplots(
            4, 1, sharex=True, height_ratios=(2.2, 2.2, 3.4, 0.55)
        )
        for axes in (gradient, signal, units, levels):
            axes.patch.set_alpha(0.0)
        _draw_curve(gradient, data.gradient, GRADIENT, "o", "no gradients were seen")
        _draw_curve(signal, data.signal, SIGNAL, "s", "no finite output was seen")
        gradient.set_title("Size of the gradient (norm)", loc="left")
        signal.set_title("Size of the output (RMS)", loc="left")
        _draw_units(units, data)
        _draw_levels(levels, data)
        for axes in (gradient, signal):
            _shade_alarms(axes, data)
        _explain(figure, data, width)
        gradient.set_xlim(-0.5, count - 0.5)
        _name_sites(levels, data, width)
        _settle(figure)
        return to_svg(figure, name)


def _settle(figure: Figure) -> None:
    """Lay out once, in round numbers.

    The solver's last digits differ from run to run, and names inside the drawing are made from
    them; the same report is to give the same page.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, low, width, height = (round(float(e), 4) for e in axes.get_position().bounds)
        axes.set_position((left, low, width, height))


@contextmanager
def _plain_text() -> Iterator[None]:
    """The page's style, with names drawn as they are, whatever is in them."""
    plain = {"text.parse_math": False, "hatch.linewidth": 0.7}
    with styled(), mpl.rc_context(plain), warnings.catch_warnings():
        # Letters that matplotlib's font lacks: the reader's browser has others.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        yield


def _draw_curve(axes: Axes, curve: Curve, color: str, marker: str, nothing: str) -> None:
    there = np.isfinite(curve.decades)
    places = np.arange(curve.decades.size)
    # A value between two gaps is no line; it is seen by its marker.
    many = places.size > MOST_MARKERS
    alone = there & ~np.roll(there, 1) & ~np.roll(there, -1)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.grid(visible=False, axis="x")
    axes.plot(places, curve.decades, color=color, lw=1.8, marker=None if many else marker, ms=4.5)
    if many and alone.any():
        axes.plot(places[alone], curve.decades[alone], marker, color=color, ms=4.5)
    low, high = _limits(curve.decades[there])
    axes.set_ylim(low, high)
    edge = blended_transform_factory(axes.transData, axes.transAxes)
    for which, height, text in ((curve.broken, 0.93, "×"), (curve.zero, 0.07, "0")):
        for place in places[which]:
            axes.text(place, height, text, transform=edge, ha="center", va="center",
                      color=ALARM, fontsize=11, fontweight="bold")  # fmt: skip
    if not there.any() and not curve.broken.any() and not curve.zero.any():
        axes.text(0.5, 0.5, nothing, transform=axes.transAxes, ha="center", color=FAINT)
    if not there.any():
        axes.set_yticks([])
        return
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=high - low > 2.5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda decades, _: _size(decades)))


def _limits(decades: Array) -> tuple[float, float]:
    """At least one decade, so that noise does not look like a trend."""
    if not decades.size:
        return -1.0, 1.0
    low, high = float(decades.min()), float(decades.max())
    missing = max(0.0, 1.0 - (high - low)) / 2
    room = 0.12 * max(1.0, high - low)
    return low - missing - room, high + missing + room


def _draw_units(axes: Axes, data: DepthFigure) -> None:
    heights = _visible(data.shares)
    tops = np.cumsum(heights, axis=1)
    half = _half(data)
    for state in range(len(STATES)):
        there = np.flatnonzero(heights[:, state] > 0)
        if not there.size:
            continue
        boxes = [(k - half, k + half, tops[k, state] - heights[k, state], tops[k, state])
                 for k in there]  # fmt: skip
        axes.add_patch(_boxes(boxes, FILLS[state], HATCHES[state], len(data.labels)))
    axes.set_title("Units", loc="left")
    axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0 %", "50 %", "100 %"))
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.grid(visible=False, axis="x")


def _half(data: DepthFigure) -> float:
    """Half the width of a column; many stand without gaps."""
    return 0.5 if len(data.labels) > MOST_MARKERS else 0.42


def _visible(shares: Array) -> Array:
    """Shares of lost units never too small to be seen; what they gain, the largest gives."""
    lost = np.arange(len(STATES)) >= STATES.index("saturated")
    seen = np.where(lost & (shares > 0), np.maximum(shares, LEAST_SEEN), shares)
    rows = np.arange(len(seen))
    if len(seen):
        seen[rows, shares.argmax(axis=1)] -= seen.sum(axis=1) - shares.sum(axis=1)
    return seen


def _boxes(boxes: Sequence[Box], fill: str, hatch: str, sites: int) -> PathPatch:
    """Many boxes as one path, neighbours alike as one box: a page of many sites stays small."""
    joined: list[Box] = []
    for left, right, low, high in boxes:
        if joined and joined[-1][1:] == (left, low, high):
            joined[-1] = (joined[-1][0], right, low, high)
        else:
            joined.append((left, right, low, high))
    edge = 0.4 if sites <= MOST_MARKERS else 0.12
    corners = [
        corner
        for left, right, low, high in joined
        for corner in ((left, low), (left, high), (right, high), (right, low), (left, low))
    ]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(joined)
    return PathPatch(
        Path(corners, codes), facecolor=fill, hatch=hatch or None, edgecolor=FAINT, lw=edge
    )


def _draw_levels(axes: Axes, data: DepthFigure) -> None:
    for level, (fill, hatch, symbol) in LEVELS.items():
        there = [place for place, one in enumerate(data.levels) if one == level]
        if there:
            half = _half(data)
            boxes = [(k - half, k + half, 0.0, 0.5) for k in there]
            axes.add_patch(_boxes(boxes, fill, hatch, len(data.labels)))
        for place in there if symbol else ():
            axes.text(place, 0.78, symbol, ha="center", va="center", color=INK, fontsize=9,
                      fontweight="bold")  # fmt: skip
    axes.set(ylim=(0, 1.05), yticks=())
    axes.set_title("Verdicts", loc="left")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=False)


def _shade_alarms(axes: Axes, data: DepthFigure) -> None:
    """A faint column behind the curves, so that what happens there is seen at one glance."""
    boxes = [(k - 0.5, k + 0.5, 0.0, 1.0) for k, one in enumerate(data.levels) if one == "alarm"]
    if boxes:
        patch = _boxes(boxes, ALARM, "", len(boxes))
        patch.set(transform=blended_transform_factory(axes.transData, axes.transAxes),
                  alpha=0.1, lw=0, zorder=0)  # fmt: skip
        axes.add_artist(patch)


def _explain(figure: Figure, data: DepthFigure, width: float) -> None:
    """The legend, below the names; of what is not known only where there is some."""
    shown = [s for s in range(len(STATES)) if STATES[s] != "unknown" or data.shares[:, s].any()]
    handles = [Patch(facecolor=FILLS[s], hatch=HATCHES[s], edgecolor=FAINT, lw=0.5,
                     label=f"{STATES[s]}: {MEANINGS[s]}") for s in shown]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower left", ncols=2 if width > 9 else 1)


def _name_sites(axes: Axes, data: DepthFigure, width: float) -> None:
    places = labelled(data.levels, int((width - 1.0) / LABEL_WIDTH))
    axes.set_xticks(places, [data.labels[k] for k in places])
    upright = len(data.labels) > 12
    axes.tick_params(axis="x", length=3, rotation=90 if upright else 40)
    for label in axes.get_xticklabels():
        label.set(ha="center" if upright else "right", rotation_mode="default" if upright else
                  "anchor", fontsize=8.5)  # fmt: skip


def _size(decades: float) -> str:
    if abs(decades - round(decades)) > 0.01:
        return f"{10.0**decades:.2g}"
    whole = round(decades)
    return f"{10.0**whole:g}" if -3 <= whole <= 3 else f"1e{whole}"
