"""Mean ranks with the critical difference (Demsar 2006): data, then drawing."""

from __future__ import annotations

from dataclasses import dataclass

from actlab.figures.axis import Axis, linear_axis, row_axis
from actlab.figures.chart import Chart
from actlab.figures.data import short_label

MOST = 24
"""Functions that are drawn."""


@dataclass(frozen=True)
class RankFigure:
    """Functions by mean rank.

    Args:
        labels: best first.
        ranks: their mean ranks; 1 is best in every block.
        critical: ranks at least this far apart are told apart.
        groups: first and last place, in ``labels``, of functions that are not told apart.
        blocks: how many rankings the means are over.
        series: numbers in the study; the first few have a colour of their own.
    """

    labels: tuple[str, ...]
    ranks: tuple[float, ...]
    critical: float
    groups: tuple[tuple[int, int], ...]
    blocks: int
    series: tuple[int, ...]


def draw_ranks(data: RankFigure) -> str:
    """A row for each function at its mean rank; bars join those that are not told apart."""
    shown = min(MOST, len(data.labels))
    lanes = _lanes([(first, min(last, shown - 1)) for first, last in data.groups if first < shown])
    worst = max(data.ranks[:shown])
    step = 0.035 * (worst - 1.0 + data.critical)
    right = max(worst + step * (1 + max((lane for _, _, lane in lanes), default=0)),
                1.0 + data.critical)  # fmt: skip
    rows = row_axis([short_label(label) for label in data.labels[:shown]])
    # The bar of the critical difference stands in a row of its own, on top.
    rows = Axis(rows.low, rows.high + 0.8, False, rows.ticks)
    title = f"mean rank over {data.blocks} seeds (1 is best)"
    chart = Chart(linear_axis(1.0 - step, right + step), rows, title, height=26 + 20 * shown,
                  grid=False)  # fmt: skip
    for place in range(shown):
        height, rank = float(shown - 1 - place), data.ranks[place]
        chart.begin(data.series[place])
        chart.segments([(1.0, height, rank, height)], "t")
        chart.dots([rank], [height], "p")
        chart.end()
    for first, last, lane in lanes:
        across = worst + step * (1 + lane)
        top, bottom = shown - 1 - first + 0.25, shown - 1 - last - 0.25
        chart.segments([(across, top, across, bottom)], "w")
    top = shown - 0.25
    chart.segments([(1.0, top, 1.0 + data.critical, top)], "o")
    chart.label(1.0, top, "critical difference")
    return chart.svg()


def _lanes(groups: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Groups side by side: each in the first lane that is free."""
    ends: list[int] = []
    placed = []
    for first, last in groups:
        lane = next((k for k, end in enumerate(ends) if end < first), len(ends))
        ends[lane : lane + 1] = [last]
        placed.append((first, last, lane))
    return placed


def spoken_ranks(data: RankFigure) -> str:
    """The figure in words."""
    each = "; ".join(f"{a} {r:.2f}" for a, r in zip(data.labels, data.ranks, strict=True))
    return f"Mean ranks, critical difference {data.critical:.2f}: {each}."
