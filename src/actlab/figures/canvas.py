"""A blank figure and its way to SVG text whose colours the page decides."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

INK = "#0a0b01"
FAINT = "#0a0b02"
GRID = "#0a0b03"
SERIES = tuple(f"#0a0c0{number}" for number in range(1, 7))
"""Stand-ins: each becomes a CSS variable, so that light and dark pages share one drawing."""

_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--grid)",
    **{color: f"var(--series-{number})" for number, color in enumerate(SERIES, start=1)},
}

_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
}


@contextmanager
def styled() -> Iterator[None]:
    """matplotlib's settings for the time of one drawing, without touching the caller's."""
    with mpl.rc_context(_STYLE):
        yield


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one axes, in inches; narrow, so that text stays legible on a phone."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    return figure, axes


def to_svg(figure: Figure, name: str) -> str:
    """The figure as an ``<svg>`` element to stand inside a page.

    Args:
        figure: what to draw.
        name: unique on the page; element ids are derived from it, so that two drawings never
            refer to each other's clip paths, and the text is the same every time.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(
            buffer,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    # Groups are called alike in every drawing and nothing refers to them; clip paths and
    # markers, which are referred to, are called by a hash salted with the name.
    text = re.sub(r' id="(?![a-z][0-9a-f]{10}")[^"]*"', "", text)
    for color, variable in _VARIABLES.items():
        text = text.replace(color, variable)
    return text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1).strip()
