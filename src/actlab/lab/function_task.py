"""A training function as a task: what it takes, what it gives, what a run of it counts as."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from actlab.lab.engines.interface import EngineError
from actlab.lab.function_contract import ContractError, Takes, measured, name_of, slug, takes_of
from actlab.lab.given import GivenActivation
from actlab.lab.randomness import seeded
from actlab.lab.seeds import derive
from actlab.lab.task import Batch, Metric, Run, Settings, Task

TUNING_SEED = 1_000_000
"""Tuning seed j reaches the function as this plus j, so that no test run ever has its number."""


class NoSettings(Settings):
    """Nothing can be set."""


@dataclass(frozen=True)
class FunctionRuns:
    """Runs a training function over a batch: the ``run`` of its task.

    Args:
        train: the function.
        takes: what it takes.
        primary: the number that is compared; empty where ``note`` says which.
        keep: which of its numbers are kept; None for all.
        scheme: what ``activation.init_`` does; None for what the regime says, in which case a
            function that never calls it cannot run under any but PyTorch's initialisation.
        note: told the names of what a run returned; says which one is the primary.
    """

    train: Callable[..., Any]
    takes: Takes
    primary: str = ""
    keep: tuple[str, ...] | None = None
    scheme: str | None = None
    note: Callable[[Sequence[str]], str] | None = None

    def __call__(self, batch: Batch) -> list[Run]:
        """The runs, rate by rate and seed by seed.

        A tuning run that raises an exception counts as diverged, unless all of them do: then,
        and in test runs always, the exception is the caller's.
        """
        if len(batch.rates) > 1 and not self.takes.rate:
            raise ContractError(
                f"{name_of(self.train)} takes no learning_rate, so no learning rates can be tried"
            )
        runs: list[Run] = []
        failures: list[Exception] = []
        for rate in batch.rates:
            for seed in batch.seeds:
                try:
                    runs.append(self._run(batch, seed, rate))
                except EngineError:
                    raise
                except Exception as error:
                    failures.append(error)
                    if batch.role == "test":
                        raise
                    runs.append(Run({}, diverged=True))
                batch.tick(len(runs) / (len(batch.rates) * len(batch.seeds)))
        if len(failures) == len(runs):
            raise failures[0]
        return runs

    def _run(self, batch: Batch, seed: int, rate: float) -> Run:
        name, arm = name_of(self.train), batch.arm
        scheme = arm.init.scheme if self.scheme is None else self.scheme
        number = seed + (TUNING_SEED if batch.role == "tuning" else 0)
        given = GivenActivation(arm, derive(batch.role, seed) % 2**63, scheme)
        options: dict[str, Any] = {"learning_rate": rate} if self.takes.rate else {}
        if self.takes.settings:
            options["settings"] = batch.settings
        with seeded(batch.role, seed):
            returned = self.train(given, number, **options)
        if self.scheme is None and scheme != "default" and not given.initialised:
            raise ContractError(
                f"{name} never calls activation.init_(model, example), so it cannot run under the "
                f'initialisation {scheme!r}; call it, or set init = "default"'
            )
        return Run(self._kept(measured(returned, name), name))

    def _kept(self, found: Mapping[str, float], name: str) -> dict[str, float | None]:
        """The numbers that are wanted. Of those that nobody declared, only finite ones."""
        bare = list(found) == ["value"]
        if bare and self.primary:
            found = {self.primary: found["value"]}  # a bare number is the primary metric
        first = self.primary if self.note is None else self.note(list(found))
        wanted = (first,) if self.keep is None else self.keep
        missing = [key for key in wanted if key not in found]
        if missing:
            returned = ", ".join(found)
            if missing == ["value"]:
                raise ContractError(
                    f"{name} returns a dict ({returned}): name the number to compare, metric="
                )
            raise ContractError(f"{name} must return {', '.join(missing)}; it returned {returned}")
        if self.keep is not None:
            return {key: found[key] for key in self.keep}
        rest = {key: value if math.isfinite(value) else None for key, value in found.items()}
        return {**rest, first: found[first]}


@dataclass(frozen=True)
class FunctionTask(Task):
    """A task made from a training function; it can still be called as the function.

    Build one with :func:`as_task`.

    Args:
        train: the function.
        takes: what it takes.
    """

    train: Callable[..., Any] = field(default=lambda activation, seed: math.nan)
    takes: Takes = field(default_factory=Takes)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function itself gives."""
        return self.train(*args, **kwargs)


