"""Tasks by name: one file each in this folder, or ``module:object`` anywhere else."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.lab.fingerprint import code_of
from actlab.lab.task import Task


def task_names() -> list[str]:
    """Names of the tasks that come with actlab."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def task_named(name: str) -> Task:
    """A task.

    Args:
        name: of one that comes with actlab, or ``module:object`` for one of your own: a
            :class:`Task`, or a function that makes one.

    Raises:
        UnknownNameError: no task has that name, or the module no such object.
        ImportError: the module cannot be imported.
        TypeError: the object is no task.
    """
    module, attribute = _place(name)
    found = getattr(module, attribute, None)
    if found is None:
        known = [key for key, value in vars(module).items() if isinstance(value, Task)]
        raise UnknownNameError(f"task in {module.__name__}", attribute, known)
    if not isinstance(found, Task) and callable(found):
        found = found()
    if not isinstance(found, Task):
        raise TypeError(f"{name} must be an actlab.lab.Task, got {type(found).__name__}")
    for library, extra in found.needs.items():
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"the task {name}", extra)
    return found


def task_code(name: str) -> str:
    """Hash of the code that decides what a task's runs give."""
    return code_of(_place(name)[0], name)


def _place(name: str) -> tuple[ModuleType, str]:
    if ":" in name:
        module, _, attribute = name.partition(":")
        return importlib.import_module(module), attribute
    if name not in task_names():
        raise UnknownNameError("task", name, task_names())
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}"), "TASK"


def execute(key, needed, tick):
    from actlab.lab.execute import execute as compute

    return compute(key, needed, tick)
