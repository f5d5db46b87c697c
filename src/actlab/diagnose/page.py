"""A diagnosis as one self-contained page that needs no network and runs no script."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from actlab._version import __version__
from actlab.diagnose import words
from actlab.diagnose.depth import depth_figure, sizes_in_words
from actlab.diagnose.figure import draw_depth, width_of
from actlab.diagnose.report import Level, Report
from actlab.diagnose.unit_pictures import pictures
from actlab.records.durable import publish_file

POLICY = "default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; form-action 'none'"

MOST_DATA = 200_000
"""Characters of JSON inside the page; beyond, what is recorded unit by unit is left out."""

BY_UNIT = (
    ("unit_zero_slope", "unit_small_slope", "unit_mean", "unit_std"),
    ("dead_units", "saturated_units"),
)
"""What is left out first, and what then."""

PIXELS = (62, 110)
"""How small and how large an inch of the drawing may become; text is 1/8 of that."""

OPEN_AT_MOST = 8
"""Sites listed below a finding; the others are folded away."""


@dataclass(frozen=True)
class Finding:
    """One fault with one cure, and everything that it was found at.

    Args:
        level: how bad. title: the fault in words. cure: what to do.
        places: for each site its number, name and the finding in words.
        codes: lines of Python, every one once.
    """

    level: Level
    title: str
    cure: str
    places: tuple[tuple[int, str, str], ...]
    codes: tuple[str, ...]


def render(report: Report) -> str:
    """The page's text.

    Args:
        report: what to show.
    """
    data = depth_figure(report)
    drawing, drawn_styles = _with_classes(draw_depth(data, "depth")) if report.sites else ("", "")
    style = _text("page.css") + drawn_styles + _room(width_of(len(report.sites)))
    contents, without = _json(report)
    environment = Environment(
        loader=PackageLoader("actlab.diagnose"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        report=report,
        words=words,
        policy=POLICY.format(style=_hash(style)),
        style=Markup(style),
        drawing=Markup(drawing),
        spoken=sizes_in_words(data),
        findings=_findings(report),
        open_at_most=OPEN_AT_MOST,
        pictures=pictures,
        data=f"data:application/json;base64,{base64.b64encode(contents).decode('ascii')}",
        without=without,
        version=__version__,
    )


def write_page(report: Report, path: Path) -> Path:
    """Write the page; an older one is replaced in one step.

    Args:
        report: what to show.
        path: the file; its folder must exist.

    Raises:
        ValueError: the folder does not exist, or the path is a folder.
    """
    if path.is_dir():
        raise ValueError(f"path must name a file, got the folder {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"the folder of path must exist, got {str(path)!r}")
    # Names may hold what UTF-8 cannot; the page says so instead of failing.
    publish_file(path, render(report).encode("utf-8", "backslashreplace"))
    return path


def _room(inches: float) -> str:
    """Rules for the size of the drawing: on a phone it is scrolled, not shrunk to nothing."""
    least, most = (round(pixels * inches) for pixels in PIXELS)
    return (
        f".depth svg {{ max-width: {most}px; }}\n"
        f"@media screen {{ .depth svg {{ min-width: {least}px; }} }}\n"
    )


def _findings(report: Report) -> list[Finding]:
    """Alarms before notes; within these in the order of the sites."""
    groups: dict[tuple[Level, str, str], list[tuple[int, str, str, str]]] = {}
    for number, site in enumerate(report.sites, start=1):
        for verdict in site.verdicts:
            key = (verdict.level, verdict.fault, verdict.cure)
            groups.setdefault(key, []).append((number, site.name, verdict.text, verdict.code))
    return [
        Finding(
            level=level,
            title=words.sentence(words.FAULTS.get(fault) or words.clean(fault) or "other"),
            cure=cure,
            places=tuple(place[:3] for place in places),
            codes=tuple(dict.fromkeys(place[3] for place in places if place[3])),
        )
        for wanted in ("alarm", "note")
        for (level, fault, cure), places in groups.items()
        if level == wanted
    ]


def _json(report: Report) -> tuple[bytes, tuple[str, ...]]:
    """The report as JSON no larger than a page can hold, and the fields that it lacks."""
    without: tuple[str, ...] = ()
    for fields in ((), *BY_UNIT):
        without += fields
        nothing: dict[str, Any] = dict.fromkeys(without, ())
        bare = [replace(site, **nothing) for site in report.sites]
        if sum(len(getattr(site, name)) for site in bare for names in BY_UNIT for name in names) > (
            MOST_DATA // 2
        ):
            continue  # a number takes two characters at least
        everything = replace(report, sites=tuple(bare)).to_dict()
        for site in everything["sites"]:
            for name in without:
                del site[name]
        text = json.dumps(everything, separators=(",", ":"), allow_nan=False)
        if len(text) <= MOST_DATA:
            break
    return text.encode("ascii"), without


def _with_classes(svg: str) -> tuple[str, str]:
    """A drawing without styles of its own, and the rules that replace them.

    The page's policy names the one style sheet that it allows. Styles stand in tags only: in
    text, matplotlib escapes the brackets that a tag begins and ends with.
    """
    classes: dict[str, str] = {}

    def name(style: re.Match[str]) -> str:
        return f' class="{classes.setdefault(html.unescape(style[1]), f"d{len(classes)}")}"'

    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r' style="([^"]*)"', name, tag[0]), svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"<>]*"', "", re.sub(r">\s+<", "><", svg))
    svg = re.sub(r'<path [^>]*?\bd="[^"]*"', lambda path: _rounded(path[0]), svg)
    rules = "".join(f".{short} {{ {style} }}\n" for style, short in classes.items())
    return svg, ".depth svg * { stroke-linejoin: round; stroke-linecap: butt; }\n" + rules


def _rounded(path: str) -> str:
    """A path in hundredths of a point, which nobody can see and which halves its length."""
    path = re.sub(r"(\.\d\d)\d+", r"\1", path)
    return re.sub(r"\s+", " ", path)


def _text(name: str) -> str:
    return (
        resources.files("actlab.diagnose").joinpath("templates").joinpath(name).read_text("utf-8")
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
