"""Plans without a study, and engines that compute nothing."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np

from actlab.lab.engines import Job, Outcome
from actlab.lab.plan import Cell
from actlab.records import content_id


def cell(number: int | str, *needs: Cell) -> Cell:
    key = {"kind": "train", "number": number}
    names = tuple(need.id for need in needs)
    return Cell(content_id(key), key, names, "part", "fair", "relu", 0.1, 60.0)


def plan_of(cells):
    """All that the runner reads of a plan."""
    return SimpleNamespace(cells=tuple(cells))


class InstantEngine:
    """Answers at once.

    ``answer`` makes the outcome of a job, or raises what its future is to raise.
    """

    workers = 2

    def __init__(self, answer=None, window=4):
        self.window = window
        self.answer = answer or (lambda job: Outcome("done", summary={"number": 1.0}))
        self.submitted: list[Job] = []
        self.left = False

    def __call__(self, on_start, on_share):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.left = True

    def submit(self, job: Job) -> Future[Outcome]:
        self.submitted.append(job)
        future: Future[Outcome] = Future()
        self.settle(job, future)
        return future

    def settle(self, job: Job, future: Future[Outcome]) -> None:
        try:
            future.set_result(self.answer(job))
        except Exception as error:
            future.set_exception(error)


class PatientEngine(InstantEngine):
    """Answers when its window is full, or when no job has come for a moment."""

    def __init__(self, answer=None, window=4):
        super().__init__(answer, window)
        self.most = 0
        self._waiting: list[tuple[Job, Future[Outcome]]] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *failure):
        with self._changed:
            self.left = True
            self._changed.notify()
        self._thread.join()

    def submit(self, job: Job) -> Future[Outcome]:
        self.submitted.append(job)
        future: Future[Outcome] = Future()
        with self._changed:
            self._waiting.append((job, future))
            self.most = max(self.most, len(self._waiting))
            self._changed.notify()
        return future

    def _answer(self):
        while not self.left:
            with self._changed:
                full = len(self._waiting) >= self.window
                if not full and self._changed.wait(0.05):
                    continue
                waiting, self._waiting = self._waiting, []
            # Newest first: nothing may rest on answers coming in order.
            for job, future in reversed(waiting):
                self.settle(job, future)


def arrays(size: int = 1000):
    return {"losses": np.zeros(size)}
