"""The controls: what must come out right before any verdict is printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actlab.report.collect import Results
from actlab.report.runs import PartRuns
from actlab.report.tables import compare

STUDY = "claims-t00"
IDENTITY, NOTHING, POSITIVE = "identity", "nothing", "positive"
"""Parts of the control study begin with one of these names: pairs of equal functions, the same
function against itself, and a difference that must be found."""


@dataclass(frozen=True)
class Control:
    """One control.

    Args:
        name: in words.
        passed: whether it came out as it must.
        seen: what came out.
    """

    name: str
    passed: bool
    seen: str


def controls(results: Results | None) -> tuple[Control, ...]:
    """Every control of the control study; empty where it was not run."""
    if results is None:
        return ()
    found: list[Control] = []
    for part in results.parts:
        kind = part.name.partition("-")[0]
        if kind == IDENTITY:
            found += _identical(part)
        elif kind in (NOTHING, POSITIVE):
            found += _compared(part, kind)
    return tuple(found)


def passed(found: tuple[Control, ...]) -> bool:
    """Whether there are controls of every kind and all came out right."""
    return bool(found) and all(control.passed for control in found)


def _identical(part: PartRuns) -> list[Control]:
    """Every arm's numbers and curves equal those of the baseline to the last bit."""
    reference = part.of(part.baseline)
    found = []
    for runs in part.runs:
        if runs.label == part.baseline:
            continue
        name = f"{runs.label} is {part.baseline} ({part.regime})"
        if reference is None or runs.missing or reference.missing or runs.seeds != reference.seeds:
            found.append(Control(name, False, "runs are missing"))
            continue
        same = dict(runs.metrics) == dict(reference.metrics)
        curves = [curve["name"] for curve in part.task["curves"]]
        worst = 0.0
        for curve in curves:
            mine, theirs = runs.curves.values(curve), reference.curves.values(curve)
            same = same and np.array_equal(mine, theirs, equal_nan=True)
            with np.errstate(invalid="ignore", divide="ignore"):
                gap = np.abs(mine - theirs) / np.maximum(np.abs(theirs), 1e-30)
            worst = max(worst, float(np.nanmax(gap, initial=0.0)))
        seen = (
            f"identical to the last bit over {len(runs.seeds)} seeds"
            if same
            else f"not identical: curves differ by up to {worst:.1e} of their value"
        )
        found.append(Control(name, bool(same), seen))
    return found


def _compared(part: PartRuns, kind: str) -> list[Control]:
    reference = part.of(part.baseline)
    found = []
    for runs in part.runs:
        if runs.label == part.baseline:
            continue
        name = (
            f"{runs.label} ties with {part.baseline}, which is the same ({part.regime})"
            if kind == NOTHING
            else f"{part.baseline} and {runs.label} are told apart ({part.regime})"
        )
        paired = (
            compare(runs, reference, part.metric, part.smallest)
            if reference is not None and runs.seeds and reference.seeds
            else None
        )
        if paired is None or runs.missing or (reference is not None and reference.missing):
            found.append(Control(name, False, "runs are missing"))
            continue
        wanted = ("negligible", "undecided") if kind == NOTHING else ("supported", "reversed")
        word = str(paired.decision)
        text = f"{word}: {paired.estimate:+.3g}, {len(paired.seeds)} paired seeds"
        found.append(Control(name, word in wanted, text))
    return found
