"""The runs of a study as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from actlab.lab.task import Metric
from actlab.records import Record

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Curves:
    """The curves of some runs; an array is looked at only when it is asked for."""

    rows: tuple[tuple[Record, int], ...] = ()

    def __contains__(self, name: str) -> bool:
        return bool(self.rows) and name in self.rows[0][0].arrays

    def at(self, name: str) -> Floats:
        """Positions along the axis."""
        return np.asarray(self.rows[0][0].arrays[f"{name}_at"], np.float64)

    def values(self, name: str) -> Floats:
        """One row per seed."""
        return np.stack([record.arrays[name][row] for record, row in self.rows])


@dataclass(frozen=True)
class Tuning:
    """How a learning rate was chosen.

    Args:
        rates: ascending.
        medians: of the metric, over tuning seeds.
        values: ``(rates, seeds)``.
        at_edge: whether the first or the last was chosen, so that a better one may lie outside.
    """

    rates: tuple[float, ...]
    medians: tuple[float, ...]
    values: Floats
    at_edge: bool


@dataclass(frozen=True)
class Lost:
    """Why a planned run has no result.

    Args:
        status: ``failed``, ``timeout``, ``skipped`` or ``not run``.
        cause: in one line.
    """

    status: str
    cause: str = ""


@dataclass(frozen=True)
class Runs:
    """All test runs of one function in one part and regime.

    Args:
        label: the function with its parameters.
        planned: seeds the study asks for.
        seeds: seeds that ended, diverged ones included, ascending.
        metrics: values by metric, seed by seed.
        diverged: which of them diverged.
        rate: learning rate, when there is a run.
        tuning: how it was chosen, where it was.
        curves: what was kept over time.
        problems: why runs are missing, one line each.
        seconds: computing time.
        lost: why a run is missing, by seed.
    """

    label: str
    planned: int
    seeds: tuple[int, ...] = ()
    metrics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    diverged: tuple[bool, ...] = ()
    rate: float | None = None
    tuning: Tuning | None = None
    curves: Curves = field(default_factory=Curves)
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    lost: Mapping[int, Lost] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Runs that failed, timed out, were skipped or have not been run."""
        return self.planned - len(self.seeds)

    @property
    def troubles(self) -> dict[str, int]:
        """How many of the planned runs diverged, failed, timed out or were not run."""
        counts = {"diverged": sum(self.diverged)}
        for lost in self.lost.values():
            word = {"timeout": "timed out"}.get(lost.status, lost.status)
            counts[word] = counts.get(word, 0) + 1
        counts["missing"] = self.missing - len(self.lost)
        return {word: count for word, count in counts.items() if count > 0}

    @property
    def at_edge(self) -> bool:
        """Whether the chosen learning rate lies at an end of its grid."""
        return self.tuning is not None and self.tuning.at_edge

    def values(self, metric: str) -> tuple[float, ...]:
        """A metric's values, seed by seed."""
        return self.metrics.get(metric, ())

    def by_seed(self, metric: Metric) -> dict[int, float]:
        """Scores of a metric, more being better, by seed."""
        if metric.name not in self.metrics:
            return {}
        scores = metric.score(self.values(metric.name))
        return dict(zip(self.seeds, scores.tolist(), strict=True))


@dataclass(frozen=True)
class PartRuns:
    """One part of a study in one regime.

    Args:
        name, title, regime: which.
        task: the task's description.
        plan: the part as the study says, but its contenders and settings.
        settings: the task's settings by function.
        metrics: everything measured, by name.
        metric: what is compared.
        baseline: label of the function that the others are compared with.
        smallest: smallest effect of interest, on the metric's scale.
        runs: one for each function.
        memory: comparisons that were worked out before; bootstraps are slow.
    """

    name: str
    title: str
    regime: str
    task: Mapping[str, Any]
    plan: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Metric]
    metric: Metric
    baseline: str
    smallest: float
    runs: tuple[Runs, ...]
    memory: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, label: str) -> Runs | None:
        """The runs of one function."""
        return next((runs for runs in self.runs if runs.label == label), None)
