"""Training functions on their way to worker processes.

A worker finds its task by name, ``module:object``. This module's objects are training functions
written into their own names: ``getattr(shipped, shipped_name)`` builds the task anew.
"""

from __future__ import annotations

import importlib
import multiprocessing
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Self

from actlab.lab.engines.interface import Job, OnShare, OnStart, Outcome
from actlab.lab.engines.local import LocalEngine
from actlab.lab.function_contract import name_of
from actlab.lab.function_task import FunctionTask
from actlab.lab.task import Batch, Run, Task

PREFIX = "sent_"

GUARD = (
    "put what your script does under `if __name__ == '__main__':`, since every worker process "
    "imports the script"
)


class ShippedEngine:
    """Worker processes that run a training function sent to them.

    Args:
        name: from :func:`ship`.
        workers: processes.
        on_start, on_share: told about progress.
    """

    def __init__(self, name: str, workers: int, on_start: OnStart, on_share: OnShare) -> None:
        self._name = name
        self._local = LocalEngine(workers, on_start, on_share)
        self.workers = workers

    @property
    def window(self) -> int:
        """Jobs worth having at the same time."""
        return self._local.window

    def __enter__(self) -> Self:
        self._local.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._local.__exit__(*failure)

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; the worker is told where the function is, the cell's key stays as it is."""
        if "task" in job.key:
            job = replace(job, key={**job.key, "task": self._name})
        return self._local.submit(job)


@dataclass(frozen=True)
class Parcel:
    """What a worker needs to build a task.

    Args:
        build: makes the task from the function.
        place: where the function is found by name, or empty.
        content: the pickled function where it is not.
        deterministic, dtype: torch's settings in the process that sends it.
    """

    build: Callable[..., Task]
    place: str
    content: bytes
    deterministic: bool
    dtype: Any

    def unpack(self) -> Task:
        """The task."""
        train = found(self.place) if self.place else pickle.loads(self.content)
        train = train.train if isinstance(train, FunctionTask) else train
        task = self.build(train)
        inner = task.run

        def run(batch: Batch) -> list[Run]:
            import torch

            # As in the process that sent it; the laboratory's own tasks are stricter.
            torch.use_deterministic_algorithms(self.deterministic)
            torch.set_default_dtype(self.dtype)
            return list(inner(batch))

        return replace(task, run=run)


def ship(train: Callable[..., Any], build: Callable[..., Task]) -> str:
    """The name under which a worker process finds the task of a training function.

    Args:
        train: the function.
        build: makes the task from it.

    Raises:
        ValueError: other processes could not find the function.
        RuntimeError: this process is a worker that is still importing the user's script.
    """
    import torch

    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(GUARD)
    place = place_of(train)
    content = b"" if place else _pickled(train)
    parcel = Parcel(
        build,
        place,
        content,
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
    )
    return f"{__name__}:{PREFIX}{pickle.dumps(parcel).hex()}"


def place_of(train: Callable[..., Any]) -> str:
    """``module:name`` where another process finds the same object, or an empty text."""
    named = train.train if isinstance(train, FunctionTask) else train
    module, name = getattr(named, "__module__", None), getattr(named, "__qualname__", "")
    if not module or not name or "<" in name or _is_interactive(module):
        return ""
    place = f"{module}:{name}"
    try:
        there = found(place)
    except (ImportError, AttributeError):
        return ""
    same = there is named or (isinstance(there, FunctionTask) and there.train is named)
    return place if same else ""


def found(place: str) -> Any:
    """The object of that place."""
    module, _, path = place.partition(":")
    there: Any = importlib.import_module(module)
    for part in path.split("."):
        there = getattr(there, part)
    return there


def _is_interactive(module: str) -> bool:
    """Whether a module is a notebook or a prompt, which no other process can import."""
    return module == "__main__" and not hasattr(sys.modules["__main__"], "__file__")


def _pickled(train: Callable[..., Any]) -> bytes:
    problem = ""
    try:
        if not _is_interactive(getattr(train, "__module__", "") or ""):
            return pickle.dumps(train)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        problem = f" ({error})"
    try:
        import cloudpickle
    except ImportError:
        raise ValueError(
            f"workers: other processes cannot find {name_of(train)}{problem}; put it at the top "
            "level of a module, or pip install cloudpickle, or leave workers at 1"
        ) from None
    try:
        return cloudpickle.dumps(train)
    except Exception as error:
        raise ValueError(
            f"workers: {name_of(train)} cannot be sent to other processes: {error}; leave "
            "workers at 1"
        ) from error


def __getattr__(name: str) -> Task:
    if not name.startswith(PREFIX):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    parcel = pickle.loads(bytes.fromhex(name.removeprefix(PREFIX)))
    return parcel.unpack()
