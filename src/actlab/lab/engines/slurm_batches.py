"""The batches of a run on Slurm: cut, submitted, watched, and handed out again when lost."""

from __future__ import annotations

import contextlib
import math
import queue
import sys
import time
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from actlab.lab.engines.batch import Batch
from actlab.lab.engines.interface import (
    CellError,
    CellTimeoutError,
    EngineError,
    Job,
    OnStart,
    Outcome,
    WorkerLostError,
)
from actlab.lab.engines.spool import Answer, Spool

LINGER = 0.3
"""Seconds to wait for more cells before a batch that is not full is submitted."""

SILENT = 180.0
"""Seconds without a sign of life after which a job that has begun counts as dead."""

MOST_FALSE_STARTS = 3
"""Jobs in a row that may end without having begun; then Slurm cannot run them at all."""

SUBMIT_AGAIN = 30.0
"""Seconds until a refused submission is repeated, while other jobs are under way."""


class Scheduler(Protocol):
    """What takes batches: Slurm, or processes on this machine."""

    poll: float
    """Seconds between looks at the answers."""
    late: float
    """Seconds that the answers of a job may take to be seen after it has ended."""

    def submit(self, batches: Sequence[Batch]) -> Sequence[Any]:
        """Submit, and return a handle each."""
        ...

    def over(self, handle: Any) -> str:
        """How a job ended, in a word or two; empty while it has not."""
        ...

    def cancel(self, handles: Sequence[Any]) -> None:
        """Stop jobs."""
        ...


@dataclass(eq=False)
class _Task:
    job: Job
    future: Future[Outcome]
    losses: int = 0


@dataclass(eq=False)
class _Flight:
    """A batch that was submitted."""

    batch: Batch
    handle: Any
    slot: int
    waiting: dict[str, _Task]
    heard: float
    beat: float | None = None
    ended: float | None = None
    how: str = ""
    announced: int = 0
    order: list[str] = field(default_factory=list)


