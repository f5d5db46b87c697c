"""The numbers behind a page, as files embedded in it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from actlab.figures.curves import curve_band
from actlab.report.collect import Folder, Results
from actlab.report.export import Table, as_csv, table_of
from actlab.report.verdict import judge

LARGEST = 120_000
"""Characters of one file inside a page; what is larger is to be exported from the folder."""

EXPORT = "actlab export RESULTS"

PLAIN = "!$'()*+,-./:;=?@[]_{}~"
"""What stands as it is in the address of a file, besides letters and digits."""


@dataclass(frozen=True)
class Download:
    """A file inside the page.

    Args:
        filename: what it is saved as.
        title: of the link.
        uri: its content; empty where it is too large for a page.
        command: what writes it from the results folder.
    """

    filename: str
    title: str
    uri: str
    command: str


def downloads(folder: Folder, largest: int = LARGEST) -> list[Download]:
    """Runs, comparisons and median curves as CSV, and what the page says as JSON.

    Args:
        folder: the records.
        largest: characters of one file. Default: 120 000.
    """
    stem = folder.name
    files = [
        ("runs", "every run (CSV)", as_csv(table_of(folder, "runs"))),
        ("comparisons", "comparisons (CSV)", as_csv(table_of(folder, "comparisons"))),
        ("curves", "curves, medians and quartiles (CSV)", as_csv(median_curves(folder))),
    ]
    made = [
        _file(
            f"{stem}-{what}.csv",
            title,
            "text/csv",
            text,
            f"{EXPORT} csv --what {what}",
            largest,
        )
        for what, title, text in files
    ]
    settings = json.dumps(to_json(folder), allow_nan=False)
    made.append(_file(f"{stem}.json", "settings and verdicts (JSON)", "application/json", settings,
                      f"{EXPORT} json", largest))  # fmt: skip
    return made


def median_curves(folder: Folder) -> Table:
    """Median and quartiles of the finite values of every curve, one row per point."""
    columns = ("study", "part", "regime", "function", "curve", "position", "low", "median", "high")
    rows: list[list[Any]] = []
    for study in folder.studies:
        for part in study.parts:
            for runs in part.runs:
                for name in (curve["name"] for curve in part.task["curves"]):
                    if name not in runs.curves:
                        continue
                    at = runs.curves.at(name)
                    band = curve_band(runs.label, at, runs.curves.values(name), 0, "linear")
                    rows += [
                        [study.name, part.name, part.regime, runs.label, name, f"{place:g}",
                         *(f"{value:.5g}" if np.isfinite(value) else None for value in triple)]
                        for place, *triple in zip(at, band.low, band.median, band.high, strict=True)
                    ]  # fmt: skip
    return Table(columns, rows)


def to_json(folder: Folder) -> dict[str, Any]:
    """Settings, environment and verdict of every study."""
    return {
        "command": folder.command,
        "studies": [_study(results) for results in folder.studies],
    }


def _study(results: Results) -> dict[str, Any]:
    verdict = judge(results)
    return {
        "study": dict(results.study),
        "tier": results.tier,
        "tasks": {name: dict(task) for name, task in results.tasks.items()},
        "settings": {part.name: {k: dict(v) for k, v in part.settings.items()}
                     for part in results.parts},
        "initialisation": [dict(init) for init in results.inits],
        "environments": list(results.environments),
        "verdict": {"word": verdict.word, "sentences": list(verdict.sentences)},
    }  # fmt: skip


def _file(filename: str, title: str, kind: str, text: str, command: str, largest: int) -> Download:
    content = f"charset=utf-8,{quote(text, safe=PLAIN)}"
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    if len(encoded) < len(content):
        content = f"charset=utf-8;base64,{encoded}"
    if len(content) > largest:
        return Download(filename, title, "", command)
    return Download(filename, title, f"data:{kind};{content}", command)
