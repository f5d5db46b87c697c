"""Worker processes: a crash, a hang or an exception costs one cell and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from actlab.lab.engines import CellTimeoutError, Job, WorkerLostError
from actlab.lab.engines.local import CellError, LocalEngine
from actlab.lab.tasks.twenty_one_pairs import facts

RELU = {"name": "relu", "params": {}, "source": ""}
SHAPE = {**facts(), "kind": "shape", "activation": RELU}
ENDLESS = {
    **facts(),
    "kind": "train",
    "model": "single",
    "width": 4,
    "depth": 3,
    "rounds": 10_000_000,
    "learning_rate": 1e-9,
    "init": {"scheme": "default"},
    "activation": RELU,
    "role": "test",
    "seeds": [0],
}
UNKNOWN = {**SHAPE, "activation": {"name": "nosuch", "params": {}, "source": ""}}


def job(key, timeout=120.0):
    return Job("cell", key, {}, timeout)


def test_crash_hang_and_exception_each_cost_one_cell():
    killed = []

    def kill_once(cell: str, share: float) -> None:
        if not killed:
            (child,) = multiprocessing.active_children()
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)

    with LocalEngine(1, lambda cell, worker: None, kill_once) as engine:
        futures = [
            engine.submit(job(key, timeout))
            for key, timeout in (
                (ENDLESS, 120.0),
                (UNKNOWN, 120.0),
                (SHAPE, 120.0),
                (ENDLESS, 1.0),
                (SHAPE, 120.0),
            )
        ]
        with pytest.raises(WorkerLostError, match="SIGKILL"):
            futures[0].result(timeout=120)
        with pytest.raises(CellError, match="nosuch"):
            futures[1].result(timeout=120)
        outcome = futures[2].result(timeout=120)
        assert outcome.status == "done"
        assert outcome.environment["torch"]["threads"] == 1
        assert outcome.environment["torch"]["deterministic algorithms"] is True
        with pytest.raises(CellTimeoutError, match="after 1 s"):
            futures[3].result(timeout=120)
        assert futures[4].result(timeout=120).status == "done"
    assert multiprocessing.active_children() == []


def test_leaving_stops_what_is_being_computed():
    with LocalEngine(1, lambda cell, worker: None, lambda cell, share: None) as engine:
        engine.submit(job(ENDLESS))
    assert multiprocessing.active_children() == []


def test_workers_must_be_positive():
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        LocalEngine(0, lambda cell, worker: None, lambda cell, share: None)
