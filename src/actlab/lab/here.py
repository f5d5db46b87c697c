"""Cells computed in this process, one after the other, and records kept in memory."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from actlab.lab.engines.interface import (
    CellError,
    EngineError,
    Job,
    OnShare,
    OnStart,
    Outcome,
)
from actlab.lab.execute import execute, recorded, tuned
from actlab.lab.task import Batch, Task, Tick
from actlab.records import FINAL, Record, Store, describe_environment


class HereEngine:
    """Computes a job when it is submitted, in the thread that submits it.

    A closure, a lambda or a function of a notebook needs no other process to find it. Ctrl-C and
    a task that breaks its contract reach whoever submits; any other exception is the cell's.

    Args:
        task: what test and tuning cells run.
        on_start, on_share: told about progress.
    """

    workers = 1
    window = 1
    """One job at a time, so that each record is kept before the next is begun."""

    def __init__(self, task: Task, on_start: OnStart, on_share: OnShare) -> None:
        self._task = task
        self._on_start = on_start
        self._on_share = on_share
        self._environment = describe_environment()
        self.first_error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """There is nothing to end."""

    def submit(self, job: Job) -> Future[Outcome]:
        """Compute a job."""
        self._on_start(job.id, 0)
        future: Future[Outcome] = Future()
        began = time.perf_counter()
        try:
            outcome = compute(
                self._task, job.key, job.needed, lambda share: self._on_share(job.id, share)
            )
        except EngineError:
            raise
        except Exception as error:
            self.first_error = self.first_error or error
            future.set_exception(CellError(told(error)))
        else:
            future.set_result(
                Outcome(
                    outcome.status,
                    outcome.reason,
                    outcome.summary,
                    outcome.arrays,
                    self._environment,
                    time.perf_counter() - began,
                )
            )
        return future


def compute(
    task: Task, key: Mapping[str, Any], needed: Mapping[str, Mapping[str, Any]], tick: Tick
) -> Outcome:
    """What ``actlab.lab.execute`` computes, for a task that has no name to be found by.

    Args:
        task: the task of the cell.
        key, needed, tick: as there.
    """
    from actlab.lab.contenders import arm_of

    if key["kind"] == "shape":
        return execute(key, needed, tick)
    rates = key.get("learning_rates")
    if rates is None:
        rate = key["learning_rate"]
        rates = [needed[rate["chosen_by"]]["learning_rate"] if isinstance(rate, Mapping) else rate]
    batch = Batch(
        arm=arm_of(key),
        settings=task.settings.model_validate(dict(key["settings"])),
        seeds=tuple(key["seeds"]),
        rates=tuple(rates),
        role=key["role"],
        tick=tick,
    )
    runs = list(task.run(batch))
    if key["kind"] == "tune":
        return tuned(task.metric(key["metric"]), runs, rates, len(batch.seeds))
    return recorded(task, runs, rates[0])


def told(error: BaseException) -> str:
    """An exception in one line, with where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())
    what = type(error).__name__ + (f": {said}" if said else "")
    return f"{what} (in {place.name}, line {place.lineno})"


class MemoryStore(Store):
    """Records that go with the process, for runs that leave nothing behind."""

    def __init__(self) -> None:
        super().__init__(Path("memory"), "memory")
        self._records: dict[str, Record] = {}

    def save(self, record: Record) -> None:
        """Keep a record."""
        self._records[record.id] = record

    def load(self, cell: str) -> Record | None:
        """The record of a cell, or None."""
        return self._records.get(cell)

    def finished(self, cell: str) -> Record | None:
        """The record of a cell whose outcome is final, or None."""
        record = self.load(cell)
        return record if record is not None and record.status in FINAL else None


EngineFor = Callable[[OnStart, OnShare], HereEngine]
