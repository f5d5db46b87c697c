"""What a tool said about a model, and how that is judged; the same rules for every tool."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models import Case

RIGHT = "found, right count"
PARTLY = "found, wrong count or place"
MISSED = "missed"
FALSE = "false alarm"
QUIET = "no alarm"  # of a healthy model: as it should be

Kind = Literal["share", "size", "mean"]


@dataclass(frozen=True)
class Finding:
    """Something that a tool calls wrong or counts by itself.

    Attributes:
        place: the name it gives the place; empty for the model as a whole.
        fault: ``dead``, ``saturated``, ``nonfinite``, ``exploding``, ``vanishing`` or another name
            of the tool's own.
        count: of units; None where it gives none.
    """

    place: str
    fault: str
    count: float | None = None

    def __str__(self) -> str:
        count = "" if self.count is None else f"{self.count:g} "
        return f"{count}{self.fault} at {self.place or 'the model'}"


@dataclass(frozen=True)
class Figure:
    """A number that a tool shows without a verdict: a share of values, a size, a mean."""

    kind: Kind
    value: float


@dataclass
class Answer:
    """All that a tool said.

    Attributes:
        findings: in its order.
        figures: by place and name, in the order of the model.
    """

    findings: list[Finding] = field(default_factory=list)
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)

    def figure(self, place: str, name: str, kind: Kind, value: float) -> None:
        """Add a figure."""
        self.figures[place, name] = Figure(kind, float(value))


def stands_out(seen: Figure, usual: Figure | None) -> bool:
    """Whether a figure differs from the one without the fault so much that a reader may notice.

    A number that is not finite always does; a share by a tenth of all values; a size by a factor
    of 3; a mean by three times its own size, taken as 0.1 at least.
    """
    if usual is None:
        return False
    if not math.isfinite(seen.value):
        return math.isfinite(usual.value)
    if not math.isfinite(usual.value):
        return False
    a, b = seen.value, usual.value
    if seen.kind == "share":
        return abs(a - b) > 0.1
    if seen.kind == "mean":
        return abs(a - b) > 3 * max(abs(b), 0.1)
    return max(a, b) > 3 * min(a, b)


def read_figures(answer: Answer, twin: Answer) -> list[Finding]:
    """Figures that stand out, as findings. Vanished or new figures do not count."""
    found = []
    for key, seen in answer.figures.items():
        if stands_out(seen, twin.figures.get(key)):
            place, name = key
            wrong = "nonfinite" if not math.isfinite(seen.value) else "figure"
            found.append(Finding(place, f"{wrong} ({name} {seen.value:.3g})"))
    return found


def kind_of(finding: Finding) -> str:
    """The fault without what was added to it."""
    return finding.fault.split(" (")[0]


def judge(case: Case, answer: Answer, twin: Answer) -> tuple[str, str, bool]:
    """The verdict, in a few words what the tool said, and whether only a figure showed it.

    Args:
        case: what was planted.
        answer: what the tool said about it.
        twin: what it said about the same model without the fault. What it says there too is no
            finding but a false alarm; what it shows only here is in its favour, even under
            another name.
    """
    standing = {(finding.place, kind_of(finding)) for finding in twin.findings}
    if not case.faults:
        return nothing_new(answer, QUIET)
    news = [f for f in answer.findings if (f.place, kind_of(f)) not in standing]
    changed = [
        f
        for f in answer.findings
        if (f.place, kind_of(f)) in standing and f not in twin.findings and f.count is not None
    ]
    found = news + changed or read_figures(answer, twin)
    figures = not (news or changed)
    extra = sum((f.place, kind_of(f)) in standing for f in answer.findings) - len(changed)
    aside = f"; and {extra} said of the sound model too" if extra else ""
    if not found:
        return nothing_new(answer, MISSED)
    right = right_one(case, found)
    if right is not None:
        return RIGHT, words([right]) + aside, figures
    best = sorted(found, key=lambda finding: not at_place(case, finding))
    return PARTLY, words(best) + aside, figures


def nothing_new(answer: Answer, otherwise: str) -> tuple[str, str, bool]:
    """The verdict where nothing is said of the fault."""
    if answer.findings:
        return FALSE, words(answer.findings), False
    return otherwise, "nothing", False


def right_one(case: Case, found: list[Finding]) -> Finding | None:
    """The finding that names fault, place and count; the first place, where units do not count."""
    if case.count is not None:
        named = [f for f in found if f.count == case.count and at_place(case, f)]
        return next((f for f in named if kind_of(f) in case.faults), None)
    kinds = {*case.faults, "figure"} if "exploding" in case.faults else set(case.faults)
    placed = [f for f in found if kind_of(f) in kinds and (f.place or at_place(case, f))]
    return placed[0] if placed and at_place(case, placed[0]) else None


def at_place(case: Case, finding: Finding) -> bool:
    """Whether a finding is about the place where the fault was planted."""
    return re.fullmatch(case.place, finding.place) is not None


def words(findings: list[Finding], most: int = 2) -> str:
    """The first findings in words."""
    more = f" and {len(findings) - most} more" if len(findings) > most else ""
    return ", ".join(map(str, findings[:most])) + more


def counts(places: Mapping[str, float], fault: str) -> list[Finding]:
    """Findings for every place with a count above 0."""
    return [Finding(place, fault, count) for place, count in places.items() if count]
