"""A comparison as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from actlab.lab.comparison import Comparison, Paired, Row
from actlab.lab.pairing import NONE
from actlab.stats import smallest_sign_flip_p
from actlab.stats.decision import FEWEST_SEEDS

WIDTH = 100


def text_of(comparison: Comparison) -> str:
    """The table, and below it what one must know to read it."""
    table = aligned([_headings(comparison), *(_cells(comparison, row) for row in comparison.rows)])
    return "\n".join([_title(comparison), "", *table, "", *_remarks(comparison)])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text in columns, the first to the left and the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def _title(comparison: Comparison) -> str:
    count = len(comparison.rows)
    metric = comparison.metric
    return (
        f"{comparison.title}: {count} functions, {plural(comparison.seeds, 'paired seed')}; "
        f"{metric.title}, {metric.better} is better"
    )


def _tuned(comparison: Comparison) -> bool:
    return any(row.learning_rate is not None for row in comparison.rows)


def _others(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(name for row in comparison.rows for name in row.others))


def _headings(comparison: Comparison) -> list[str]:
    metric = comparison.metric
    unit = " (decades)" if metric.scale == "log10" else f" ({metric.unit})" if metric.unit else ""
    headings = ["function", "runs"]
    headings += ["rate"] if _tuned(comparison) else []
    return [
        *headings,
        metric.name,
        f"better by{unit}",
        f"{100 * comparison.confidence:.3g} % interval",
        "p (Holm)",
        "P(better)",
        "verdict",
        *_others(comparison),
    ]


def _cells(comparison: Comparison, row: Row) -> list[str]:
    cells = [row.label, _count(row, comparison.seeds)]
    if _tuned(comparison):
        edge = "*" if row.at_edge else ""
        cells.append("-" if row.learning_rate is None else f"{row.learning_rate:.3g}{edge}")
    cells.append(number(row.centre))
    if row.label == comparison.baseline:
        cells += ["", "", "", "", "baseline"]
    elif row.paired is None:
        cells += ["", "", "", "", "undecided"]
    else:
        cells += _paired(row.paired)
    return [*cells, *(number(row.others.get(name)) for name in _others(comparison))]


def _paired(paired: Paired) -> list[str]:
    low_high = "-"
    if paired.interval is not None:
        low_high = f"[{paired.interval.low:+.3g}, {paired.interval.high:+.3g}]"
    return [
        f"{paired.estimate:+.3g}",
        low_high,
        f"{paired.holm:.2g}",
        f"{paired.improvement:.2f}",
        str(paired.decision),
    ]


def _count(row: Row, planned: int) -> str:
    parts = [f"{len(row.seeds)}/{planned}"]
    parts += [f"{row.diverged} diverged"] if row.diverged else []
    parts += [f"{row.failed} failed"] if row.failed else []
    return ", ".join(parts)


def number(value: float | None) -> str:
    """A number in four digits, or a dash where there is none."""
    return "-" if value is None or value != value else f"{value:.4g}"


def plural(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _remarks(comparison: Comparison) -> list[str]:
    metric = comparison.metric
    said = [
        f"Numbers are interquartile means over seeds. Better by: the interquartile mean of the "
        f"differences to {comparison.baseline}, seed by seed.",
        f"Smallest effect of interest: {comparison.smallest_effect:.3g} "
        f"({comparison.smallest_is}).",
    ]
    if any(row.diverged and row.note != NONE for row in comparison.rows):
        said.append(f"A diverged run counts as {metric.worst:.4g} ({comparison.worst_is}).")
    if any(row.at_edge for row in comparison.rows):
        said.append("*: the first or the last of the learning rates tried; a better one may lie "
                    "beyond.")  # fmt: skip
    if comparison.seeds < FEWEST_SEEDS:
        least = smallest_sign_flip_p(comparison.seeds)
        said.append(
            f"With {plural(comparison.seeds, 'seed')} no sign-flip test can give less than "
            f"p = {least:g}, so nothing is concluded; at least {FEWEST_SEEDS} are needed."
        )
    for row in comparison.rows:
        if row.note:
            said.append(f"{row.label}: nothing is concluded, as {row.note}.")
    said += [f"{row.label} failed: {cause}" for row in comparison.rows for cause in row.causes]
    if comparison.stopped:
        kept = f"; the same call goes on from {comparison.results}" if comparison.results else ""
        said.append(f"Stopped before all runs were done{kept}.")
    return [line for text in said for line in textwrap.wrap(text, WIDTH) or [""]]
