"""A diagnosis as text: plain for ``print``, coloured for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actlab.diagnose import words
from actlab.diagnose.report import Report, SiteReport, Verdict

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {"ok": "green", "note": "yellow", "alarm": "bold red"}
MARKS = {"ok": "ok", "note": "note", "alarm": "ALARM"}
"""Told apart without colour too."""

WITHOUT_TERMINAL = 100
SHORTEST_NAME = 14
LONGEST_NAME = 44
LONGEST_FUNCTION = 20
WIDEST_TEXT = 100
"""Sentences over the whole of a wide window are hard to read."""

COLUMNS = (
    "site", "function", "units", "mean", "std", "shift", "dead", "saturated", "gain/expected",
    "gradient", "level",
)  # fmt: skip
DROPPED = ("std", "mean", "units", "shift", "function", "gain/expected", "gradient", "saturated")
"""What goes where there is no room, the least telling first."""

TEXTS = ("site", "function", "level")
"""These stand to the left of their column, numbers to the right."""

EXPLAINED = {"std": "mean, std", "gain/expected": "gain"}


@dataclass(frozen=True)
class Piece:
    """Text of one style within a line."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def text(report: Report, width: int | None = None) -> str:
    """The report as plain text.

    Args:
        report: what to show.
        width: in characters. Default: the terminal's, 100 where there is none.

    Raises:
        ValueError: ``width`` is not positive.
    """
    if width is not None and width < 1:
        raise ValueError(f"width must be positive, got {width}")
    if width is None:
        width = shutil.get_terminal_size((WITHOUT_TERMINAL, 24)).columns or WITHOUT_TERMINAL
    lines = _lines(report, width)
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)


def show(report: Report, console: Console) -> None:
    """Print the report, with colours where the console has them.

    Args:
        report: what to show.
        console: where to print; its width decides how much is shown.
    """
    from rich.text import Text

    for line in _lines(report, console.width):
        # Lines are as wide as they may be already; code is never broken, so that it can be copied.
        printed = Text.assemble(*((piece.text, piece.style) for piece in line))
        console.print(printed, soft_wrap=True)


def _lines(report: Report, width: int) -> Iterator[Line]:
    style = STYLES["alarm"] if not report.healthy else STYLES["ok"] if report.sites else "bold"
    head = f"Diagnosis of {words.shorten(report.model, max(SHORTEST_NAME, width - 40))}: "
    yield (Piece(head, "bold"), Piece(words.judgement(report), style))
    yield from _wrapped(words.summary(report), width)
    yield from _wrapped(words.sentence(words.seen(report)) + ".", width, style="dim")
    for verdict in report.verdicts:
        yield ()
        yield from _finding("the model as a whole", verdict, width)
    if report.sites:
        yield ()
        yield from _table(report.sites, width)
    for level in ("alarm", "note"):
        for site in report.sites:
            for verdict in site.verdicts:
                if verdict.level == level:
                    yield ()
                    yield from _finding(words.site_name(site.name), verdict, width)
    if report.left_out:
        yield ()
        yield (Piece("Left out, because they could not be watched:", "bold"),)
        for name, reason in report.left_out:
            line = f"{words.site_name(name)}: {words.clean(reason)}"
            yield from _wrapped(line, width, first="  ", rest="    ")
    if report.sites:
        yield ()
        yield from _key(width)


def _finding(name: str, verdict: Verdict, width: int) -> Iterator[Line]:
    mark = MARKS[verdict.level]
    yield (Piece(f"{mark}  ", STYLES[verdict.level]), Piece(name, "bold"))
    yield from _wrapped(words.clean(verdict.text), width, first="  ", rest="  ")
    if verdict.cure:
        yield from _wrapped(f"Cure: {words.clean(verdict.cure)}", width, first="  ", rest="  ")
    for line in words.code(verdict.code).splitlines():
        yield (Piece("    "), Piece(line, "cyan"))


def _wrapped(
    sentence: str, width: int, first: str = "", rest: str = "", style: str = ""
) -> Iterator[Line]:
    lines = textwrap.wrap(
        sentence,
        max(20, min(width, WIDEST_TEXT)),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        yield (Piece(line, style),)


def _table(sites: Sequence[SiteReport], width: int) -> Iterator[Line]:
    every = {column: [column, *(_cells(site)[column] for site in sites)] for column in COLUMNS}
    room = {column: max(map(len, cells)) for column, cells in every.items()}
    longest = min(room["site"], LONGEST_NAME)
    kept = _kept(room, min(longest, SHORTEST_NAME + 8), width)
    spare = width - _needed(kept, room, 0)
    room["site"] = min(longest, max(SHORTEST_NAME, spare))
    every["site"] = ["site", *words.shortened([site.name for site in sites], room["site"])]
    heads = [column.ljust(room[column]) if column in TEXTS
             else column.rjust(room[column]) for column in kept]  # fmt: skip
    yield (Piece("  ".join(heads), "bold"),)
    yield (Piece("  ".join("-" * room[column] for column in kept), "dim"),)
    for place, site in enumerate(sites, start=1):
        pieces = []
        for column in kept:
            cell = every[column][place]
            if column in ("site", "function"):
                pieces.append(Piece(cell.ljust(room[column])))
            elif column == "level":
                pieces.append(Piece(cell, STYLES[site.level]))
            else:
                style = STYLES["alarm"] if _wrong(site, column) else ""
                pieces += [Piece(" " * (room[column] - len(cell))), Piece(cell, style)]
            pieces.append(Piece("  "))
        yield tuple(pieces[:-1])


def _kept(room: dict[str, int], name: int, width: int) -> list[str]:
    """The columns that there is room for, in their order."""
    kept = [column for column in COLUMNS if column not in DROPPED]
    for column in reversed(DROPPED):
        if _needed([*kept, column], room, name) <= width:
            kept.append(column)
    return [column for column in COLUMNS if column in kept]


def _needed(columns: Sequence[str], room: dict[str, int], name: int) -> int:
    """Characters that a row takes when names get ``name`` of them."""
    return name + sum(room[c] for c in columns if c != "site") + 2 * (len(columns) - 1)


def _cells(site: SiteReport) -> dict[str, str]:
    return {
        "site": words.site_name(site.name),
        "function": words.shorten(site.function, LONGEST_FUNCTION),
        "units": str(site.units),
        "mean": words.number(site.mean),
        "std": words.number(site.std),
        "shift": words.number(site.shift),
        "dead": words.count(site.dead, site.units),
        "saturated": words.count(site.saturated, site.units),
        "gain/expected": words.gains(site.gain, site.predicted_gain),
        "gradient": words.number(site.gradient_norm),
        "level": MARKS[site.level],
    }


def _wrong(site: SiteReport, column: str) -> bool:
    """Whether the site raised an alarm that this column is about."""
    faults = {v.fault for v in site.verdicts if v.level == "alarm"}
    about = {"dead": {"dead"}, "saturated": {"saturated"}, "shift": {"shift"},
             "gradient": {"exploding", "vanishing"}}  # fmt: skip
    return bool(faults & about.get(column, set()))


def _key(width: int) -> Iterator[Line]:
    """What the columns mean."""
    meaning = dict(words.GLOSSARY)
    yield (Piece("What the columns mean:", "bold"),)
    for column in COLUMNS:
        term = EXPLAINED.get(column, column)
        if term in meaning and term != "site":
            yield from _wrapped(f"{term}: {meaning[term]}", width, "  ", "    ", "dim")
