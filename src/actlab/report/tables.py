"""The numbers of every table of a report, worked out from the runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actlab.report.collect import PartRuns, Runs
from actlab.stats import (
    Decision,
    Interval,
    bca_interval,
    clopper_pearson,
    decide,
    holm,
    iqm,
    sign_flip_p,
)

LOWEST = 1e-20
"""Losses below this count as this in logarithms: a loss of exactly 0 has none."""


@dataclass(frozen=True)
class Paired:
    """A function against the baseline, seed by seed; positive: the function ends lower.

    Args:
        decades: ``log10(baseline) - log10(function)`` of the final losses, by seed.
        estimate: their interquartile mean.
        interval: BCa 95 % interval of it, when there is one.
        p: sign-flip p-value. holm: the same, corrected over the table.
        decision: the word this earns.
    """

    decades: tuple[float, ...]
    estimate: float
    interval: Interval | None
    p: float
    holm: float
    decision: Decision


@dataclass(frozen=True)
class Row:
    """One function in a table."""

    runs: Runs
    median: float | None
    low: float | None
    high: float | None
    best: float | None
    fitted: int
    success: Interval
    paired: Paired | None


def decades(values: tuple[float, ...]) -> np.ndarray:
    """Logarithms to base 10, with losses of exactly 0 taken as ``LOWEST``."""
    return np.log10(np.maximum(np.asarray(values, dtype=np.float64), LOWEST))


def compare(runs: Runs, baseline: Runs, smallest: float) -> Paired | None:
    """Paired comparison over the seeds both have; None when they share none."""
    theirs = dict(zip(baseline.seeds, baseline.final, strict=True))
    shared = [(f, theirs[s]) for s, f in zip(runs.seeds, runs.final, strict=True) if s in theirs]
    if not shared:
        return None
    mine, other = (tuple(column) for column in zip(*shared, strict=True))
    differences = decades(other) - decades(mine)
    estimate, interval = iqm(differences), bca_interval(differences)
    p = sign_flip_p(differences)
    return Paired(
        decades=tuple(differences.tolist()),
        estimate=estimate,
        interval=interval,
        p=p,
        holm=p,
        decision=decide(estimate, interval, smallest, len(shared), p),
    )


def make_rows(part: PartRuns, baseline: str, fitted: float, smallest: float) -> list[Row]:
    """One row per function, lowest median first, functions without a run last.

    Args:
        part: the runs.
        baseline: label of the function the others are compared with.
        fitted: a final loss at or below this is a success.
        smallest: smallest effect of interest, in decades.
    """
    reference = part.of(baseline)
    rows = []
    for runs in part.runs:
        paired = None
        if reference is not None and runs.label != baseline:
            paired = compare(runs, reference, smallest)
        successes = sum(value <= fitted for value in runs.final)
        rows.append(
            Row(
                runs=runs,
                median=float(np.median(runs.final)) if runs.final else None,
                low=min(runs.final, default=None),
                high=max(runs.final, default=None),
                best=float(np.median(runs.best)) if runs.best else None,
                fitted=successes,
                success=clopper_pearson(successes, len(runs.final)),
                paired=paired,
            )
        )
    rows.sort(key=lambda row: (row.median is None, row.median))
    adjusted = iter(holm([row.paired.p for row in rows if row.paired is not None]))
    return [
        replace(row, paired=_corrected(row.paired, next(adjusted), smallest))
        if row.paired is not None
        else row
        for row in rows
    ]


def _corrected(paired: Paired, p: float, smallest: float) -> Paired:
    """The comparison with its p-value corrected over the table, and the word that leaves."""
    count = len(paired.decades)
    decision = decide(paired.estimate, paired.interval, smallest, count, p)
    return replace(paired, holm=p, decision=decision)
