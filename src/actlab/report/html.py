"""The report as one self-contained page that needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlab.figures import short_label
from actlab.records.durable import publish_file
from actlab.report import panels, words
from actlab.report.collect import PartRuns, Results
from actlab.report.downloads import downloads
from actlab.report.page import template
from actlab.report.tables import make_rows
from actlab.report.terminal import quick_note
from actlab.report.verdict import RULE, judge


def render(results: Results) -> str:
    """The page's text.

    Args:
        results: from :func:`actlab.report.collect.collect`.
    """
    study = results.study
    return template("report.html.j2").render(
        words=words,
        short=short_label,
        results=results,
        study=study,
        verdict=judge(results),
        rule=RULE.format(fitted=study["fitted"]),
        quick_note=quick_note(results) if results.quick else "",
        loss=panels.loss_panels(results),
        gradient=panels.gradient_panels(results),
        fit=panels.fit_panels(results),
        spread=panels.spread_panels(results),
        shapes=panels.shape_panels(results),
        tables=[_table(part, results) for part in results.parts],
        settings=_settings(results),
        environments=_environments(results),
        downloads=downloads(results),
    )


def write_page(results: Results, target: Path) -> None:
    """Write the page; a page that would not change is left alone.

    Args:
        results: what to show.
        target: the file; its folder must exist.
    """
    content = render(results).encode("utf-8")
    if not target.is_file() or target.read_bytes() != content:
        publish_file(target, content)


def _table(part: PartRuns, results: Results) -> Mapping[str, Any]:
    study = results.study
    rows = make_rows(part, results.baseline, study["fitted"], study["smallest_effect"])
    tuned = "learning_rates" in part.settings and part.settings["learning_rates"]
    rates = (
        f"learning rate chosen from {', '.join(words.rate(r) for r in tuned)} by "
        f"{words.plural(part.settings['tuning_seeds'], 'tuning seed')} that are not test seeds"
        if tuned
        else f"learning rate {words.rate(part.settings['learning_rate'])}"
    )
    return {
        "part": part,
        "rows": rows,
        "compared": sum(row.paired is not None for row in rows),
        "budget": (
            f"{part.settings['depth']} layers, {part.settings['width']} wide, "
            f"{part.settings['rounds']} full-batch rounds, {rates}; "
            f"{words.plural(part.settings['seeds'], 'test seed')}"
        ),
        "problems": [f"{r.label}: {text}" for r in part.runs for text in r.problems],
    }


def _settings(results: Results) -> list[tuple[str, str]]:
    task = results.task
    counts = ", ".join(f"{count} {status}" for status, count in sorted(results.counts.items()))
    return [
        ("task", f"{results.study['task']}: {len(task['x'])} pairs, x and y standardised (n - 1)"),
        ("loss", f"{task['loss']}; the best constant predictor has {task['floor']:.4f}"),
        ("optimiser", task["optimiser"]),
        ("arithmetic", task["dtype"]),
        ("diverged", f"a loss not finite, or a final one above {task['diverged_above']:.2f}"),
        ("cells", f"{counts} of {results.cells} planned"),
        ("computing time", f"{words.seconds(results.seconds)}, added up over workers"),
    ]


def _environments(results: Results) -> list[list[tuple[str, str]]]:
    """The most frequent environment in full, of the others what differs from it."""
    every = [_facts(environment) for environment in results.environments] or [[]]
    return [every[0], *([fact for fact in facts if fact not in every[0]] for facts in every[1:])]


def _facts(environment: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as flat lines."""
    lines: list[tuple[str, str]] = []
    for name, value in environment.items():
        if isinstance(value, Mapping):
            lines += _facts(value, f"{name}, " if name != "libraries" else "")
        elif value is not None:
            lines.append((f"{prefix}{name}", str(value)))
    return lines
