"""Every run of a folder as rows of one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actlab.report import words
from actlab.report.collect import Folder
from actlab.report.runs import PartRuns, Runs

MOST = 1000
"""Rows in the page; the CSV file has all."""

LONGEST = 160
"""Characters of a cause in the table; the part's own list has all of it."""


@dataclass(frozen=True)
class RunRow:
    """One run.

    Args:
        place: study, part and regime.
        function: its label.
        seed: its number.
        rate: learning rate.
        status: ``done``, ``diverged``, or why there is no result.
        metric: what is compared.
        text: its value, or the cause why there is none.
    """

    place: str
    function: str
    seed: int
    rate: str
    status: str
    metric: str
    text: str


@dataclass(frozen=True)
class RunTable:
    """The rows that the page has room for.

    Args:
        rows: the first ``MOST``, those without a result first.
        total: how many there are.
        several: whether their metrics differ.
    """

    rows: tuple[RunRow, ...]
    total: int
    several: bool

    @property
    def metric(self) -> str:
        """What the values are, where it is the same in every row."""
        return self.rows[0].metric if self.rows and not self.several else "value"


def run_rows(folder: Folder, most: int = MOST) -> RunTable:
    """Every run by its part's metric, runs that did not end well first.

    Args:
        folder: the records.
        most: rows at most. Default: 1000.
    """
    rows: list[RunRow] = []
    for study in folder.studies:
        for part in study.parts:
            place = f"{part.name}, {part.regime}"
            if len(folder.studies) > 1:
                place = f"{study.study['name']}: {place}"
            for runs in part.runs:
                rows += _rows(place, part, runs)
    rows.sort(key=lambda row: row.status == "done")
    several = len({row.metric for row in rows}) > 1
    return RunTable(tuple(rows[:most]), len(rows), several)


def _rows(place: str, part: PartRuns, runs: Runs) -> Iterator[RunRow]:
    values = dict(zip(runs.seeds, runs.values(part.metric.name), strict=True))
    bad = dict(zip(runs.seeds, runs.diverged, strict=True))
    for seed in sorted({*range(runs.planned), *runs.seeds}):
        if seed in values:
            status = "diverged" if bad[seed] else "done"
            text = words.value(values[seed], part.metric)
        else:
            lost = runs.lost.get(seed)
            status = lost.status if lost else "missing"
            text = _cut(lost.cause) if lost and lost.cause else "-"
        yield RunRow(
            place=place,
            function=runs.label,
            seed=seed,
            rate=words.rate(runs.rate),
            status=status,
            metric=part.metric.title,
            text=text,
        )


def _cut(cause: str) -> str:
    return cause if len(cause) <= LONGEST else cause[: LONGEST - 1] + "…"