class Batches:
    """Everything but :meth:`add` and :meth:`stop` runs in one thread.

    Args:
        scheduler: takes batches.
        spool: where answers come back.
        session: of the spool.
        slots: jobs at once.
        cells: per job at most.
        processes: cells that a job computes at once.
        tries: how many jobs a cell may lose before it counts as failed.
        on_start: called with the cell and the job's slot.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        spool: Spool,
        session: str,
        *,
        slots: int,
        cells: int,
        processes: int,
        tries: int,
        on_start: OnStart,
    ) -> None:
        self.broken: EngineError | None = None
        self._scheduler = scheduler
        self._spool = spool
        self._session = session
        self._slots = slots
        self._cells = cells
        self._processes = processes
        self._tries = tries
        self._on_start = on_start
        self._arrived: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._last_arrival = 0.0
        self._not_before = 0.0
        self._false_starts = 0
        self._backlog: deque[_Task] = deque()
        self._awaited: dict[str, _Task] = {}
        self._flights: list[_Flight] = []

    @property
    def idle(self) -> bool:
        """Whether every job has had its answer."""
        return not self._awaited and self._arrived.empty()

    def add(self, job: Job) -> Future[Outcome]:
        """Queue a job."""
        task = _Task(job, Future())
        self._arrived.put(task)
        return task.future

    def stop(self) -> None:
        """Ask the thread to end; the jobs end with it."""
        self._arrived.put(None)

    def run(self) -> None:
        """What the thread does until it is stopped."""
        try:
            while self._turn():
                pass
        except Exception as error:
            self._break(f"{type(error).__name__}: {error}")
            while (task := self._arrived.get()) is not None:
                task.future.set_exception(self.broken)
        finally:
            with contextlib.suppress(Exception):
                self._scheduler.cancel([flight.handle for flight in self._flights])

    def _turn(self) -> bool:
        deadline = time.monotonic() + self._scheduler.poll
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                task = self._arrived.get(timeout=left)
                if task is None:
                    return False
                self._accept(task)
        self._collect()
        for flight in [*self._flights]:
            self._look_after(flight, time.monotonic())
        self._launch(time.monotonic())
        return True

    def _accept(self, task: _Task) -> None:
        if self.broken:
            task.future.set_exception(self.broken)
        elif task.job.id in self._awaited:
            task.future.set_exception(ValueError(f"the cell {task.job.id} is queued already"))
        else:
            self._awaited[task.job.id] = task
            self._backlog.append(task)
            self._last_arrival = time.monotonic()

    def _collect(self) -> None:
        """Take every answer that somebody waits for, whichever job has left it."""
        for cell in [*self._spool.answered()]:
            if (task := self._awaited.get(cell)) is None:
                continue
            answer = self._spool.take(cell)
            self._spool.drop(cell)
            if answer is None:
                continue
            for flight in self._flights:
                flight.waiting.pop(cell, None)
            self._deliver(task, answer)

    def _deliver(self, task: _Task, answer: Answer) -> None:
        said = str(answer.content)
        if answer.kind == "lost":
            self._lose([task], said)
            return
        with contextlib.suppress(ValueError):
            self._backlog.remove(task)  # an earlier driver's job was faster
        del self._awaited[task.job.id]
        if isinstance(answer.content, Outcome):
            task.future.set_result(answer.content)
        elif answer.kind == "timeout":
            task.future.set_exception(CellTimeoutError(said))
        else:
            task.future.set_exception(CellError(said))

    def _look_after(self, flight: _Flight, now: float) -> None:
        beat = self._spool.last_beat(flight.batch.name)
        if beat != flight.beat:
            flight.beat, flight.heard = beat, now
            self._false_starts = 0
        if flight.beat is not None:
            at_work = len(flight.order) - len(flight.waiting) + self._processes
            for cell in flight.order[flight.announced : at_work]:
                self._on_start(cell, flight.slot)
            flight.announced = max(flight.announced, min(at_work, len(flight.order)))
        if not flight.waiting:
            self._end(flight)
            return
        if flight.ended is None:
            silent = flight.beat is not None and now - flight.heard > SILENT
            flight.how = self._scheduler.over(flight.handle) or ("silent" if silent else "")
            flight.ended = now if flight.how else None
        elif now - flight.ended >= self._scheduler.late:
            self._end(flight)
            self._scheduler.cancel([flight.handle])
            self._hand_out_again(flight)

    def _end(self, flight: _Flight) -> None:
        self._flights.remove(flight)
        self._spool.forget(flight.batch.name)

    def _hand_out_again(self, flight: _Flight) -> None:
        """Only the cells that were being computed count a loss; the others never began."""
        tasks = [*flight.waiting.values()]
        why = f"its Slurm job ended ({flight.how})"
        if flight.beat is None:
            self._false_starts += 1
            if self._false_starts >= MOST_FALSE_STARTS:
                self._break(f"{self._false_starts} jobs in a row ended ({flight.how}) before they "
                            f"began; their logs are in {self._spool.logs}")  # fmt: skip
                return
        at_work = self._processes if flight.beat is not None else len(tasks)
        self._backlog.extendleft(reversed(tasks[at_work:]))
        self._lose(tasks[:at_work], why)

    def _lose(self, tasks: Sequence[_Task], why: str) -> None:
        for task in reversed(tasks):
            task.losses += 1
            if task.losses < self._tries:
                self._backlog.appendleft(task)
                continue
            del self._awaited[task.job.id]
            times = "time" if task.losses == 1 else "times"
            said = f"it was lost {task.losses} {times}, at last: {why}"
            task.future.set_exception(WorkerLostError(said))

    def _launch(self, now: float) -> None:
        free = self._slots - len(self._flights)
        full = len(self._backlog) >= self._cells * free
        if not self._backlog or free < 1 or now < self._not_before:
            return
        if not full and now - self._last_arrival < LINGER:
            return
        size = min(self._cells, math.ceil(len(self._backlog) / free))
        taken: list[dict[str, _Task]] = []
        while self._backlog and len(taken) < free:
            tasks = [self._backlog.popleft() for _ in range(min(size, len(self._backlog)))]
            taken.append({task.job.id: task for task in tasks})
        batches = [self._batch(tasks) for tasks in taken]
        try:
            handles = self._scheduler.submit(batches)
        except Exception as error:
            self._backlog.extendleft(task for tasks in reversed(taken)
                                     for task in reversed(tasks.values()))  # fmt: skip
            if not self._flights:
                self._break(f"it takes no jobs: {error}")
            self._not_before = now + SUBMIT_AGAIN
            return
        used = {flight.slot for flight in self._flights}
        slots = [slot for slot in range(self._slots) if slot not in used]
        for batch, handle, slot, tasks in zip(batches, handles, slots, taken, strict=False):
            self._flights.append(_Flight(batch, handle, slot, tasks, now, order=[*tasks]))

    def _batch(self, tasks: dict[str, _Task]) -> Batch:
        jobs = tuple(task.job for task in tasks.values())
        return Batch(
            uuid.uuid4().hex, self._session, self._spool.root, jobs, self._processes,
            tuple(sys.path),
        )  # fmt: skip

    def _break(self, why: str) -> None:
        self.broken = EngineError(f"the Slurm engine stopped: {why}")
        for task in self._awaited.values():
            task.future.set_exception(self.broken)
        self._awaited.clear()
        self._backlog.clear()