@overload
def as_task(
    train: Callable[..., Any],
    *,
    metrics: Metric | Sequence[Metric],
    name: str | None = None,
    title: str | None = None,
    about: str | None = None,
    version: int = 1,
    settings: type[Settings] = NoSettings,
    data: str = "",
    seconds: float = 1.0,
    trial: Mapping[str, Any] | None = None,
) -> FunctionTask: ...
@overload
def as_task(
    train: None = None,
    *,
    metrics: Metric | Sequence[Metric],
    name: str | None = None,
    title: str | None = None,
    about: str | None = None,
    version: int = 1,
    settings: type[Settings] = NoSettings,
    data: str = "",
    seconds: float = 1.0,
    trial: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], FunctionTask]: ...
def as_task(
    train: Callable[..., Any] | None = None,
    *,
    metrics: Metric | Sequence[Metric],
    name: str | None = None,
    title: str | None = None,
    about: str | None = None,
    version: int = 1,
    settings: type[Settings] = NoSettings,
    data: str = "",
    seconds: float = 1.0,
    trial: Mapping[str, Any] | None = None,
) -> FunctionTask | Callable[[Callable[..., Any]], FunctionTask]:
    """Make a training function a task that studies and ``actlab tune`` take as ``module:name``.

    The function is called as ``train(activation, seed)``, with ``learning_rate`` and ``settings``
    by keyword where it has them, and returns a number or a dict of numbers. Python's, numpy's and
    torch's global generators are seeded before every run.

    Args:
        train: the function. Without one this is a decorator.
        metrics: what it returns; the first is primary.
        name: lower-case words joined by hyphens. Default: the function's name.
        title: a line. Default: the first line of its docstring.
        about: what data, network and budget. Default: its docstring.
        version: raise it when something changed that the source does not show. Default: 1.
        settings: what can be set, for a function that takes ``settings``. Default: nothing.
        data: a text that changes when the data do. Default: empty.
        seconds: roughly what one run costs. Default: 1.
        trial: settings under which a run is quick. Default: none.

    Raises:
        TypeError: the function cannot be called so, or a metric is none.
        ValueError: no metrics, or a name that is none.

    Example:
        >>> from actlab.lab import Metric, as_task
        >>> @as_task(metrics=Metric("loss", "test loss", "lower", worst=1.0))
        ... def train_small(activation, seed, learning_rate):
        ...     return 0.5
        >>> train_small.name, train_small(None, 0, 0.1)
        ('train-small', 0.5)
    """
    listed = (metrics,) if isinstance(metrics, Metric) else tuple(metrics)
    for metric in listed:
        if not isinstance(metric, Metric):
            raise TypeError(f"metrics must be actlab.lab.Metric, got {metric!r}")

    if not listed:
        raise ValueError("metrics must name a metric at least")

    def made(function: Callable[..., Any]) -> FunctionTask:
        takes = takes_of(function)
        called = name or slug(name_of(function))
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", called):
            raise ValueError(f"name must be lower-case words joined by hyphens, got {called!r}")
        if takes.settings and settings is NoSettings:
            raise TypeError(f"{called} takes settings: pass settings=, a class of them")
        described = inspect.getdoc(function) or f"The training function {name_of(function)}."
        return FunctionTask(
            name=called,
            title=title or described.splitlines()[0].rstrip("."),
            about=about or described,
            version=version,
            settings=settings,
            metrics=listed,
            run=FunctionRuns(function, takes, listed[0].name, tuple(m.name for m in listed)),
            data=lambda: data,
            seconds=lambda chosen: seconds,
            facts=lambda: {} if takes.rate else {"learning_rate": "the function's own"},
            block=lambda chosen: 1,
            trial=dict(trial or {}),
            stacked=False,
            train=function,
            takes=takes,
        )

    return made if train is None else made(train)
