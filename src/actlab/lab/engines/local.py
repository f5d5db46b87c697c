"""Worker processes on this machine, one torch thread each."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Self

from actlab.lab.engines.interface import (
    CellError,
    CellTimeoutError,
    Job,
    OnShare,
    OnStart,
    Outcome,
    WorkerLostError,
)
from actlab.lab.engines.worker import serve

POLL = 0.1
START = 300.0
"""Seconds that a process may take to import torch; no cell's own time."""


class LocalEngine:
    """A fixed number of spawned processes; one that crashes or hangs is replaced.

    A thread per process feeds it one job at a time, so that a killed or timed-out process
    costs exactly the job it was working on.

    Args:
        workers: number of processes, at least 1.
        on_start: called with the cell and the worker's number when a job begins.
        on_share: called with the cell and the share done, a few times a second.
    """

    def __init__(self, workers: int, on_start: OnStart, on_share: OnShare) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self.workers = workers
        self._on_start = on_start
        self._on_share = on_share
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Outcome]] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._feed, args=(number,), daemon=True)
            for number in range(workers)
        ]

    @property
    def window(self) -> int:
        """A second job for every worker, ready when it has done the first."""
        return 2 * self.workers

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Stop at once: whatever is still being computed is given up."""
        self._stopping.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; first come, first served."""
        future: Future[Outcome] = Future()
        self._jobs.put((job, future))
        return future

    def _feed(self, number: int) -> None:
        worker: _Worker | None = None
        try:
            while (item := self._jobs.get()) is not None and not self._stopping.is_set():
                job, future = item
                try:
                    if worker is None:
                        worker = _Worker()
                    self._on_start(job.id, number)
                    outcome = self._converse(worker, job)
                except CellError as error:
                    future.set_exception(error)
                except Exception as error:
                    # Also what a callback raises, or a process that cannot be started: a future
                    # left without an answer would hold up the run for ever.
                    if worker is not None:
                        worker.kill()
                        worker = None
                    future.set_exception(error)
                else:
                    future.set_result(outcome)
        finally:
            if worker is not None:
                worker.kill()

    def _converse(self, worker: _Worker, job: Job) -> Outcome:
        deadline = time.monotonic() + (job.timeout if worker.ready else START)
        worker.send(job)
        while True:
            if (message := worker.receive()) is not None:
                kind, content = message
                if kind == "ready":
                    worker.ready = True
                    deadline = time.monotonic() + job.timeout
                    continue
                if kind == "outcome":
                    return content
                if kind == "error":
                    raise CellError(content)
                self._on_share(job.id, content)
            elif self._stopping.is_set():
                raise WorkerLostError("the run was stopped")
            if time.monotonic() > deadline:
                if not worker.ready:
                    raise WorkerLostError(f"the worker process was not ready after {START:g} s")
                raise CellTimeoutError(f"stopped after {job.timeout:g} s")


class _Worker:
    """A spawned process and our end of its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.ready = False
        self.pipe: Connection = ours
        self.process: BaseProcess = context.Process(target=serve, args=(theirs,), daemon=True)
        with _interrupts_blocked():
            self.process.start()
        theirs.close()

    def send(self, job: Job) -> None:
        try:
            self.pipe.send(job)
        except OSError:
            raise self._lost() from None

    def receive(self) -> tuple[str, Any] | None:
        """The next message, or None when there is none for a while."""
        try:
            return self.pipe.recv() if self.pipe.poll(POLL) else None
        except (EOFError, OSError):
            raise self._lost() from None

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def _lost(self) -> WorkerLostError:
        self.process.join(timeout=5)
        code = self.process.exitcode
        if code is None:
            why = "its pipe closed"
        else:
            why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return WorkerLostError(f"the worker process ended: {why}")


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Children inherit the signal mask, so that Ctrl-C reaches the parent alone.

    Otherwise each child would print its own traceback when it is still importing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
