"""The one small interface every engine has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Job:
    """What a worker must know to compute a cell.

    Args:
        id: the cell.
        key: everything its outcome depends on.
        needed: summaries of the cells it reads, by cell.
        timeout: seconds after which it is stopped.
    """

    id: str
    key: Mapping[str, Any]
    needed: Mapping[str, Mapping[str, Any]]
    timeout: float


@dataclass(frozen=True)
class Outcome:
    """What a worker hands back.

    Args:
        status: ``done`` or ``diverged``.
        reason: why, when it is not ``done``.
        summary: plain JSON values.
        arrays: named numeric arrays.
        environment: facts about the worker.
        seconds: how long it took.
    """

    status: str
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


class WorkerLostError(RuntimeError):
    """The process computing a cell went away."""


class CellTimeoutError(RuntimeError):
    """A cell took longer than it may."""


OnStart = Callable[[str, int], None]
OnShare = Callable[[str, float], None]


class Engine(Protocol):
    """Computes jobs; a context manager whose exit leaves no process behind."""

    workers: int

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; the future raises what went wrong when it cannot be computed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...
