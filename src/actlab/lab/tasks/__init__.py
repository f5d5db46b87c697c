"""Tasks by name: what a cell of a study computes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from actlab.core.errors import UnknownNameError
from actlab.lab.engines.interface import Outcome

Tick = Callable[[float], None]

MODULES: Mapping[str, str] = MappingProxyType(
    {"twenty-one-pairs": "actlab.lab.tasks.twenty_one_pairs"}
)


def task_named(name: str) -> ModuleType:
    """The module of a task: ``facts()`` for cell keys and ``execute(key, needed, tick)``.

    Raises:
        UnknownNameError: no task has that name.
    """
    if name not in MODULES:
        raise UnknownNameError("task", name, MODULES)
    return importlib.import_module(MODULES[name])


def execute(key: Mapping[str, Any], needed: Mapping[str, Mapping[str, Any]], tick: Tick) -> Outcome:
    """Compute a cell.

    Args:
        key: the cell's key; its ``task`` says which task computes it.
        needed: summaries of the cells it reads, by cell.
        tick: called with the share done.
    """
    return task_named(key["task"]).execute(key, needed, tick)
