"""A comparison of training runs as a study: the same plan, cells and description as a TOML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from torch import nn

from actlab import core, registry
from actlab.lab.arm import Init, Scheme
from actlab.lab.conduct import DESCRIPTION, describe_task
from actlab.lab.contenders import Contender, resolve
from actlab.lab.inits import init_for
from actlab.lab.plan import PartTask, Plan, make_plan
from actlab.lab.study import ContenderSpec, Part, Study
from actlab.lab.task import Task

PART = "comparison"
UNSTATED = 1.0
"""Written where a study needs a learning rate and the function has none but its own."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


def spec_of(entry: Any) -> ContenderSpec:
    """What a user names an activation with, as studies write it.

    Args:
        entry: a name, a mapping such as ``{"name": "ralu", "alpha": 2.0, "learn": "unit"}``, a
            definition, or a module or function of actlab's or torch's; a class is built without
            arguments.

    Raises:
        TypeError: it is none of these, or no definition belongs to it.
        ValueError: a mapping without a name, or an unknown name.
    """
    if isinstance(entry, ContenderSpec):
        return entry
    if isinstance(entry, str):
        return ContenderSpec(name=entry)
    if isinstance(entry, Mapping):
        if "name" not in entry:
            raise ValueError(f"activations: a mapping must have a name, got {dict(entry)!r}")
        return ContenderSpec.model_validate(dict(entry))
    if isinstance(entry, core.Activation):
        return ContenderSpec(name=registry.address(entry))
    from actlab.init import recognise

    made = entry() if isinstance(entry, type) and issubclass(entry, nn.Module) else entry
    found = recognise(made)
    if found.definition is None:
        raise TypeError(
            f"activations: {found.label} has no definition; `actlab new` begins one, and "
            "module:object names it"
        )
    name, learn = registry.address(found.definition), "shared" if found.learned else ""
    return spec(name, dict(found.params), learn=learn)


def spec(name: str, params: Mapping[str, float], **keys: Any) -> ContenderSpec:
    """A function as a study writes it."""
    whole: dict[str, Any] = {"name": name, **keys, **params}
    return ContenderSpec.model_validate(whole)


def contenders_of(entries: Sequence[Any], baseline: Any) -> tuple[list[Contender], Contender]:
    """The functions, each once and the baseline among them, and the baseline.

    Args:
        entries: what the user compares.
        baseline: what with; None for the first of them.

    Raises:
        ValueError: fewer than two functions, one twice, or one that cannot be resolved.
    """
    if isinstance(entries, str | Mapping) or not isinstance(entries, Sequence):
        raise TypeError(f"activations must be a list, got {entries!r}")
    found = [_resolved(entry) for entry in entries]
    labels = [contender.label for contender in found]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"activations must differ, got {label} twice; a label= tells apart")
    if baseline is None:
        if not found:
            raise ValueError("activations must name two functions at least, got none")
        chosen = found[0]
    else:
        named = [one for one in found if isinstance(baseline, str) and one.label == baseline]
        chosen = named[0] if named else _resolved(baseline)
        if chosen.label not in labels:
            found.insert(0, chosen)
    if len(found) < 2:
        raise ValueError(f"activations must name two functions at least, got {labels}")
    return found, chosen


def _resolved(entry: Any) -> Contender:
    contender = resolve(spec_of(entry))
    if contender.settings:
        raise ValueError(f"{contender.label}: settings belong to studies; there are none here")
    return contender


def specs_of(contenders: Sequence[Contender]) -> dict[str, ContenderSpec]:
    """What a study file would say of each function, by label."""
    specs = {}
    for c in contenders:
        keys = {"learn": c.learn, "constraint": c.constraint, "init": c.scheme}
        plain = spec(c.name, c.params, **keys)
        called = resolve(plain).label
        specs[c.label] = (
            plain if called == c.label else spec(c.name, c.params, label=c.label, **keys)
        )
    return specs


