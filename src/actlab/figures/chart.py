"""A chart as a few hundred characters of SVG: the page's style sheet gives it its colours."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

import numpy as np

from actlab.figures.axis import Axis
from actlab.figures.data import Array, Rows

UNIT = 3
"""Drawing units per pixel: coordinates are whole numbers, which are short to write down."""

WIDTH = 440
"""Pixels of a chart; the page scales it."""

COLOURS = 6
"""Functions with a number below this have a colour of their own; the others are faint."""

GLYPH = 6.4
LINE = 15

STYLE = """
.s1{--c:var(--series-1)}.s2{--c:var(--series-2)}.s3{--c:var(--series-3)}
.s4{--c:var(--series-4)}.s5{--c:var(--series-5)}.s6{--c:var(--series-6)}
.s0{--c:var(--faint)}
.chart{display:block;width:100%;height:auto;font-size:36px;fill:var(--ink)}
.chart path{fill:none;stroke:var(--c);stroke-width:3;stroke-linejoin:round;stroke-linecap:round}
.chart .gr{stroke:var(--grid);stroke-width:2}
.chart .ax{stroke:var(--faint);stroke-width:2}
.chart .ze{stroke:var(--ink)}
.chart .zo{fill:var(--grid);stroke:none}
.chart .da{stroke:var(--faint);stroke-width:4;stroke-dasharray:14 8}
.chart .l{stroke-width:6}
.chart .t{stroke-width:2;opacity:.5}
.chart .h{stroke-dasharray:10 8;stroke-width:4}
.chart .b{fill:var(--c);stroke:none;opacity:.16}
.chart .d{stroke-width:14;opacity:.5}
.chart .p{stroke-width:15}
.chart .k{stroke:var(--ink);stroke-width:12}
.chart .i{stroke-width:8;stroke-linecap:butt}
.chart .m{fill:var(--c);stroke:var(--ink);stroke-width:2}
.chart .o{stroke:var(--ink);stroke-width:4}
.chart .w{stroke:var(--ink);stroke-width:7}
.chart .s0 .l{stroke-width:2;opacity:.45}
.chart .e{text-anchor:end}
.chart .c{text-anchor:middle}
.chart .f{fill:var(--faint)}
.picked [data-f]:not(.lit){opacity:.1}
.chart .lit.s0{--c:var(--ink)}
.chart .lit .l{stroke-width:8;opacity:1}
"""
"""What the page must put into its style sheet; it defines the colours themselves."""


def visible(text: str) -> str:
    """The text with what cannot be seen, or turns the reading direction, written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
        else f"\\u{ord(char):04x}"
        for char in text
    )  # fmt: skip


def colour(number: int) -> str:
    """The class of a function's colour, by its number from 0."""
    return f"s{number + 1}" if number < COLOURS else "s0"


