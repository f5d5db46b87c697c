"""The actors of a run on a Ray cluster: one per processor, one cell each at a time."""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from actlab.lab.engines.compute import versions
from actlab.lab.engines.interface import (
    CellError,
    CellTimeoutError,
    EngineError,
    Job,
    OnShare,
    OnStart,
    Outcome,
    WorkerLostError,
)
from actlab.lab.engines.ray_actors import FIRST_REPORT, room_for_seats, seat_class, shares_class
from actlab.lab.engines.ray_errors import gist, with_advice

TICK = 0.25
"""Seconds between looks at the clock: deadlines, new machines, shares done."""

SURVEY_EVERY = 1.0
MOST_FALSE_STARTS = 20
"""Workers that may die in a row before one is ready; then the cluster is not fit for use."""


@dataclass(eq=False)
class _Task:
    job: Job
    future: Future[Outcome]
    losses: int = 0


@dataclass(eq=False)
class _Seat:
    number: int
    actor: Any
    ready: bool = False
    task: _Task | None = None
    deadline: float = 0.0


class Pool:
    """Feeds the actors; everything but :meth:`add` and :meth:`stop` runs in one thread.

    A worker that dies, or whose machine leaves, gives its cell back to the queue. Machines that
    join are used at the next survey.

    Args:
        bound: cells computed at once; None: as many as the cluster has processors.
        tries: how many workers a cell may lose before it counts as failed.
        home: the node of the driver.
        on_start: called with the cell and the worker's number.
        on_share: called with the cell and the share done.
        gpus: of every worker, such as 1, or 0.25 for four that share one.
    """

    def __init__(
        self,
        bound: int | None,
        tries: int,
        home: str,
        on_start: OnStart,
        on_share: OnShare,
        gpus: float = 0.0,
    ) -> None:
        self.broken: EngineError | None = None
        self.processors = 1
        self._bound = bound
        self._tries = tries
        self._home = home
        self._gpus = gpus
        self._on_start = on_start
        self._on_share = on_share
        # Everything that happens is a call put here; None ends the thread.
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._backlog: deque[_Task] = deque()
        self._seats: dict[int, _Seat] = {}
        self._false_starts = 0
        self._asked_shares = False
        self._next_tick = 0.0
        self._next_survey = 0.0
        self._versions: Mapping[str, str] = {}
        self._shares: Any = None
        self._make_seat: Any = None

    def add(self, job: Job) -> Future[Outcome]:
        """Queue a job."""
        task = _Task(job, Future())
        self._events.put(lambda: self._queue(task))
        return task.future

    def stop(self) -> None:
        """Ask the thread to end; the actors end with it."""
        self._events.put(None)

    def begin(self) -> None:
        """Look at the cluster for the first time.

        Raises:
            Exception: whatever Ray raises when it cannot be used.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._versions = versions()
        self.processors = room_for_seats(self._gpus)
        near = NodeAffinitySchedulingStrategy(node_id=self._home, soft=True)
        shares = ray.remote(shares_class()).options(
            num_cpus=0, max_restarts=-1, scheduling_strategy=near
        )
        self._shares = shares.remote()
        gpus = {"num_gpus": self._gpus} if self._gpus else {}
        self._make_seat = ray.remote(seat_class()).options(num_cpus=1, max_restarts=0, **gpus)

    def run(self) -> None:
        """What the thread does until it is stopped."""
        try:
            while self._turn():
                pass
        except Exception as error:
            self._break(f"{type(error).__name__}: {error}")
            while (event := self._events.get()) is not None:
                with contextlib.suppress(Exception):
                    event()
        finally:
            for seat in [*self._seats.values()]:
                self._dismiss(seat)

    def _turn(self) -> bool:
        with contextlib.suppress(queue.Empty):
            event = self._events.get(timeout=TICK)
            if event is None:
                return False
            event()
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + TICK
            self._stop_late_ones(now)
            self._ask_shares()
        if now >= self._next_survey:
            self._next_survey = now + SURVEY_EVERY
            self.processors = room_for_seats(self._gpus)
            self._take_seats()
        self._assign()
        return True

    def _queue(self, task: _Task) -> None:
        if self.broken:
            task.future.set_exception(self.broken)
            return
        self._backlog.append(task)
        if len(self._seats) < self._wanted():
            self._take_seats()

    def _wanted(self) -> int:
        """Seats worth having: no more than there are cells for."""
        at_most = self._bound or self.processors
        busy = sum(seat.task is not None for seat in self._seats.values())
        return min(at_most, busy + len(self._backlog))

    def _take_seats(self) -> None:
        number = 0
        for _ in range(self._wanted() - len(self._seats)):
            while number in self._seats:
                number += 1
            seat = _Seat(number, self._make_seat.remote(self._shares, FIRST_REPORT))
            self._seats[number] = seat
            self._call(seat.actor.prepare.remote(), self._prepared, seat)

    def _call(self, reference: Any, then: Callable[..., None], *first: Any) -> None:
        """Hand the answer of an actor to ``then``, in the pool's own thread."""
        reference.future().add_done_callback(
            lambda answer: self._events.put(lambda: then(*first, answer))
        )

    def _prepared(self, seat: _Seat, answer: Future[tuple[str, Any]]) -> None:
        from ray.exceptions import RayTaskError, RuntimeEnvSetupError

        try:
            kind, content = answer.result()
        except (RayTaskError, RuntimeEnvSetupError) as error:
            self._break(f"a worker cannot start: {gist(error)}")
            return
        except Exception as error:
            self._dismiss(seat)
            self._false_starts += 1
            if self._false_starts >= MOST_FALSE_STARTS:
                self._break(
                    f"{self._false_starts} workers in a row died at their start, "
                    f"the last because {gist(error)}"
                )
            return
        self._false_starts = 0
        if kind == "error":
            self._break(f"a machine of the cluster cannot run actlab: {content}")
        elif content != self._versions:
            theirs = [
                f"{name} {content.get(name)} (here {ours})"
                for name, ours in self._versions.items()
                if content.get(name) != ours
            ]
            self._break(f"a machine of the cluster has {', '.join(theirs)}; results would differ")
        else:
            seat.ready = True

    def _assign(self) -> None:
        if not self._backlog:
            return
        for seat in self._seats.values():
            if seat.ready and seat.task is None:
                seat.task = self._backlog.popleft()
                seat.deadline = time.monotonic() + seat.task.job.timeout
                self._on_start(seat.task.job.id, seat.number)
                answer = seat.actor.compute.remote(seat.task.job)
                self._call(answer, self._answered, seat, seat.task)
                if not self._backlog:
                    return

    def _answered(self, seat: _Seat, task: _Task, answer: Future[tuple[str, Any]]) -> None:
        from ray.exceptions import RayError, RayTaskError

        if seat.task is not task:
            return  # stopped for its time, and told already
        seat.task = None
        try:
            kind, content = answer.result()
        except RayError as error:
            if isinstance(error, RayTaskError):
                task.future.set_exception(CellError(gist(error)))
            else:
                self._dismiss(seat)
                self._lose(task, error)
        except Exception as error:
            task.future.set_exception(CellError(f"its outcome cannot be read: {gist(error)}"))
        else:
            if kind == "outcome":
                task.future.set_result(content)
            else:
                task.future.set_exception(CellError(with_advice(content)))

    def _lose(self, task: _Task, error: Exception) -> None:
        task.losses += 1
        if task.losses < self._tries:
            self._backlog.appendleft(task)
            return
        times = "time" if task.losses == 1 else "times"
        task.future.set_exception(
            WorkerLostError(f"its worker was lost {task.losses} {times}, at last: {gist(error)}")
        )

    def _stop_late_ones(self, now: float) -> None:
        for seat in [*self._seats.values()]:
            if seat.task is not None and now > seat.deadline:
                task, seat.task = seat.task, None
                self._dismiss(seat)
                late = CellTimeoutError(f"stopped after {task.job.timeout:g} s")
                task.future.set_exception(late)

    def _dismiss(self, seat: _Seat) -> None:
        """Give a worker up and make sure that it is: it may be alive behind a broken link."""
        import ray

        self._seats.pop(seat.number, None)
        with contextlib.suppress(Exception):
            ray.kill(seat.actor, no_restart=True)

    def _ask_shares(self) -> None:
        if not self._asked_shares and any(seat.task for seat in self._seats.values()):
            self._asked_shares = True
            self._call(self._shares.take.remote(), self._take_shares)

    def _take_shares(self, answer: Future[Mapping[str, float]]) -> None:
        self._asked_shares = False
        if answer.exception() is None:
            at_work = {seat.task.job.id for seat in self._seats.values() if seat.task}
            for cell, share in answer.result().items():
                if cell in at_work:
                    self._on_share(cell, share)

    def _break(self, why: str) -> None:
        self.broken = EngineError(f"the Ray engine stopped: {why}")
        for seat in [*self._seats.values()]:
            if seat.task is not None:
                self._backlog.append(seat.task)
                seat.task = None
            self._dismiss(seat)
        for task in self._backlog:
            task.future.set_exception(self.broken)
        self._backlog.clear()
