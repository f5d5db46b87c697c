"""What is tuned: an activation in a task, with everything that decides what a run gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from actlab import registry
from actlab.core.errors import UnknownNameError
from actlab.lab.arm import Arm, Scheme
from actlab.lab.contenders import Contender, resolve
from actlab.lab.execute import has_diverged
from actlab.lab.fingerprint import code_of
from actlab.lab.function_contract import name_of, takes_of
from actlab.lab.function_source import identity_of
from actlab.lab.function_study import spec
from actlab.lab.function_task import FunctionTask
from actlab.lab.inits import init_for
from actlab.lab.open_task import Better, Build, asked_of
from actlab.lab.pairing import UNKNOWN
from actlab.lab.randomness import settled_torch
from actlab.lab.shipped import found, place_of
from actlab.lab.task import Batch, Metric, Task
from actlab.lab.tasks import task_code, task_named, task_names


@dataclass(frozen=True)
class Scored:
    """Runs of one set of parameters at some seeds.

    Args:
        values: the metric, settled.
        diverged: how many diverged.
    """

    values: tuple[float, ...]
    diverged: int


@dataclass(frozen=True)
class Subject:
    """An activation in a task.

    Args:
        task: the task.
        name: how records call it.
        code: hash of what decides its results; empty where nothing is recorded.
        settings: of the task, all of them.
        metric: what is compared.
        activation: name of the activation.
        init: initialisation in every run.
        takes_rate: whether a learning rate reaches the runs.
    """

    task: Task
    name: str
    code: str
    settings: Mapping[str, Any]
    metric: Metric
    activation: str
    init: Scheme
    takes_rate: bool

    @property
    def step(self) -> int:
        """How many seeds are computed at once."""
        return self.task.block(self._chosen()) if self.task.stacked else 1

    def contender(self, params: Mapping[str, float]) -> Contender:
        """The activation with these parameters."""
        found = resolve(spec(self.activation, params))
        return replace(found, scheme=self.init)

    def describe(self) -> dict[str, Any]:
        """What identifies it, as plain JSON values."""
        return {
            "task": self.name,
            "version": self.task.version,
            "code": self.code,
            "data": self.task.data(),
            "settings": dict(self.settings),
            "metric": self.metric.describe(),
            "activation": self.contender({}).key | {"params": {}},
            "init": self.init,
        }

    def arm(self, params: Mapping[str, float]) -> Arm:
        """The activation with all of these parameters, as a run is given it."""
        definition = registry.get(self.activation)
        whole = {p.name: p.check(definition.name, params[p.name]) for p in definition.params}
        name = self.activation if ":" in self.activation else definition.name
        return Arm(name, whole, init=init_for(name, whole, self.init))

    def scored(self, arm: Arm, rate: float, seeds: Sequence[int]) -> Scored:
        """Tuning runs of an arm at these seeds."""
        batch = Batch(arm, self._chosen(), tuple(seeds), (rate,), "tuning")
        with self.surroundings():
            runs = list(self.task.run(batch))
        metric = self.metric
        return Scored(
            tuple(
                metric.settle(None if run.diverged else run.metrics.get(metric.name))
                for run in runs
            ),
            sum(has_diverged(run, [metric]) for run in runs),
        )

    def surroundings(self) -> AbstractContextManager[None]:
        """The laboratory's own tasks run on one thread; a function runs as its user set torch."""
        return nullcontext() if isinstance(self.task, FunctionTask) else settled_torch()

    def _chosen(self) -> Any:
        return self.task.settings.model_validate(dict(self.settings))


def subject_of(
    target: Any,
    activation: str,
    *,
    settings: Mapping[str, Any],
    metric: str | Metric | None,
    better: Better | None,
    worst: float | None,
    init: Scheme | None,
    version: str | None,
    recorded: bool,
) -> Subject:
    """What a user asks to tune.

    Args:
        target: name of a task, ``module:object`` of a task or a training function, or either
            itself.
        activation: name of the activation.
        settings: of the task.
        metric, better, worst: what is compared; see :func:`actlab.lab.compare`.
        init: initialisation; None for ``own`` in a task, and for whatever a function does.
        version: see :func:`actlab.lab.compare`.
        recorded: whether a folder will hold the records, which needs the code identified.

    Raises:
        ValueError: an unknown name or setting, or a function whose worst value is not known.
        TypeError: neither a task nor a training function.
    """
    target, name = _resolved(target)
    if isinstance(target, Task) and not isinstance(target, FunctionTask):
        if better is not None or worst is not None or isinstance(metric, Metric):
            raise ValueError(f"the task {target.name} says itself which way its metrics are better")
        task, scheme, takes = target, init or "own", True
        chosen = task.metric(metric or "")
        code = (task_code(name) if name else code_of(task.run, task.name)) if recorded else ""
    else:
        takes = takes_of(getattr(target, "train", target)).rate
        task, chosen = _function(target, metric, better, worst, init)
        scheme, name = init or "default", name or place_of(target)
        code = identity_of(target.train if isinstance(target, FunctionTask) else target, version) \
            if recorded else ""  # fmt: skip
    whole = checked_settings(task, settings)
    return Subject(task, name or task.name, code, whole, chosen, activation, scheme, takes)


def _resolved(target: Any) -> tuple[Any, str]:
    """The task or function, and the name by which it was given."""
    if not isinstance(target, str):
        if isinstance(target, Task) or callable(target):
            return target, ""
        raise TypeError(f"what to tune is a task or a training function, got {target!r}")
    if ":" not in target:
        return task_named(target), target
    module, _, attribute = target.partition(":")
    try:
        thing = found(target)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise  # a package that the user's module needs
        raise ImportError(
            f"{target}: no module {error.name!r} in the current folder or installed; the tasks "
            f"that come with actlab: {', '.join(task_names())}"
        ) from None
    except AttributeError:
        import importlib

        known = [key for key, value in vars(importlib.import_module(module)).items()
                 if isinstance(value, Task) or callable(value)]  # fmt: skip
        raise UnknownNameError(f"task or function in {module}", attribute, known) from None
    if not isinstance(thing, Task) and callable(thing):
        try:
            takes_of(thing)
        except TypeError:
            return task_named(target), target  # a function that makes a task
        return thing, target
    return task_named(target), target


def _function(
    target: Callable[..., Any],
    metric: str | Metric | None,
    better: Better | None,
    worst: float | None,
    init: Scheme | None,
) -> tuple[Task, Metric]:
    """The task of a training function, and the metric compared."""
    train, asked = asked_of(target, metric, better, worst)
    first = asked.metrics[0]
    if abs(first.worst) >= UNKNOWN:
        raise ValueError(
            f"{name_of(train)}: say what a run counts as that diverged: worst, the value of a "
            "network that has learned nothing"
        )
    task = Build(asked, closed=True, scheme=None if init else "")(train)
    if isinstance(target, FunctionTask):
        task = replace(target, run=task.run, metrics=task.metrics)
    return task, first


def checked_settings(task: Task, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a task, defaults filled in.

    Raises:
        ValueError: an unknown setting, or one out of range.
    """
    for name in given:
        if name not in task.settings.model_fields:
            raise UnknownNameError(f"setting of {task.name}", name, task.settings.model_fields)
    try:
        return task.settings.model_validate(dict(given)).model_dump(mode="json")
    except ValidationError as error:
        lines = [
            f"{task.name}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}, "
            f"got {detail['input']!r}"
            for detail in error.errors(include_url=False)
        ]
        raise ValueError("\n".join(lines)) from None
