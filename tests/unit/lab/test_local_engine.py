"""Worker processes: a crash, a hang or an exception costs one cell and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actlab.lab.engines import CellError, CellTimeoutError, Job, WorkerLostError, local
from actlab.lab.engines.local import LocalEngine
from unit.lab.engines.cheap import cheap_key, shape_key

TESTS = Path(__file__).parents[2]
ENDLESS = cheap_key(0, seconds=1e6)
SHAPE = shape_key(0)
UNKNOWN = {**SHAPE, "activation": {"name": "nosuch", "params": {}, "source": ""}}


def nothing(cell, value):
    pass


def job(key, timeout=120.0):
    return Job("cell", key, {}, timeout)


@pytest.mark.slow
def test_crash_hang_and_exception_each_cost_one_cell():
    killed = []

    def kill_once(cell: str, share: float) -> None:
        if not killed:
            (child,) = multiprocessing.active_children()
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)

    with LocalEngine(1, nothing, kill_once) as engine:
        lost, unknown, done, late, sound = [
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
            lost.result(timeout=120)
        with pytest.raises(CellError, match="nosuch"):
            unknown.result(timeout=120)
        outcome = done.result(timeout=120)
        assert outcome.status == "done"
        assert outcome.environment["torch"]["threads"] == 1
        assert outcome.environment["torch"]["deterministic algorithms"] is True
        with pytest.raises(CellTimeoutError, match="after 1 s"):
            late.result(timeout=120)
        assert sound.result(timeout=120).status == "done"
    assert multiprocessing.active_children() == []


class SlowStarter:
    """A worker that needs longer to start than its cell may take."""

    ready = False

    def __init__(self):
        self._messages = iter([None, None, None, ("ready", None), ("outcome", "result")])

    def send(self, job):
        pass

    def receive(self):
        time.sleep(0.05)
        return next(self._messages)

    def kill(self):
        pass


def test_the_start_of_a_process_is_nobodys_time(monkeypatch):
    monkeypatch.setattr(local, "_Worker", SlowStarter)
    with LocalEngine(1, nothing, nothing) as engine:
        assert engine.submit(job(SHAPE, timeout=0.12)).result(timeout=60) == "result"


def test_a_callback_that_fails_does_not_hold_up_the_run():
    def broken(cell: str, worker: int) -> None:
        raise RuntimeError("no terminal")

    with LocalEngine(1, broken, nothing) as engine:
        future = engine.submit(job(SHAPE))
        with pytest.raises(RuntimeError, match="no terminal"):
            future.result(timeout=120)


def test_leaving_stops_what_is_being_computed():
    with LocalEngine(1, nothing, nothing) as engine:
        engine.submit(job(ENDLESS))
    assert multiprocessing.active_children() == []


DRIVER = """
import sys
from unit.lab.engines.cheap import cheap_key
from actlab.lab.engines import Job
from actlab.lab.engines import local
from actlab.lab.engines.local import LocalEngine

def say(cell, share):
    import multiprocessing
    print(multiprocessing.active_children()[0].pid, flush=True)

if __name__ == "__main__":
    with LocalEngine(1, lambda cell, worker: None, say) as engine:
        engine.submit(Job("cell", cheap_key(0, seconds=1e6), {}, 1e6)).result()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_driver_leaves_no_process_behind(tmp_path):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    ) as driver:
        assert driver.stdout is not None
        worker = int(driver.stdout.readline())
        driver.kill()
    deadline = time.monotonic() + 20
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    # A zombie waits for a parent that does not collect it, as in some containers.
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_workers_must_be_positive():
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        LocalEngine(0, nothing, nothing)
