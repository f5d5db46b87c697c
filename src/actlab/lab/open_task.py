"""A training function as a task whose metrics are what the function turns out to return."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from actlab.lab.function_contract import identifier
from actlab.lab.function_task import FunctionRuns, FunctionTask, as_task
from actlab.lab.pairing import UNKNOWN
from actlab.lab.task import Metric

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Asked:
    """The metrics of a training function that a user asks for.

    Args:
        metrics: the first is compared.
        named: whether that one has its name; else it takes that of the first number returned.
    """

    metrics: tuple[Metric, ...]
    named: bool


def asked_of(
    train: Callable[..., Any],
    metric: str | Metric | Sequence[Metric] | None,
    better: Better | None,
    worst: float | None,
) -> tuple[Callable[..., Any], Asked]:
    """The bare training function, and which of its numbers is compared, and how.

    Args:
        train: the function, or a task made from one.
        metric: a name, metrics, or None.
        better: which way the first is better; None for ``lower``, or for what ``metric`` says.
        worst: its worst value; None where it is not known, or ``metric`` says it.

    Raises:
        ValueError: a direction or a number that is none, or one said twice.
        TypeError: ``metric`` is neither.
    """
    if better not in (None, "lower", "higher"):
        raise ValueError(f"better must be 'lower' or 'higher', got {better!r}")
    if worst is not None and not math.isfinite(worst):
        raise ValueError(f"worst must be a finite number, got {worst!r}")
    if isinstance(train, FunctionTask):
        if metric is None:
            metric = train.metrics
        elif isinstance(metric, str):
            metric = train.metric(metric)
        train = train.train
    if metric is None or isinstance(metric, str):
        direction = better or "lower"
        unknown = UNKNOWN if direction == "lower" else -UNKNOWN
        name = "value" if metric is None else metric
        made = Metric(identifier(name), name, direction, unknown if worst is None else worst)
        return train, Asked((made,), metric is not None)
    given = metric if isinstance(metric, list | tuple) else (metric,)
    listed: tuple[Any, ...] = tuple(given)
    if not listed or not all(isinstance(one, Metric) for one in listed):
        raise TypeError(f"metric must be a name or actlab.lab.Metric objects, got {metric!r}")
    for name, value in (("better", better), ("worst", worst)):
        if value is not None and value != getattr(listed[0], name):
            raise ValueError(f"{name} is said twice: {value!r}, and in metric")
    return train, Asked(listed, True)


@dataclass(frozen=True)
class Build:
    """Makes the task of a training function, in this process or another.

    Args:
        asked: its metrics.
        closed: keep these only, as records do; else all that it returns, where one was asked for.
        scheme: what ``activation.init_`` does; None for what the arm says.
    """

    asked: Asked
    closed: bool
    scheme: str | None

    def __call__(self, train: Callable[..., Any]) -> FunctionTask:
        """The task."""
        metrics = self.asked.metrics
        if not self.closed and len(metrics) == 1:
            return open_task(train, metrics[0], self.asked.named, self.scheme)
        task = as_task(train, metrics=metrics)
        names = tuple(metric.name for metric in metrics)
        runs = FunctionRuns(train, task.takes, names[0], names, scheme=self.scheme)
        facts = dict(task.facts())
        if self.scheme is not None:
            facts["initialisation"] = "whatever the training function does"
        return replace(task, run=runs, facts=lambda: facts)


def open_task(
    train: Callable[..., Any], primary: Metric, named: bool, scheme: str | None
) -> FunctionTask:
    """The task of a function of which only the primary metric is known, or not even its name.

    Args:
        train: the function.
        primary: the metric that is compared.
        named: whether it has its name; else it takes that of the first number returned.
        scheme: what ``activation.init_`` does; see
            :class:`~actlab.lab.function_task.FunctionRuns`.
    """
    task = as_task(train, metrics=primary)
    seen = _SeenMetrics(primary, named)
    runs = FunctionRuns(
        train, task.takes, primary.name if named else "", scheme=scheme, note=seen.see
    )
    # A task reads its metrics anew whenever it settles a run.
    return replace(task, run=runs, metrics=cast("tuple[Metric, ...]", seen))


class _SeenMetrics(Sequence[Metric]):
    """The primary metric, and every other that a run has returned so far."""

    def __init__(self, primary: Metric, named: bool) -> None:
        self._metrics = [primary]
        self._named = named

    def see(self, names: Sequence[str]) -> str:
        """Take note of what a run returned; the name of the primary metric."""
        if not self._named:
            self._metrics[0] = replace(self._metrics[0], name=names[0], title=names[0])
            self._named = True
        known = {metric.name for metric in self._metrics}
        for name in names:
            if name not in known:
                # Which way it is better is not known, and not asked: it is only shown.
                self._metrics.append(Metric(name, name, "lower", UNKNOWN, capped=False))
        return self._metrics[0].name

    def __len__(self) -> int:
        return len(self._metrics)

    def __getitem__(self, place: Any) -> Any:
        return self._metrics[place]

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._metrics)
