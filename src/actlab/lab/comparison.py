"""What a comparison of functions found: one row for each, paired with the baseline by seed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from actlab.lab.task import Metric
from actlab.stats import Decision, Interval


@dataclass(frozen=True)
class Paired:
    """The difference to the baseline, seed by seed; above 0 the function is better.

    Args:
        differences: by seed, on the scale of the metric.
        estimate: their interquartile mean.
        interval: its BCa interval, or None where there is none.
        p: of the exact sign-flip test.
        holm: p after Holm's correction over the functions compared.
        improvement: the chance that it is better at a seed, with its interval.
        decision: the verdict word.
    """

    differences: Mapping[int, float]
    estimate: float
    interval: Interval | None
    p: float
    holm: float
    improvement: float
    improvement_interval: Interval
    decision: Decision


@dataclass(frozen=True)
class Row:
    """One function in a comparison.

    Args:
        label, name, params: the function.
        seeds: the seeds that gave a number, diverged ones included.
        values: its primary metric at these seeds, with the stand-in where a run diverged.
        centre: the interquartile mean of the values, or NaN without any.
        diverged, failed, missing: how many runs diverged, raised an exception, were not run.
        causes: why runs failed, each cause once.
        learning_rate, at_edge: where it was chosen from several.
        others: interquartile means of further metrics.
        paired: the comparison with the baseline; None for the baseline and without pairs.
        note: why the verdict is withheld; empty where it is not.
    """

    label: str
    name: str
    params: Mapping[str, float]
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    centre: float
    diverged: int
    failed: int
    missing: int
    causes: tuple[str, ...]
    learning_rate: float | None
    at_edge: bool
    others: Mapping[str, float]
    paired: Paired | None
    note: str


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison; print it.

    Args:
        title: what was compared.
        metric: the primary metric; its ``worst`` is what a diverged run counts as.
        baseline: label of the function that the others are compared with.
        rows: one for each function, in the order given.
        seeds: planned seeds.
        smallest_effect: smallest effect of interest, on the scale of the metric.
        smallest_is: where it comes from, in words.
        worst_is: where the metric's ``worst`` comes from, in words.
        confidence: of the intervals.
        stopped: whether Ctrl-C ended it early.
        results: the folder that holds the records, or empty.
    """

    title: str
    metric: Metric
    baseline: str
    rows: tuple[Row, ...]
    seeds: int
    smallest_effect: float
    smallest_is: str
    worst_is: str
    confidence: float = 0.95
    stopped: bool = False
    results: str = ""

    def row(self, label: str) -> Row:
        """The row of a function.

        Args:
            label: its label, or its name where no other function of that name was compared.

        Raises:
            UnknownNameError: there is none, or several.
        """
        from actlab.core.errors import UnknownNameError

        labelled = [row for row in self.rows if row.label == label]
        found = labelled or [row for row in self.rows if row.name == label]
        if len(found) != 1:
            raise UnknownNameError("function", label, [row.label for row in self.rows])
        return found[0]

    @property
    def complete(self) -> bool:
        """Whether every planned run gave a number."""
        return not any(row.missing or row.failed for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        plain = asdict(replace(self, rows=()))
        plain["metric"] = self.metric.describe()
        plain["rows"] = [_plain(asdict(row)) for row in self.rows]
        return plain

    def to_json(self) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        from actlab.lab.comparison_text import text_of

        return text_of(self)


def _plain(value: Any) -> Any:
    """Keys as text, and null for what is no number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Decision) else value
