"""Mean ranks with the critical difference (Demsar 2006): data, then drawing."""

from __future__ import annotations

from dataclasses import dataclass

from actlab.figures.canvas import FAINT, INK, SERIES, blank, styled, to_svg
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
    """

    labels: tuple[str, ...]
    ranks: tuple[float, ...]
    critical: float
    groups: tuple[tuple[int, int], ...]
    blocks: int


def draw_ranks(data: RankFigure, name: str) -> str:
    """A row for each function at its mean rank; bars join those that are not told apart.

    Args:
        data: what to draw.
        name: unique on the page.
    """
    shown = min(MOST, len(data.labels))
    with styled():
        figure, axes = blank(4.3, 1.0 + 0.25 * shown)
        for place in range(shown):
            height = shown - 1 - place
            rank = data.ranks[place]
            axes.plot([1, rank], [height, height], color=FAINT, lw=0.6, alpha=0.5)
            axes.plot([rank], [height], "o", color=SERIES[0], ms=5.5)
        lanes = 0
        for first, last in data.groups:
            if first >= shown:
                continue
            last = min(last, shown - 1)
            across = max(data.ranks[:shown]) + 0.25 + 0.22 * (lanes % 4)
            axes.plot([across, across], [shown - 1 - first + 0.25, shown - 1 - last - 0.25],
                      color=INK, lw=2.2, solid_capstyle="round")  # fmt: skip
            lanes += 1
        axes.plot([1, 1 + data.critical], [shown - 0.35, shown - 0.35], color=INK, lw=1.2)
        axes.annotate("critical difference", (1 + data.critical, shown - 0.35), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=8, color=FAINT)  # fmt: skip
        axes.set(
            ylim=(-0.7, shown + 0.1),
            yticks=range(shown),
            yticklabels=[short_label(label) for label in reversed(data.labels[:shown])],
            xlabel=f"mean rank over {data.blocks} seeds (1 is best)",
        )
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        return to_svg(figure, name)


def spoken_ranks(data: RankFigure) -> str:
    """The figure in words."""
    each = "; ".join(f"{a} {r:.2f}" for a, r in zip(data.labels, data.ranks, strict=True))
    return f"Mean ranks, critical difference {data.critical:.2f}: {each}."
