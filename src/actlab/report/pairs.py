"""Two functions against each other, wherever both were run."""

from __future__ import annotations

from dataclasses import dataclass

from actlab.core.errors import UnknownNameError
from actlab.lab.task import Metric
from actlab.report.collect import Folder
from actlab.report.runs import PartRuns
from actlab.report.tables import Paired, compare
from actlab.stats import Decision, Improvement, probability_of_improvement, seeds_to_decide


@dataclass(frozen=True)
class Pair:
    """Two functions in one part and regime.

    Args:
        part, regime: where.
        first, second: labels.
        metric: what is compared.
        paired: the comparison; above 0 the first is better.
        better: in which share of the seeds the first is better.
        more: how many more seeds would decide it, in words.
    """

    part: str
    regime: str
    first: str
    second: str
    metric: Metric
    paired: Paired
    better: Improvement
    more: str


def compare_two(folder: Folder, first: str, second: str, metric: str = "") -> list[Pair]:
    """Two functions in every part that has both.

    Args:
        folder: the records.
        first, second: labels or their beginnings.
        metric: what is compared; by default each part's own.

    Raises:
        UnknownNameError: no function or metric of that name in the folder.
        ValueError: both names stand for one function.
    """
    labels = {runs.label for study in folder.studies for part in study.parts for runs in part.runs}
    one, other = _labelled(first, labels), _labelled(second, labels)
    if one == other:
        raise ValueError(f"both names stand for {one}; name two functions")
    metrics = {name for study in folder.studies for part in study.parts for name in part.metrics}
    if metric and metric not in metrics:
        raise UnknownNameError("metric", metric, metrics)
    found = []
    for study in folder.studies:
        for part in study.parts:
            if not metric or metric in part.metrics:
                found += _pair(part, one, other, part.metrics[metric] if metric else part.metric)
    return found


def _labelled(name: str, labels: set[str]) -> str:
    if name in labels:
        return name
    beginning = sorted(label for label in labels if label.startswith(name))
    if len(beginning) == 1:
        return beginning[0]
    reason = f"{' and '.join(beginning)} begin so" if beginning else ""
    raise UnknownNameError("function in this folder", name, labels, reason)


def _pair(part: PartRuns, first: str, second: str, metric: Metric) -> list[Pair]:
    mine, theirs = part.of(first), part.of(second)
    if mine is None or theirs is None:
        return []
    paired = compare(mine, theirs, metric, part.smallest)
    if paired is None:
        return []
    return [
        Pair(
            part=part.name,
            regime=part.regime,
            first=first,
            second=second,
            metric=metric,
            paired=paired,
            better=probability_of_improvement(paired.differences),
            more=more_seeds(paired, part.smallest),
        )
    ]


def more_seeds(paired: Paired, smallest: float) -> str:
    """How many more seeds would decide a comparison, in words."""
    needed = seeds_to_decide(paired.differences, smallest)
    if needed is None:
        return "too few seeds to tell"
    if needed.decided:
        # The forecast knows nothing of the correction over a table.
        return "decided if alone" if paired.decision == Decision.UNDECIDED else "decided"
    if needed.more is None:
        return "more than 10 000 seeds"
    return f"{needed.more} more"
