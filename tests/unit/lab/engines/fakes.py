"""Plans without a study, and an engine that computes nothing."""

from __future__ import annotations

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


class FakeEngine:
    """Answers when asked to: ``window`` jobs wait, and the next submission answers the oldest.

    ``answer`` makes the outcome of a job, or raises what the future is to raise.
    """

    workers = 2

    def __init__(self, answer=None, window=4):
        self.window = window
        self.answer = answer or (lambda job: Outcome("done", summary={"number": 1.0}))
        self.most = 0
        self.submitted: list[Job] = []
        self.left = False
        self._waiting: list[tuple[Job, Future[Outcome]]] = []

    def __call__(self, on_start, on_share):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.left = True

    def submit(self, job: Job) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        self.submitted.append(job)
        self._waiting.append((job, future))
        self.most = max(self.most, len(self._waiting))
        if len(self._waiting) == self.window:
            self.flush()
        return future

    def flush(self):
        # Newest first: nothing may rest on answers coming in order.
        while self._waiting:
            job, future = self._waiting.pop()
            try:
                future.set_result(self.answer(job))
            except Exception as error:
                future.set_exception(error)


def arrays(size: int = 1000):
    return {"losses": np.zeros(size)}
