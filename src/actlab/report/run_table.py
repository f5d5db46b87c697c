"""Every run of a folder as rows of one table."""

from __future__ import annotations

from dataclasses import dataclass

from actlab.report import words
from actlab.report.collect import Folder

MOST = 700
"""Rows in the page; the CSV file has all."""


@dataclass(frozen=True)
class RunRow:
    """One run.

    Args:
        place: study, part and regime.
        function: its label.
        seed: its number.
        rate: learning rate.
        status: ``done``, ``diverged`` or ``missing``.
        metric: what is compared. value: of it, for sorting; text: for reading.
    """

    place: str
    function: str
    seed: int
    rate: str
    status: str
    metric: str
    value: float
    text: str


@dataclass(frozen=True)
class RunTable:
    """The rows that the page has room for.

    Args:
        rows: the first ``MOST``, those without a result first.
        total: how many there are.
    """

    rows: tuple[RunRow, ...]
    total: int


def run_rows(folder: Folder) -> RunTable:
    """Every run by its part's metric, runs that did not end well first."""
    rows = []
    several = len(folder.studies) > 1
    for study in folder.studies:
        for part in study.parts:
            place = f"{part.name}, {part.regime}"
            place = f"{study.study['name']}: {place}" if several else place
            for runs in part.runs:
                values = dict(zip(runs.seeds, runs.values(part.metric.name), strict=True))
                bad = dict(zip(runs.seeds, runs.diverged, strict=True))
                for seed in sorted({*range(runs.planned), *runs.seeds}):
                    status = "missing" if seed not in values else (
                        "diverged" if bad[seed] else "done")  # fmt: skip
                    value = values.get(seed)
                    rows.append(
                        RunRow(
                            place=place,
                            function=runs.label,
                            seed=seed,
                            rate=words.rate(runs.rate),
                            status=status,
                            metric=part.metric.title,
                            value=float("nan") if value is None else value,
                            text=words.value(value, part.metric),
                        )
                    )
    rows.sort(key=lambda row: row.status == "done")
    return RunTable(tuple(rows[:MOST]), len(rows))