def study_of(
    name: str,
    title: str,
    task: str,
    contenders: Sequence[Contender],
    baseline: str,
    *,
    metric: str,
    seeds: int,
    smallest: float,
    learning_rates: Sequence[float] | None = None,
    tuning_seeds: int | None = None,
    init: Scheme = "default",
) -> Study:
    """The study that a comparison is.

    Args:
        name: lower-case words joined by hyphens.
        title: a line.
        task: name of the task.
        contenders: the functions.
        baseline: label of the one that the others are compared with.
        metric: name of the primary one.
        seeds: test seeds.
        smallest: smallest effect of interest.
        learning_rates: to choose from; one alone is taken; None for the function's own.
        tuning_seeds: what the choice is made with.
        init: initialisation of every function.
    """
    specs = specs_of(contenders)
    rates = list(learning_rates or [UNSTATED])
    several = len(rates) > 1
    first = next(c for c in contenders if c.label != baseline)
    part = Part(
        name=PART,
        title=title,
        metric=metric,
        regimes=["fair" if several else "as-claimed"],
        contenders=list(specs.values()),
        baseline=specs[baseline],
        init=init,
        seeds=seeds,
        learning_rate=None if several else rates[0],
        learning_rates=rates if several else None,
        tuning_seeds=tuning_seeds if several else None,
    )
    return Study(
        name=name,
        title=title,
        task=task,
        claim=f"Some function differs from {baseline}.",
        contender=specs[first.label],
        baseline=specs[baseline],
        smallest_effect=smallest,
        part=[part],
    )


def plan_of(
    study: Study,
    contenders: Sequence[Contender],
    task: Task,
    code: str,
    settings: Mapping[str, Any] = NOTHING,
) -> Plan:
    """Its cells: one for every test run, and one for each function's choice of a learning rate.

    Args:
        study: from :func:`study_of`.
        contenders: its functions.
        task: its task.
        code: hash of what decides the results.
        settings: of the task, all of them.
    """
    key = {"task": study.task, "version": task.version, "code": code, "data": task.data()}
    chosen = task.settings.model_validate(dict(settings))
    part = PartTask(
        key,
        {c.label: dict(settings) for c in contenders},
        min(study.part[0].seeds, task.block(chosen)),
        {c.label: float(task.seconds(chosen)) for c in contenders},
    )

    def initialise(contender: Contender, scheme: Scheme) -> Init:
        return init_for(contender.name, contender.params, scheme)

    return make_plan(study, {PART: list(contenders)}, {PART: part}, initialise)


def description_of(plan: Plan, task: Task, baseline: str, command: str) -> dict[str, Any]:
    """What stands beside the records: of the same shape as ``actlab.lab.conduct`` writes.

    Args:
        plan: the cells.
        task: their task.
        baseline: label of the function that the others are compared with.
        command: what computes the same again.
    """
    study, contenders = plan.study, plan.contenders[PART]
    first = next(c for c in contenders if c.label != baseline)
    about = {
        "study": study.model_dump(mode="json", exclude={"quick", "smoke"}),
        "tier": study.tier,
        "contender": first.label,
        "baseline": baseline,
        "baselines": {PART: baseline},
        "contenders": {
            c.label: {"name": c.name, "params": dict(c.params), "learn": c.learn}
            for c in contenders
        },
        "inits": [
            {
                "part": PART,
                "regime": regime,
                "contender": label,
                **init_for(c.name, c.params, c.scheme or study.part[0].scheme(regime)).key,
            }
            for regime in study.part[0].regimes
            for label, c in ((c.label, c) for c in contenders)
        ],
        "tasks": {study.task: describe_task(task)},
        "settings": {name: dict(part.settings) for name, part in plan.tasks.items()},
        "cells": [cell.describe() for cell in plan.cells],
    }
    return {"version": DESCRIPTION, "command": command, "studies": [about]}
