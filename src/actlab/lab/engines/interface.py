"""The one small interface every engine has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeAlias

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


class CellError(RuntimeError):
    """A cell raised an exception; the message is the exception's own. It is not tried again."""


class WorkerLostError(RuntimeError):
    """The process computing a cell went away."""


class CellTimeoutError(RuntimeError):
    """A cell took longer than it may."""


class EngineError(RuntimeError):
    """The engine as a whole cannot go on; no cell is to blame, and the run stops."""


OnStart: TypeAlias = Callable[[str, int], None]
OnShare: TypeAlias = Callable[[str, float], None]


class Engine(Protocol):
    """Computes jobs; a context manager whose exit leaves no process behind."""

    @property
    def workers(self) -> int:
        """Cells computed at the same time."""
        ...

    @property
    def window(self) -> int:
        """Jobs worth having at the same time: enough to keep every worker busy, and no more.

        Whoever submits keeps at most so many unfinished, so that a plan of any size takes up
        no more memory than that.
        """
        ...

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; the future raises what went wrong when it cannot be computed.

        Raises:
            EngineError: the engine is broken; it takes no more jobs.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


BuildEngine: TypeAlias = Callable[[OnStart, OnShare], Engine]
