"""Two processes that share gradients."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from actlab.lab.arm import Arm
from actlab.lab.models.data_parallel import Job, _launcher, measured
from actlab.lab.task import Batch
from actlab.lab.tasks.data_parallel import TASK

SMALL = {"width": 8, "depth": 1, "steps": 4, "rounds": 2}
BYTES = 4 * (64 * 8 + 8 + 8 * 10 + 10)
JOB = Job(
    arm={"name": "relu", "params": {}, "init": {"scheme": "default"}},
    seeds=(0,),
    rates=(1e-3,),
    role="test",
    batch=8,
    timeout=30.0,
    **SMALL,
)


def run_of(arm: Arm, seeds: tuple[int, ...] = (0,), rate: float = 1e-3) -> list:
    return list(TASK.run(Batch(arm, TASK.settings(**SMALL), seeds, (rate,))))


@pytest.fixture(scope="module", autouse=True)
def _nothing_left():
    yield
    _launcher().stop()


@pytest.mark.full
def test_every_parameter_is_sent_once_in_a_step_whatever_the_function():
    runs = run_of(Arm("relu"), (0, 1)) + run_of(Arm("elu", {"alpha": 1.0}))
    assert [run.metrics["bytes"] for run in runs] == [BYTES] * 3
    for run in runs:
        assert not run.diverged
        assert 0.01 < run.metrics["comm"] < 100.0
        assert run.metrics["comm_ms"] > 0.0


@pytest.mark.full
def test_learned_parameters_are_sent_as_well():
    [run] = run_of(Arm("ralu", {"alpha": 2.0}, learn="unit"))
    assert run.metrics["bytes"] == BYTES + 4 * 8


@pytest.mark.slow
def test_the_loss_that_both_processes_follow_falls():
    # Two processes of 8 examples; more steps, so that it learns.
    [early], [late] = (
        measured(replace(JOB, steps=steps, rates=(1e-2,), width=32), 60.0, lambda: None)
        for steps in (2, 80)
    )
    assert late["loss"] < 0.7 * early["loss"]


@pytest.mark.slow
def test_a_process_that_fails_is_reported_and_the_next_job_runs():
    with pytest.raises(RuntimeError, match=r"failed \(exit code 1\).*unknown activation|'rleu'"):
        measured(replace(JOB, arm={**JOB.arm, "name": "rleu"}), 60.0, lambda: None)
    assert measured(JOB, 60.0, lambda: None)[0]["bytes"] == BYTES


def test_a_job_that_takes_too_long_is_given_up():
    with pytest.raises(RuntimeError, match="took more than 0.5 s"):
        measured(replace(JOB, steps=10**6, rounds=1), 0.5, lambda: None)


def test_what_a_tick_raises_ends_the_job():
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(replace(JOB, steps=10**6, rounds=1), 60.0, interrupt)


def _in_a_worker(pipe) -> None:
    pipe.send(measured(JOB, 60.0, lambda: None)[0]["bytes"])
    _launcher().stop()


@pytest.mark.slow
def test_it_works_in_a_worker_that_may_not_have_children():
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_in_a_worker, args=(theirs,), daemon=True)
    worker.start()
    assert ours.poll(60)
    assert ours.recv() == BYTES
    worker.join(30)
    assert worker.exitcode == 0


LONG = """
from dataclasses import replace
from actlab.lab.models.data_parallel import Job, measured
job = Job(**{job!r})
measured(replace(job, steps=10**6, rounds=1), 600.0, lambda: print("waiting", flush=True))
"""


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_nothing_outlives_a_worker_that_is_killed():
    text = LONG.replace("{job!r}", repr(JOB.__dict__))
    worker = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    started: set[int] = set()
    end = time.monotonic() + 60
    while len(started) < 3 and time.monotonic() < end:
        started = _descendants(worker.pid)
        time.sleep(0.1)
    assert len(started) == 3  # the launcher and the two processes
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()
    while any(_running(pid) for pid in started) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(_running(pid) for pid in started)


def _descendants(root: int) -> set[int]:
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        found.update(children)
        waiting += children
    return found


def _running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
