"""The numbers of a results folder as tables for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.report.collect import Folder
from actlab.report.runs import PartRuns, Runs
from actlab.report.tables import make_rows

Rows = list[list[Any]]


@dataclass(frozen=True)
class Table:
    """Named columns and rows of plain values; None where there is no value."""

    columns: tuple[str, ...]
    rows: Rows


RUNS = ("study", "part", "regime", "function", "seed", "learning_rate", "status", "metric", "value")
COMPARISONS = (
    "study", "part", "regime", "metric", "function", "baseline", "seeds", "planned", "diverged",
    "missing", "median", "estimate", "low", "high", "p", "p_holm", "finding",
)  # fmt: skip
CURVES = ("study", "part", "regime", "function", "seed", "curve", "position", "value")


def table_of(folder: Folder, what: str) -> Table:
    """A table of a results folder.

    Args:
        folder: the records.
        what: ``runs``, ``comparisons`` or ``curves``.

    Raises:
        UnknownNameError: there is no such table.
    """
    if what not in _TABLES:
        raise UnknownNameError("table", what, _TABLES)
    columns, rows_of = _TABLES[what]
    rows = [
        [study.name, part.name, part.regime, *row]
        for study in folder.studies
        for part in study.parts
        for row in rows_of(part)
    ]
    return Table(columns, rows)


def _runs(part: PartRuns) -> Iterator[list[Any]]:
    for runs in part.runs:
        for name in part.metrics:
            for place, value in enumerate(runs.values(name)):
                status = "diverged" if runs.diverged[place] else "done"
                yield [runs.label, runs.seeds[place], runs.rate, status, name, value]
        for seed in _missing(runs):
            status = runs.lost[seed].status if seed in runs.lost else "missing"
            yield [runs.label, seed, runs.rate, status, None, None]


def _missing(runs: Runs) -> list[int]:
    return [seed for seed in range(runs.planned) if seed not in set(runs.seeds)]


def _comparisons(part: PartRuns) -> Iterator[list[Any]]:
    for metric in part.metrics.values():
        for row in make_rows(part, metric):
            counts = [len(row.runs.seeds), row.runs.planned, sum(row.runs.diverged),
                      row.runs.missing]  # fmt: skip
            start = [metric.name, row.runs.label, part.baseline, *counts, row.median]
            if row.paired is None:
                yield [*start, None, None, None, None, None, None]
                continue
            paired = row.paired
            ends = paired.interval or (None, None)
            word = str(paired.decision) if metric is part.metric else None
            yield [*start, paired.estimate, *ends, paired.p, paired.holm, word]


def _curves(part: PartRuns) -> Iterator[list[Any]]:
    for runs in part.runs:
        for curve in part.task["curves"]:
            name = curve["name"]
            if name not in runs.curves:
                continue
            at, values = runs.curves.at(name), runs.curves.values(name)
            for place, seed in enumerate(runs.seeds):
                for position, value in zip(at, values[place], strict=True):
                    yield [runs.label, seed, name, float(position), float(value)]


_TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[PartRuns], Iterator[list[Any]]]]] = (
    MappingProxyType(
        {
            "runs": (RUNS, _runs),
            "comparisons": (COMPARISONS, _comparisons),
            "curves": (CURVES, _curves),
        }
    )
)


def write(table: Table, format: str) -> bytes:
    """A table as the content of a file.

    Args:
        table: what to write.
        format: ``csv``, ``json``, ``parquet``, ``latex`` or ``markdown``.

    Raises:
        UnknownNameError: no such format.
        MissingExtraError: parquet, and pyarrow is not installed.
    """
    formats = {
        "csv": as_csv,
        "json": as_json_lines,
        "latex": as_latex,
        "markdown": as_markdown,
    }
    if format == "parquet":
        return as_parquet(table)
    if format not in formats:
        raise UnknownNameError("format", format, (*formats, "parquet"))
    return formats[format](table).encode("utf-8")


def as_csv(table: Table) -> str:
    """Comma-separated values; every digit of every number."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([["" if v is None else v for v in row] for row in table.rows])
    return buffer.getvalue()


def as_json_lines(table: Table) -> str:
    """An object on a line for each row."""
    return "".join(
        json.dumps(dict(zip(table.columns, row, strict=True))) + "\n" for row in table.rows
    )


def as_markdown(table: Table) -> str:
    """A table of Markdown; what would end a cell is escaped."""

    def line(cells: Sequence[Any]) -> str:
        texts = [_short(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in cells]
        return "| " + " | ".join(texts) + " |\n"

    rule = "|" + " --- |" * len(table.columns) + "\n"
    return line(table.columns) + rule + "".join(line(row) for row in table.rows)


_LATEX = MappingProxyType(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
        "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    }
)  # fmt: skip


def as_latex(table: Table) -> str:
    """A tabular of LaTeX with the rules of the package booktabs."""

    def line(cells: Sequence[Any]) -> str:
        texts = ["".join(_LATEX.get(c, c) for c in _short(cell)) for cell in cells]
        return " & ".join(texts) + r" \\" + "\n"

    numeric = [
        all(row[place] is None or isinstance(row[place], int | float) for row in table.rows)
        for place in range(len(table.columns))
    ]
    layout = "".join("r" if is_number else "l" for is_number in numeric)
    return (
        rf"\begin{{tabular}}{{{layout}}}" + "\n\\toprule\n" + line(table.columns) + "\\midrule\n"
        + "".join(line(row) for row in table.rows) + "\\bottomrule\n\\end{tabular}\n"
    )  # fmt: skip


def as_parquet(table: Table) -> bytes:
    """A Parquet file.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Parquet", "parquet") from None
    columns = {name: [row[place] for row in table.rows] for place, name in enumerate(table.columns)}
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


def _short(value: Any) -> str:
    """A value as readers want it: four digits of a number, text on one line."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).splitlines())
