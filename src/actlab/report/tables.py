"""The numbers of every table of a report, worked out from the runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actlab.lab.task import Metric
from actlab.report.runs import PartRuns, Runs
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


@dataclass(frozen=True)
class Paired:
    """A function against the baseline, seed by seed, on the metric's scale; above 0 is better.

    Args:
        seeds: those both have.
        differences: by seed.
        estimate: their interquartile mean.
        interval: BCa 95 % interval of it, when there is one.
        p: sign-flip p-value. holm: the same, corrected over the table.
        decision: the word this earns.
    """

    seeds: tuple[int, ...]
    differences: tuple[float, ...]
    estimate: float
    interval: Interval | None
    p: float
    holm: float
    decision: Decision


@dataclass(frozen=True)
class Row:
    """One function in a table.

    Args:
        runs: its runs.
        median, low, high: of the metric compared.
        successes, success: how many runs reached the study's limit, with an exact interval.
        paired: against the baseline.
    """

    runs: Runs
    median: float | None
    low: float | None
    high: float | None
    successes: int | None
    success: Interval | None
    paired: Paired | None


def compare(runs: Runs, baseline: Runs, metric: Metric, smallest: float) -> Paired | None:
    """Paired comparison over the seeds both have; None when they share none."""
    mine, theirs = runs.by_seed(metric), baseline.by_seed(metric)
    shared = tuple(seed for seed in mine if seed in theirs)
    if not shared:
        return None
    differences = np.array([mine[seed] - theirs[seed] for seed in shared])
    estimate, interval = iqm(differences), bca_interval(differences)
    p = sign_flip_p(differences)
    return Paired(
        seeds=shared,
        differences=tuple(differences.tolist()),
        estimate=estimate,
        interval=interval,
        p=p,
        holm=p,
        decision=decide(estimate, interval, smallest, len(shared), p),
    )


def make_rows(
    part: PartRuns, metric: Metric | None = None, fitted: float | None = None
) -> list[Row]:
    """One row per function, best median first, functions without a run last.

    Args:
        part: the runs.
        metric: what is compared; by default the part's own metric.
        fitted: a value of the metric that is at least as good as this is a success.
    """
    chosen = metric or part.metric
    reference = part.of(part.baseline)
    rows = []
    for runs in part.runs:
        paired = None
        if reference is not None and runs.label != part.baseline:
            place = (runs.label, chosen)
            if place not in part.memory:
                part.memory[place] = compare(runs, reference, chosen, part.smallest)
            paired = part.memory[place]
        rows.append(_row(runs, chosen, fitted, paired))
    rows.sort(key=lambda row: (row.median is None, -_score(chosen, row.median)))
    adjusted = iter(holm([row.paired.p for row in rows if row.paired is not None]))
    return [
        replace(row, paired=_corrected(row.paired, next(adjusted), part.smallest))
        if row.paired is not None
        else row
        for row in rows
    ]


def _row(runs: Runs, metric: Metric, fitted: float | None, paired: Paired | None) -> Row:
    values = runs.values(metric.name)
    successes = success = None
    if fitted is not None:
        limit = _score(metric, fitted)
        successes = int(sum(metric.score(values) >= limit))
        success = clopper_pearson(successes, len(values))
    return Row(
        runs=runs,
        median=float(np.median(values)) if values else None,
        low=min(values, default=None),
        high=max(values, default=None),
        successes=successes,
        success=success,
        paired=paired,
    )


def _score(metric: Metric, value: float | None) -> float:
    return 0.0 if value is None else float(metric.score([value])[0])


def _corrected(paired: Paired, p: float, smallest: float) -> Paired:
    """The comparison with its p-value corrected over the table, and the word that leaves."""
    decision = decide(paired.estimate, paired.interval, smallest, len(paired.seeds), p)
    return replace(paired, holm=p, decision=decision)
