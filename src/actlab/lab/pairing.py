"""From the runs of several functions to a comparison: pairs, statistics, verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from actlab.lab.comparison import Comparison, Paired, Row
from actlab.lab.task import Metric
from actlab.stats import Decision, bca_interval, decide, holm, iqm, sign_flip_p
from actlab.stats.improvement import probability_of_improvement

UNKNOWN = 1e300
"""Stands for the worst value of a metric of which none is known: no number is worse."""

NONE = "no run gave a finite number"

SHARE = 0.01
"""The smallest effect of interest where nobody set one: this share of the baseline's mean."""


@dataclass(frozen=True)
class ArmRuns:
    """The test runs of one function, as they ended.

    Args:
        label: how tables call it.
        name, params: what ``actlab.get`` is called with.
        values: the primary metric by seed; ``UNKNOWN`` or its negative for a run that diverged
            where no worst value was stated.
        diverged: the seeds that diverged.
        failed: why there is no number, by seed.
        learning_rate: the one chosen for it, or None where none was.
        at_edge: whether it is the first or the last of those tried.
        others: further metrics by name and seed.
    """

    label: str
    name: str = ""
    params: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[int, float] = field(default_factory=dict)
    diverged: frozenset[int] = frozenset()
    failed: Mapping[int, str] = field(default_factory=dict)
    learning_rate: float | None = None
    at_edge: bool = False
    others: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


def compared(
    arms: Sequence[ArmRuns],
    baseline: str,
    metric: Metric,
    *,
    title: str,
    seeds: int,
    smallest: float | None = None,
    smallest_is: str = "",
    looks: int = 1,
    stopped: bool = False,
    results: str = "",
) -> Comparison:
    """Pair every function with the baseline and judge the differences.

    Args:
        arms: the runs of every function.
        baseline: label of the one that the others are compared with.
        metric: what is compared; ``worst`` plus or minus ``UNKNOWN`` stands for one not known.
        title, seeds, stopped, results: see :class:`Comparison`.
        smallest: smallest effect of interest on the metric's scale; None for 1 % of the
            baseline's mean.
        smallest_is: where that comes from, in words.
        looks: how many times the same question has been asked of such runs, this time included:
            p-values are multiplied by it, and intervals widened likewise. Default: 1.
    """
    metric, worst_is = _with_worst(metric, arms)
    rows = [_row(arm, metric, seeds) for arm in arms]
    if worst_is == NONE:
        rows = [_without_numbers(row) for row in rows]
    reference = next(row for row in rows if row.label == baseline)
    if smallest is None:
        finite = [value for value in reference.values if math.isfinite(value)]
        smallest, smallest_is = default_smallest(metric, finite)
    confidence = 1.0 - 0.05 / looks
    pairs = {
        place: pair
        for place, row in enumerate(rows)
        if (pair := _paired(row, reference, metric, confidence)) is not None
    }
    corrected = holm([min(1.0, looks * pair.p) for pair in pairs.values()])
    for (place, pair), p in zip(pairs.items(), corrected, strict=True):
        note = withheld(rows[place], reference, seeds)
        decision = decide(pair.estimate, pair.interval, smallest, len(pair.differences), p)
        judged = replace(pair, holm=p, decision=Decision.UNDECIDED if note else decision)
        rows[place] = replace(rows[place], paired=judged, note=note)
    return Comparison(
        title=title,
        metric=metric,
        baseline=baseline,
        rows=tuple(rows),
        seeds=seeds,
        smallest_effect=smallest,
        smallest_is=smallest_is,
        worst_is=worst_is,
        confidence=confidence,
        stopped=stopped,
        results=results,
    )


def _with_worst(metric: Metric, arms: Sequence[ArmRuns]) -> tuple[Metric, str]:
    """The metric with a worst value: its own, or the worst number that any run gave."""
    if abs(metric.worst) < UNKNOWN:
        return metric, "as stated beforehand"
    numbers = [v for arm in arms for v in arm.values.values() if abs(v) < UNKNOWN]
    pick = max if metric.better == "lower" else min
    if not numbers:
        return replace(metric, worst=0.0), NONE
    return replace(metric, worst=float(pick(numbers))), "the worst number that any run gave"


def _without_numbers(row: Row) -> Row:
    """A row where every run of every function diverged and nobody said what that counts as."""
    return replace(row, values=(math.nan,) * len(row.values), centre=math.nan, note=NONE)


def _row(arm: ArmRuns, metric: Metric, seeds: int) -> Row:
    places = tuple(sorted(arm.values))
    held = [arm.values[seed] for seed in places]
    values = tuple(metric.settle(None if abs(value) >= UNKNOWN else value) for value in held)
    return Row(
        label=arm.label,
        name=arm.name,
        params=dict(arm.params),
        seeds=places,
        values=values,
        centre=centre_of(metric, values),
        diverged=len(arm.diverged),
        failed=len(arm.failed),
        missing=seeds - len(places) - len(arm.failed),
        causes=tuple(dict.fromkeys(arm.failed.values())),
        learning_rate=arm.learning_rate,
        at_edge=arm.at_edge,
        others={
            name: iqm(list(numbers.values())) for name, numbers in arm.others.items() if numbers
        },
        paired=None,
        note="",
    )


def centre_of(metric: Metric, values: Sequence[float]) -> float:
    """The interquartile mean, taken on the metric's scale; NaN without values."""
    if not values:
        return math.nan
    turned = iqm(metric.score(values)) * (-1.0 if metric.better == "lower" else 1.0)
    return float(10.0**turned) if metric.scale == "log10" else turned


def default_smallest(metric: Metric, values: Sequence[float]) -> tuple[float, str]:
    """The smallest effect of interest where nobody set one, and where it comes from."""
    if metric.scale == "log10":
        return math.log10(1.0 + SHARE), "1 %, as nobody set one"
    size = abs(iqm(values)) if values else 0.0
    size = size or max((abs(value) for value in values), default=0.0) or 1.0
    return SHARE * size, "1 % of the baseline's mean, as nobody set one"


def _paired(row: Row, baseline: Row, metric: Metric, confidence: float) -> Paired | None:
    """The differences to the baseline, not judged yet."""
    if row.label == baseline.label or row.note:
        return None
    own = dict(zip(row.seeds, metric.score(row.values), strict=True))
    other = dict(zip(baseline.seeds, metric.score(baseline.values), strict=True))
    differences = {seed: float(own[seed] - other[seed]) for seed in own if seed in other}
    if not differences:
        return None
    sample = np.array(list(differences.values()))
    p = sign_flip_p(sample)
    wins = probability_of_improvement(sample, confidence=confidence)
    interval = bca_interval(sample, confidence=confidence)
    return Paired(
        differences, iqm(sample), interval, p, p, wins.estimate, wins.interval, Decision.UNDECIDED
    )


def withheld(row: Row, baseline: Row, seeds: int) -> str:
    """Why nothing is concluded about a pair of functions; empty where nothing stands against it."""
    for one in (row, baseline):
        if one.failed:
            return f"{one.failed} of {seeds} runs of {one.label} failed"
        if one.missing:
            return f"{one.missing} of {seeds} runs of {one.label} are missing"
    return ""