def text_width(text: str) -> float:
    """Roughly the pixels of a line of text."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return GLYPH * (len(text) + 0.8 * wide)


class Chart:
    """One chart; draw into it, then take its text.

    Args:
        x, y: axes.
        along: title of the horizontal axis. title: of the vertical one; it stands on top.
        height: of the plotting area in pixels.
        width: of everything.
        grid: whether lines cross at the ticks of the vertical axis.
    """

    def __init__(
        self,
        x: Axis,
        y: Axis,
        along: str,
        title: str = "",
        height: float = 200,
        width: float = WIDTH,
        grid: bool = True,
    ) -> None:
        self._x, self._y = x, y
        room = max((text_width(name) for _, name in y.ticks), default=0.0) + 10
        self._left = min(room, 0.5 * width)
        self._right = width - 12
        lines = textwrap.wrap(visible(along), int(width / GLYPH)) or [""]
        heading = textwrap.wrap(visible(title), int(width / GLYPH))
        self._top = 8 + LINE * len(heading)
        self._bottom = self._top + height
        self._size = (width, self._bottom + 20 + LINE * len(lines) + 2)
        self._parts: list[str] = []
        for place, line in enumerate(heading):
            self._text(0, 11 + LINE * place, line)
        self._frame(grid)
        for place, line in enumerate(lines):
            middle = min((self._left + self._right) / 2, width - text_width(line) / 2 - 2)
            self._text(middle, self._bottom + 33 + LINE * place, line, "c")

    def _frame(self, grid: bool) -> None:
        across = [self._at_x(value) for value, _ in self._x.ticks]
        up = [self._at_y(value) for value, _ in self._y.ticks]
        lines = [f"M{_n(at)} {_n(self._top)}V{_n(self._bottom)}" for at in across]
        if grid:
            lines += [f"M{_n(self._left)} {_n(at)}H{_n(self._right)}" for at in up]
        self._path("gr", "".join(lines))
        self._path("ax", f"M{_n(self._left)} {_n(self._top)}V{_n(self._bottom)}H{_n(self._right)}")
        for at, (_, name) in zip(across, self._x.ticks, strict=True):
            half = text_width(name) / 2
            self._text(min(max(at, half), self._size[0] - half), self._bottom + 15, name, "c f")
        for at, (_, name) in zip(up, self._y.ticks, strict=True):
            self._text(self._left - 5, at + 4, name, "e" if not grid else "e f")

    def _at_x(self, value: float) -> float:
        return self._left + float(self._x.place(value)) * (self._right - self._left)

    def _at_y(self, value: float) -> float:
        return self._bottom - float(self._y.place(value)) * (self._bottom - self._top)

    def _points(self, x: Rows | Sequence[float], y: Rows | Sequence[float]) -> tuple[Array, Array]:
        """In pixels; far outside is just outside, and what is no number stays none."""
        across = self._left + self._x.place(x) * (self._right - self._left)
        height = self._bottom - self._top
        up = self._bottom - np.clip(self._y.place(y), -0.02, 1.02) * height
        return across, up

    def _path(self, style: str, d: str) -> None:
        if d:
            self._parts.append(f'<path class="{style}" d="{d}"/>')

    def _text(self, x: float, y: float, text: str, style: str = "") -> None:
        kind = f' class="{style}"' if style else ""
        self._parts.append(f'<text{kind} x="{_n(x)}" y="{_n(y)}">{escape(visible(text))}</text>')

    def begin(self, number: int) -> None:
        """What follows belongs to the function of that number."""
        self._parts.append(f'<g data-f="{number}" class="{colour(number)}">')

    def end(self) -> None:
        """What follows belongs to no function."""
        self._parts.append("</g>")

    def line(self, x: Rows, y: Rows, style: str = "l", tolerance: float = 0.4) -> None:
        """A line with gaps where a value is not finite, simplified by at most the tolerance."""
        across, up = self._points(x, y)
        self._path(style, "".join(_trace(*thin(a, b, tolerance)) for a, b in _pieces(across, up)))

    def band(self, x: Rows, low: Rows, high: Rows, tolerance: float = 0.6) -> None:
        """The area between two lines."""
        across, under = self._points(x, low)
        _, over = self._points(x, high)
        both = np.where(np.isfinite(under), over, np.nan)
        under = np.where(np.isfinite(over), under, np.nan)
        text = ""
        for (a, b), (c, d) in zip(_pieces(across, both), _pieces(across, under), strict=True):
            forth, back = thin(a, b, tolerance), thin(c, d, tolerance)
            text += _trace(
                np.concatenate([forth[0], back[0][::-1]]), np.concatenate([forth[1], back[1][::-1]])
            ) + "z"  # fmt: skip
        self._path("b", text)

    def dots(self, x: Rows | Sequence[float], y: Rows | Sequence[float], style: str = "d") -> None:
        """A round dot at each point."""
        across, up = self._points(x, y)
        seen = dict.fromkeys(
            f"M{_n(a)} {_n(b)}h0"
            for a, b in zip(across, up, strict=True)
            if np.isfinite(a) and np.isfinite(b)
        )
        self._path(style, "".join(seen))

    def segments(self, ends: Iterable[tuple[float, float, float, float]], style: str) -> None:
        """Straight lines ``(x, y, x, y)``."""
        self._path(
            style,
            "".join(
                f"M{_n(self._at_x(a))} {_n(self._at_y(b))}L{_n(self._at_x(c))} {_n(self._at_y(d))}"
                for a, b, c, d in ends
            ),
        )

    def zone(self, low: float, high: float) -> None:
        """A shade over a range of the horizontal axis."""
        a, b = (min(max(self._at_x(value), self._left), self._right) for value in (low, high))
        self._path("zo", f"M{_n(a)} {_n(self._top)}H{_n(b)}V{_n(self._bottom)}H{_n(a)}z")

    def diamond(self, x: float, y: float) -> None:
        """An estimate."""
        a, b, r = _n(self._at_x(x)), _n(self._at_y(y)), 4 * UNIT
        self._path("m", f"M{a - r} {b}l{r}-{r} {r} {r}-{r} {r}z")

    def ring(self, x: float, y: float) -> None:
        """Something chosen."""
        a, b, r = _n(self._at_x(x)), _n(self._at_y(y)), 5 * UNIT
        self._path("o", f"M{a - r} {b}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0-{2 * r} 0")

    def label(self, x: float, y: float, text: str) -> None:
        """Faint words just above and right of a point."""
        self._text(self._at_x(x) + 4, self._at_y(y) - 4, text, "f")

    def svg(self) -> str:
        """The chart as an element that stands inside a page."""
        width, height = (_n(side) for side in self._size)
        return (
            f'<svg class="chart" viewBox="0 0 {width} {height}" aria-hidden="true" '
            f'focusable="false">{"".join(self._parts)}</svg>'
        )


def _n(pixels: float) -> int:
    return round(UNIT * pixels)


def _pieces(x: Array, y: Array) -> list[tuple[Array, Array]]:
    """Runs of finite points."""
    whole = np.isfinite(x) & np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], whole.astype(np.int8), [0]])))
    return [(x[a:b], y[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def thin(x: Array, y: Array, tolerance: float) -> tuple[Array, Array]:
    """The fewest points that stay within the tolerance of a line over ascending ``x``.

    Douglas and Peucker's way, by vertical distance, so that single spikes are kept.
    """
    kept = np.zeros(x.size, bool)
    kept[[0, -1]] = True
    todo = [(0, x.size - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        width = x[last] - x[first]
        share = (x[inner] - x[first]) / width if width else np.zeros(last - first - 1)
        gap = np.abs(y[inner] - (y[first] + share * (y[last] - y[first])))
        worst = int(np.argmax(gap))
        if gap[worst] > tolerance:
            middle = first + 1 + worst
            kept[middle] = True
            todo += [(first, middle), (middle, last)]
    return x[kept], y[kept]


def _trace(x: Sequence[float] | Array, y: Sequence[float] | Array) -> str:
    """A path through points in whole units, each relative to the one before."""
    places = [(_n(float(a)), _n(float(b))) for a, b in zip(x, y, strict=True)]
    steps = [(c - a, d - b) for (a, b), (c, d) in pairwise(places) if (a, b) != (c, d)]
    text = ""
    for number in (number for step in steps for number in step):
        text += f"{number}" if number < 0 or not text else f" {number}"
    return f"M{places[0][0]} {places[0][1]}" + (f"l{text}" if text else "h0")
