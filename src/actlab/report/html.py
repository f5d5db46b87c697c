"""The report as one self-contained page that needs no network, and no script to be read."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from actlab.figures import short_label
from actlab.records.durable import publish_file
from actlab.report import words
from actlab.report.collect import Folder, Results
from actlab.report.downloads import downloads
from actlab.report.page import template
from actlab.report.panels import fits_points, point_panels, shape_panels
from actlab.report.run_table import run_rows
from actlab.report.sections import Section, colours, make_section
from actlab.report.terminal import tier_note
from actlab.report.verdict import RULE, judge

EVERY_FIGURE = ("paired", "curves", "basins", "ranks")
MOST_DRAWN = 12
"""Parts of one study that are drawn in full; of more parts only the paired differences are."""

MANY = 3
"""From this many studies in a folder on, each is drawn sparingly and folded up."""


def render(folder: Folder) -> str:
    """The page's text.

    Args:
        folder: from :func:`actlab.report.collect.collect_folder`.
    """
    script = (resources.files("actlab.report") / "templates" / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    many = len(folder.studies) >= MANY
    return template("report.html.j2").render(
        words=words,
        short=short_label,
        folder=folder,
        many=many,
        title=_title(folder),
        script=Markup(script),
        digest=digest,
        studies=[study_view(results, many) for results in folder.studies],
        runs=run_rows(folder),
        downloads=downloads(folder),
        environments=_environments(folder),
    )


def write_page(folder: Folder, target: Path) -> None:
    """Write the page; a page that would not change is left alone.

    Args:
        folder: what to show.
        target: the file; its folder must exist.
    """
    content = render(folder).encode("utf-8")
    if not target.is_file() or target.read_bytes() != content:
        publish_file(target, content)


def study_view(results: Results, many: bool) -> dict[str, Any]:
    """One study as the template needs it.

    Args:
        results: the study.
        many: whether it shares the page with many others.
    """
    series = colours(results)
    sections: list[Section] = []
    for place, part in enumerate(results.parts):
        figures: Sequence[str] = EVERY_FIGURE
        if many:
            figures = ("paired", "first curve") if place < 2 else ("first curve",)
        elif place >= MOST_DRAWN:
            figures = ("paired",)
        elif fits_points(part):
            # Loss, gradient and fit of the first part have figures of their own.
            special = part.name == results.parts[0].name
            figures = ("paired", "basins", "ranks") if special else ("paired", "first curve",
                                                                     "basins", "ranks")  # fmt: skip
        sections.append(make_section(results, part, series, figures))
    fitted = results.study.get("fitted")
    return {
        "results": results,
        "study": results.study,
        "verdict": judge(results),
        "rule": RULE.format(fitted=fitted) if fitted is not None else "",
        "note": tier_note(results) if results.tier != "full" else "",
        "sections": sections,
        "points": {} if many else point_panels(results),
        "shapes": [] if many else shape_panels(results),
        "settings": _settings(results),
        "inits": _inits(results),
        "counts": ", ".join(f"{n} {status}" for status, n in sorted(results.counts.items())),
    }


def _title(folder: Folder) -> str:
    if len(folder.studies) == 1:
        return str(folder.studies[0].study["title"])
    return f"{words.plural(len(folder.studies), 'study', 'studies')}: {folder.name}"


def _settings(results: Results) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    for task in results.tasks.values():
        facts.append((f"task {task['name']}", str(task["about"])))
        facts += [
            (f"{task['name']}: {name.replace('_', ' ')}", str(value))
            for name, value in task["facts"].items()
            if isinstance(value, str | int | float) and not name.startswith(("x_", "y_"))
        ]
    counts = ", ".join(f"{count} {status}" for status, count in sorted(results.counts.items()))
    return [
        *facts,
        ("cells", f"{counts or 'none'} of {results.cells} planned"),
        ("computing time", f"{words.seconds(results.seconds)}, added up over workers"),
    ]


def _inits(results: Results) -> list[tuple[str, str, str]]:
    """Function, scheme and scale, each combination once."""
    seen: dict[tuple[str, str, str], None] = {}
    for init in results.inits:
        scale = f"w = {init['weight']:.4f}, b = {init['bias']:.4f}" if "weight" in init else "-"
        seen[init["contender"], init["scheme"], scale] = None
    return list(seen)


def _environments(folder: Folder) -> list[list[tuple[str, str]]]:
    """The most frequent environment in full, of the others what differs from it."""
    distinct: dict[str, list[tuple[str, str]]] = {}
    for study in folder.studies:
        for environment in study.environments:
            facts = facts_of(environment)
            distinct.setdefault(repr(facts), facts)
    every = list(distinct.values()) or [[]]
    return [every[0], *([fact for fact in facts if fact not in every[0]] for facts in every[1:])]


def facts_of(environment: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as flat lines."""
    lines: list[tuple[str, str]] = []
    for name, value in environment.items():
        if isinstance(value, Mapping):
            lines += facts_of(value, f"{name}, " if name != "libraries" else "")
        elif value is not None:
            lines.append((f"{prefix}{name}", str(value)))
    return lines
