"""A function and its slope drawn with Braille dots (or ASCII) in a few lines of text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

BRAILLE = 0x2800
BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of each dot of a Braille cell, by column and row."""

STYLES = ("bold cyan", "yellow")
DASH = 3
"""The slope is dashed: this many dots on, as many off, so that it is told apart without colour."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the plane that is drawn, and the cells it is drawn in."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int
    height: int
    dots: tuple[int, int]

    def column(self, x: float) -> int:
        """The dot column of an abscissa."""
        return self._place(x, self.x, self.width * self.dots[0])

    def row(self, y: float) -> int:
        """The dot row of an ordinate, from the top; those outside are past the edge."""
        flipped = self.y[0] + self.y[1] - y
        return self._place(flipped, self.y, self.height * self.dots[1])

    @staticmethod
    def _place(value: float, ends: tuple[float, float], count: int) -> int:
        share = (value - ends[0]) / (ends[1] - ends[0])
        return round(min(max(share, -1.0), 2.0) * (count - 1))


def draw(
    f: Callable[[float], float],
    slope: Callable[[float], float],
    joints: Sequence[float],
    *,
    width: int,
    height: int = 13,
    ascii_only: bool = False,
) -> Text:
    """Draw ``f`` solid and its slope dashed, over an interval that holds all joints.

    Args:
        f, slope: the two curves.
        joints: places where the slope may jump, which is then left open.
        width: of the text in characters, at least 24.
        height: of the drawing in lines. Default: 13.
        ascii_only: use no character beyond ASCII. Default: False.
    """
    dots = (1, 1) if ascii_only else (2, 4)
    reach = max([4.0, *(1.5 * abs(joint) for joint in joints)])
    columns = (width - 8) * dots[0]
    xs = [reach * (2 * i / (columns - 1) - 1) for i in range(columns)]
    curves = [[curve(x) for x in xs] for curve in (f, slope)]
    shown = [y for curve in curves for y in curve if abs(y) <= 1.5 * reach]
    low, high = min([0.0, *shown]), max([1.0, *shown])
    frame = Frame((-reach, reach), (low, high), width - 8, height, dots)
    inked: dict[tuple[int, int], int] = {}
    styles: dict[tuple[int, int], int] = {}
    # The function comes last: where both meet in a cell, the cell has its colour.
    for index in (1, 0):
        points = _points(frame, xs, curves[index], joints if index else ())
        for number, (column, row) in enumerate(points):
            if index and number // DASH % 2:
                continue
            cell = column // dots[0], row // dots[1]
            bit = 1 if ascii_only else BITS[column % 2][row % 4]
            inked[cell] = inked.get(cell, 0) | bit
            styles[cell] = index
    return _written(frame, inked, styles, ascii_only)


def _points(
    frame: Frame, xs: Sequence[float], ys: Sequence[float], joints: Sequence[float]
) -> list[tuple[int, int]]:
    """The dots of a curve, gaps between neighbouring columns filled unless it jumps there."""
    points = []
    last = None
    before = -math.inf
    for x, y in zip(xs, ys, strict=True):
        row = frame.row(y)
        jumps = any(before < joint <= x or joint == before for joint in joints)
        start = row if last is None or jumps else last + (row > last) - (row < last)
        step = 1 if row >= start else -1
        points += [(frame.column(x), r) for r in range(start, row + step, step)]
        last, before = row, x
    bottom = frame.height * frame.dots[1]
    return [(column, row) for column, row in points if 0 <= row < bottom]


def _written(
    frame: Frame,
    inked: dict[tuple[int, int], int],
    styles: dict[tuple[int, int], int],
    ascii_only: bool,
) -> Text:
    across, down, cross = "-|+" if ascii_only else "─│┼"
    zero_column = frame.column(0) // frame.dots[0]
    zero_row = frame.row(0) // frame.dots[1]
    labels = {0: frame.y[1], frame.height - 1: frame.y[0], zero_row: 0.0}
    text = Text()
    for row in range(frame.height):
        marks = []
        for column in range(frame.width):
            cell = (column, row)
            if cell in inked:
                index = styles[cell]
                mark = "*."[index] if ascii_only else chr(BRAILLE + inked[cell])
                marks.append((mark, STYLES[index]))
            elif column == zero_column:
                marks.append((cross if row == zero_row else down, "dim"))
            else:
                marks.append((across, "dim") if row == zero_row else (" ", ""))
        text.append(f"{labels[row]:>6.3g} " if row in labels else " " * 7, "dim")
        for style, run in itertools.groupby(marks, key=lambda mark: mark[1]):
            text.append("".join(mark for mark, _ in run), style)
        text.append("\n")
    left, right = (f"{end:g}" for end in frame.x)
    margin = " " * 7
    middle = "0".rjust(zero_column + 1 - len(left))
    text.append(f"{margin}{left}{middle}{right.rjust(frame.width - zero_column - 1)}\n", "dim")
    solid, dashed = ("**", "..") if ascii_only else ("──", "╌╌")
    text.append_text(
        Text.assemble(margin, (solid, STYLES[0]), " f(x)   ", (dashed, STYLES[1]), " f'(x)")
    )
    return text
