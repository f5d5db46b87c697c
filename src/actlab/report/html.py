"""The report as one self-contained page that needs no network, and no script to be read."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

from markupsafe import Markup

from actlab.figures import short_label
from actlab.figures.chart import STYLE, colour
from actlab.records.durable import publish_file
from actlab.report import words
from actlab.report.collect import Folder, Results
from actlab.report.counting import RULE
from actlab.report.downloads import LARGEST as LARGEST_FILE
from actlab.report.downloads import downloads
from actlab.report.page import template
from actlab.report.panels import fits_points, point_panels, shape_panels
from actlab.report.run_table import MOST, run_rows
from actlab.report.sections import Detail, Section, make_section, numbered
from actlab.report.terminal import tier_note
from actlab.report.verdict import judge

EVERY_FIGURE = ("paired", "ranks", "curves", "basins")
FULL = Detail(EVERY_FIGURE, curves=99, runs=3, tolerance=0.4, shapes=True)
PLAIN = Detail(("paired", "curves"), tolerance=1.0)
SPARE = Detail(("curves",), tolerance=1.5, bands=False)
NOTHING = Detail(())
DETAILS = (
    (FULL, FULL),
    (Detail(EVERY_FIGURE), Detail(EVERY_FIGURE)),
    (PLAIN, PLAIN),
    (PLAIN, SPARE),
    (SPARE, SPARE),
    (SPARE, NOTHING),
    (NOTHING, NOTHING),
)
"""What is drawn of a study's first part and of the others, from everything to nothing: the first
that leaves the page small enough."""

LARGEST = 950_000
"""Bytes of a page; with less detail it stays below."""

LARGEST_SHARED = 40_000
"""Characters of one file in such a page."""

FEW_RUNS = 400
"""Rows of the table of runs where many studies share the page."""

MANY = 3
"""From this many studies in a folder on, each is drawn sparingly and folded up."""


def render(folder: Folder) -> str:
    """The page's text, in as much detail as a page below 1 MB has room for.

    Args:
        folder: from :func:`actlab.report.collect.collect_folder`.
    """
    script = (resources.files("actlab.report") / "templates" / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    many = len(folder.studies) >= MANY
    page = template("report.html.j2")
    shared = {
        "words": words,
        "short": short_label,
        "colour": colour,
        "style": Markup(STYLE),
        "folder": folder,
        "many": many,
        "title": _title(folder),
        "script": Markup(script),
        "digest": digest,
        "runs": run_rows(folder, FEW_RUNS if many else MOST),
        "downloads": downloads(folder, LARGEST_SHARED if many else LARGEST_FILE),
        "environments": _environments(folder),
    }
    text = ""
    for first, others in DETAILS[1 if many else 0 :]:
        studies = [study_view(results, first, others) for results in folder.studies]
        _make_unique(studies)
        text = page.render(**shared, studies=studies, reduced=first is not FULL)
        if len(text.encode("utf-8")) <= LARGEST:
            break
    return text


def write_page(folder: Folder, target: Path) -> None:
    """Write the page; a page that would not change is left alone.

    Args:
        folder: what to show.
        target: the file; its folder must exist.
    """
    content = render(folder).encode("utf-8")
    if not target.is_file() or target.read_bytes() != content:
        publish_file(target, content)


def study_view(results: Results, first: Detail, others: Detail) -> dict[str, Any]:
    """One study as the template needs it.

    Args:
        results: the study.
        first, others: what is drawn of its first part, and of the others.
    """
    numbers = numbered(results)
    sections: list[Section] = []
    for part in results.parts:
        leads = part.name == results.parts[0].name
        drawn = first if leads else others
        if first.shapes and fits_points(part) and leads:
            # Loss, gradient and fit of the first part have figures of their own.
            drawn = replace(first, figures=("paired", "ranks", "basins"))
        sections.append(make_section(results, part, numbers, drawn))
    fitted = results.study.get("fitted")
    return {
        "results": results,
        "study": results.study,
        "anchor": results.study["name"],
        "verdict": judge(results),
        "rule": RULE.format(fitted=fitted) if fitted is not None else "",
        "note": tier_note(results) if results.tier != "full" else "",
        "sections": sections,
        "pair": [(label, numbers[label]) for label in (results.contender, results.baseline)],
        "points": point_panels(results) if first.shapes else {},
        "shapes": shape_panels(results, numbers) if first.shapes else [],
        "settings": _settings(results),
        "inits": _inits(results),
        "counts": ", ".join(f"{n} {status}" for status, n in sorted(results.counts.items())),
    }


def _make_unique(studies: Sequence[dict[str, Any]]) -> None:
    """Numbers behind ids that two studies or parts would share; sections keep theirs first."""
    taken: set[str] = set()

    def claim(wanted: str) -> str:
        free = (f"{wanted}-{number}" for number in count(2))
        chosen = wanted if wanted not in taken else next(one for one in free if one not in taken)
        taken.add(chosen)
        return chosen

    for view in studies:
        view["sections"] = [replace(one, anchor=claim(one.anchor)) for one in view["sections"]]
    for view in studies:
        view["anchor"] = claim(view["anchor"])


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
