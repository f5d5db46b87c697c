"""The numbers behind a page, as files embedded in it."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from actlab.report.collect import Results
from actlab.report.tables import make_rows
from actlab.report.verdict import judge


@dataclass(frozen=True)
class Download:
    """A file inside the page."""

    filename: str
    title: str
    uri: str


def downloads(results: Results) -> list[Download]:
    """Runs and median curves as CSV, everything the page says as JSON."""
    stem = results.study["name"] + ("-quick" if results.quick else "")
    return [
        _file(f"{stem}-runs.csv", "every run (CSV)", "text/csv", runs_csv(results)),
        _file(f"{stem}-curves.csv", "loss curves (CSV)", "text/csv", curves_csv(results)),
        _file(f"{stem}.json", "tables and settings (JSON)", "application/json", to_json(results)),
    ]


def runs_csv(results: Results) -> str:
    """One line per run."""
    head = ["part", "regime", "function", "seed", "learning_rate", "final", "lowest", "diverged"]
    lines: list[list[Any]] = [
        [part.name, part.regime, runs.label, seed, runs.rate, final, best, int(diverged)]
        for part in results.parts
        for runs in part.runs
        for seed, final, best, diverged in zip(
            runs.seeds, runs.final, runs.best, runs.diverged, strict=True
        )
    ]
    return _csv(head, lines)


def curves_csv(results: Results) -> str:
    """Median and range over seeds of the headline's losses, one line per round."""
    head = ["regime", "function", "round", "median", "low", "high"]
    lines: list[list[Any]] = []
    for part in results.parts:
        if part.name != results.parts[0].name:
            continue
        for runs in (runs for runs in part.runs if runs.final):
            for step, column in enumerate(runs.losses.T):
                numbers = (np.median(column), column.min(), column.max())
                lines.append([part.regime, runs.label, step, *(f"{n:.6g}" for n in numbers)])
    return _csv(head, lines)


def to_json(results: Results) -> str:
    """Settings, environment, verdict and every table."""
    study = results.study
    verdict = judge(results)
    tables = [
        {
            "part": part.name,
            "regime": part.regime,
            "rows": [
                {
                    "function": row.runs.label,
                    "runs": len(row.runs.final),
                    "planned": row.runs.planned,
                    "diverged": sum(row.runs.diverged),
                    "learning_rate": row.runs.rate,
                    "final": list(row.runs.final),
                    "fitted": row.fitted,
                    "fitted_interval": list(row.success),
                    "decades_lower": list(row.paired.decades) if row.paired else None,
                    "estimate": row.paired.estimate if row.paired else None,
                    "interval": list(row.paired.interval)
                    if row.paired and row.paired.interval
                    else None,
                    "p": row.paired.p if row.paired else None,
                    "p_holm": row.paired.holm if row.paired else None,
                    "decision": str(row.paired.decision) if row.paired else None,
                }
                for row in make_rows(
                    part, results.baseline, study["fitted"], study["smallest_effect"]
                )
            ],
        }
        for part in results.parts
    ]
    content = {
        "study": study,
        "quick": results.quick,
        "command": results.command,
        "task": results.task,
        "contenders": results.contenders,
        "environments": list(results.environments),
        "verdict": {"word": verdict.word, "sentences": list(verdict.sentences)},
        "tables": tables,
    }
    return json.dumps(content, indent=1, allow_nan=False)


def _csv(head: list[str], lines: list[list[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return buffer.getvalue()


def _file(filename: str, title: str, kind: str, text: str) -> Download:
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return Download(filename, title, f"data:{kind};charset=utf-8;base64,{encoded}")
