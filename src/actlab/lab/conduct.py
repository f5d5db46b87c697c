"""Studies from their names to their records: what the command line calls."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.lab.arm import Init, Scheme
from actlab.lab.contenders import Contender, label_for, resolve_study
from actlab.lab.device import CPU, STACKED_ELSEWHERE
from actlab.lab.engines import BuildEngine
from actlab.lab.events import Watcher
from actlab.lab.extending import (
    NOT_EXTENDED,
    Extended,
    extended_in,
    recorded,
    with_second_look,
)
from actlab.lab.inits import init_for
from actlab.lab.plan import PartTask, Plan, make_plan, merged
from actlab.lab.runner import run_plan
from actlab.lab.study import Part, Study, StudyError, Tier, dotted
from actlab.lab.study_file import built_in, load_study
from actlab.lab.task import Task
from actlab.lab.tasks import task_code, task_named
from actlab.records import Record, Store, StoreError

DESCRIPTION = 2
"""Version of the study description written beside the records."""

CLAIM_STUDIES = "claims-"
"""The studies that put the ledger's claims to the test have names that begin so."""


def default_workers() -> int:
    """One worker per core that this process may use, at most 8."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:
        usable = os.cpu_count() or 1
    return max(1, min(8, usable))


def prepare(source: str, *, tier: Tier = "full", **changes: Any) -> Plan:
    """Read and check a study and work out its cells; nothing is computed or written.

    Args:
        source: name or path of the study.
        tier: which version of it. Default: ``full``.
        changes: ``seeds`` of every part, ``device`` and ``stack``, in place of the study's own.

    Raises:
        ValueError: an unknown study, a wrong file, a contender or a number out of range.
    """
    return plan_study(load_study(source, tier=tier, **changes))


def prepare_claims(
    *, tier: Tier = "full", extended: Extended = NOT_EXTENDED, **changes: Any
) -> list[Plan]:
    """The plans of every study of the claims that has a version of that tier.

    A study whose task needs a library that is not installed is left out; what the report says
    about its claims is that they were not run.

    Args, raises: as :func:`prepare`; ``extended`` names the parts that have a second look.
    """
    plans = []
    for name in built_in():
        if not name.startswith(CLAIM_STUDIES):
            continue
        whole = load_study(name)
        if tier == "full" or getattr(whole, tier) is not None:
            try:
                study = load_study(name, tier=tier, **changes)
                plans.append(plan_study(with_second_look(study, extended.get(name, ()))))
            except StudyError as error:
                if not isinstance(error.__cause__, MissingExtraError):
                    raise
                warnings.warn(f"{name} is left out: {error.__cause__}", stacklevel=2)
    return plans


def plans_of(results: Path) -> list[Plan]:
    """The plans of the studies whose records are in a results folder.

    They are planned anew, with today's code: cells that an older version computed are not among
    them.

    Raises:
        StoreError: not a results folder, or one that this version cannot read.
    """
    about = Store.open(results).read_study()
    if about.get("version") != DESCRIPTION:
        raise StoreError(f"{results} was written by another version of actlab; run the study again")
    plans = []
    for one in about["studies"]:
        study = Study.model_validate(one["study"])
        study._tier = one["tier"]
        plans.append(plan_study(study))
    return plans


def second_look_of(results: Path) -> Extended:
    """The parts of a results folder that have a second look.

    None where the folder or its description is not there or cannot be read, which is for the run
    to say; the second look would then be decided from the same records again.
    """
    try:
        return extended_in(Store.open(results).read_study())
    except (StoreError, ValueError):
        return NOT_EXTENDED


def plan_study(study: Study) -> Plan:
    """The plan of a study that has been read.

    Raises:
        StudyError: an unknown task, metric, setting or contender.
    """
    contenders = resolve_study(study)
    keys: dict[str, Mapping[str, Any]] = {}
    tasks = {
        part.name: _part_task(study, number, part, contenders[part.name], keys)
        for number, part in enumerate(study.part)
    }
    known: dict[tuple[str, str, str], Init] = {}

    def initialise(contender: Contender, scheme: Scheme) -> Init:
        place = (contender.name, repr(sorted(contender.params.items())), scheme)
        if place not in known:
            known[place] = init_for(contender.name, contender.params, scheme)
        return known[place]

    return make_plan(study, contenders, tasks, initialise)


def _part_task(
    study: Study,
    number: int,
    part: Part,
    contenders: Sequence[Contender],
    keys: dict[str, Mapping[str, Any]],
) -> PartTask:
    """What the plan must know of a part's task; ``keys`` remembers those worked out before."""
    name = study.task_of(part)
    try:
        task = task_named(name)
        task.metric(part.metric)
        if name not in keys:
            keys[name] = {
                "task": name,
                "version": task.version,
                "code": task_code(name),
                "data": task.data(),
            }
    except (ValueError, TypeError, ImportError) as error:
        place = study.place("part", number, "metric") if "metric" in str(error) else ""
        place = place or (study.place("part", number, "task") if part.task else study.place("task"))
        raise StudyError(f"{place}{error}") from error
    settings = {}
    seconds = {}
    device = study.device if task.any_device else CPU
    block = part.seeds
    for contender in contenders:
        chosen = _settings(study, number, task, {**part.settings, **contender.settings})
        settings[contender.label] = chosen.model_dump(mode="json")
        seconds[contender.label] = float(task.seconds(chosen))
        usual = task.block(chosen) if device == CPU else STACKED_ELSEWHERE
        block = min(block, (study.stack if task.stacked else None) or usual)
    return PartTask(keys[name], settings, block, seconds, task.exclusive, device)


