"""A study from its name to its records: the one function the command line calls."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from actlab.analysis.gain import own_init
from actlab.lab.contenders import label_for, resolve_study
from actlab.lab.engines.local import LocalEngine
from actlab.lab.events import Watcher
from actlab.lab.plan import Plan, make_plan
from actlab.lab.runner import run_plan
from actlab.lab.study import Study, StudyError, load_study
from actlab.lab.tasks import task_named
from actlab.records import Record, Store

DESCRIPTION = 1
"""Version of the study description written beside the records."""


def default_results(study: Study, quick: bool) -> Path:
    """``results/<name>``, or ``results/<name>-quick``: the two never mix."""
    return Path("results") / (f"{study.name}-quick" if quick else study.name)


def default_workers() -> int:
    """One worker per core that this process may use, at most 8."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:
        usable = os.cpu_count() or 1
    return max(1, min(8, usable))


def prepare(source: str, *, quick: bool = False, seeds: int | None = None) -> Plan:
    """Read and check a study and work out its cells; nothing is computed or written.

    Args:
        source: name or path of the study.
        quick: take the study's quick version.
        seeds: test seeds in every part, in place of the study's own.

    Raises:
        ValueError: an unknown study, a wrong file, a contender or a number out of range.
    """
    study = load_study(source, quick=quick, seeds=seeds)
    try:
        task = task_named(study.task)
    except ValueError as error:
        raise StudyError(f"{study.place('task')}{error}") from error
    contenders = resolve_study(study, functools.cache(own_init))
    return make_plan(study, contenders, task.facts())


def conduct(
    plan: Plan,
    results: Path,
    *,
    quick: bool,
    workers: int,
    command: str,
    watch: Watcher,
) -> tuple[Store, list[Record]]:
    """Run what is missing of a plan.

    Args:
        plan: from :func:`prepare`.
        results: the results folder; made when it does not exist.
        quick: whether the plan is a quick version.
        workers: worker processes, 1 to 256.
        command: what the user would type to do the same again.
        watch: told about progress.

    Raises:
        ValueError: ``workers`` out of range.
        StoreError: the folder is not ours, or is being written to.
    """
    if not 1 <= workers <= 256:
        raise ValueError(f"workers must lie in [1, 256], got {workers}")
    name = f"{plan.study.name}-quick" if quick else plan.study.name
    store = Store.create(results, name)
    with store.writing():
        store.write_study(describe(plan, quick=quick, command=command))
        return store, run_plan(plan, store, partial(LocalEngine, workers), watch)


def describe(plan: Plan, *, quick: bool, command: str) -> Mapping[str, Any]:
    """Everything a report needs to know besides the records themselves."""
    contenders = {c.label: c for group in plan.contenders.values() for c in group}
    return {
        "version": DESCRIPTION,
        "study": plan.study.model_dump(mode="json", exclude={"quick"}),
        "quick": quick,
        "command": command,
        "contender": label_for(plan.study.contender),
        "baseline": label_for(plan.study.baseline),
        "contenders": {
            label: {
                "name": c.name,
                "params": dict(c.params),
                "weight": c.weight,
                "bias": c.bias,
            }
            for label, c in contenders.items()
        },
        "task": task_named(plan.study.task).describe(),
        "cells": [cell.describe() for cell in plan.cells],
    }