def _settings(study: Study, number: int, task: Task, given: Mapping[str, Any]) -> Any:
    """A task's settings, defaults filled in.

    Raises:
        StudyError: an unknown setting, with the nearest known one, or one out of range.
    """
    place = study.place("part", number, "settings").rstrip(": ")
    for name in given:
        if name not in task.settings.model_fields:
            error = UnknownNameError(f"setting of {task.name}", name, task.settings.model_fields)
            raise StudyError(f"{place}: {error}")
    try:
        return task.settings.model_validate(dict(given))
    except ValidationError as error:
        lines = [
            f"{place}.{dotted(detail['loc'])}{detail['msg']}, got {detail['input']!r}"
            for detail in error.errors(include_url=False)
        ]
        raise StudyError("\n".join(lines)) from None


def conduct(
    plans: Plan | Sequence[Plan],
    results: Path,
    build_engine: BuildEngine,
    *,
    name: str = "",
    command: str,
    watch: Watcher,
    extended: Extended = NOT_EXTENDED,
) -> list[Record]:
    """Run what is missing of one plan, or of several that share a results folder.

    Args:
        plans: from :func:`prepare`.
        results: the results folder; made when it does not exist.
        build_engine: makes the engine from two callbacks.
        name: what the folder is called inside; by default the name of the one study.
        command: what the user would type to do the same again.
        watch: told about progress.
        extended: the parts that are looked at twice; the plans have their seeds already.

    Raises:
        StoreError: the folder is not ours, or is being written to.
    """
    each = [plans] if isinstance(plans, Plan) else list(plans)
    store = Store.create(results, name or each[0].study.title_name)
    with store.writing():
        store.write_study(
            {
                "version": DESCRIPTION,
                "command": command,
                "studies": [describe(plan) for plan in each],
                **recorded(extended),
            }
        )
        whole = Plan(each[0].study, tuple(merged(each)))
        return run_plan(whole, store, build_engine, watch)


def describe(plan: Plan) -> Mapping[str, Any]:
    """Everything a report needs to know about a study besides the records themselves."""
    study = plan.study
    contenders = {c.label: c for group in plan.contenders.values() for c in group}
    names = dict.fromkeys(study.task_of(part) for part in study.part)
    return {
        "study": study.model_dump(mode="json", exclude={"quick", "smoke"}),
        "tier": study.tier,
        "contender": label_for(study.contender),
        "baseline": label_for(study.baseline),
        "baselines": {
            part.name: label_for(part.baseline if part.baseline is not None else study.baseline)
            for part in study.part
        },
        "contenders": {
            label: {"name": c.name, "params": dict(c.params), "learn": c.learn}
            for label, c in contenders.items()
        },
        "inits": _inits(plan),
        "tasks": {name: describe_task(task_named(name)) for name in names},
        "settings": {name: dict(task.settings) for name, task in plan.tasks.items()},
        "cells": [cell.describe() for cell in plan.places],
    }


def _inits(plan: Plan) -> list[dict[str, Any]]:
    """The initialisation of every function in every part and regime."""
    seen = {
        (cell.part, cell.regime, cell.contender): cell.key["init"]
        for cell in plan.places
        if cell.part
    }
    return [
        {"part": part, "regime": regime, "contender": label, **init}
        for (part, regime, label), init in seen.items()
    ]


def describe_task(task: Task) -> dict[str, Any]:
    """What a reader of the records needs to know about a task."""
    return {
        "name": task.name,
        "title": task.title,
        "about": task.about,
        "version": task.version,
        "metrics": [metric.describe() for metric in task.metrics],
        "curves": [
            {"name": c.name, "title": c.title, "along": c.along, "scale": c.scale}
            for c in task.curves
        ],
        "facts": dict(task.facts()),
    }
