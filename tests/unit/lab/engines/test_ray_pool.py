"""The workers of a Ray cluster: lost ones cost a try, new ones are used, nothing hangs."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from actlab.lab.engines import CellError, CellTimeoutError, EngineError, Job, Outcome, ray_pool
from actlab.lab.engines import WorkerLostError as Lost
from actlab.lab.engines.compute import versions
from actlab.lab.engines.ray_pool import Pool
from unit.lab.engines.fake_ray import ActorDiedError, FakeRay, RayTaskError


class Script:
    """What the workers do: a function of the job, and what they say when they start."""

    def __init__(self):
        self.compute = lambda job: ("outcome", Outcome("done", summary={"of": job.id}))
        self.prepare = lambda: ("ready", dict(versions()))
        self.begun: Counter[str] = Counter()

    def seat_class(self):
        script = self

        class Seat:
            def __init__(self, shares, report_every):
                pass

            def prepare(self):
                return script.prepare()

            def compute(self, job):
                script.begun[job.id] += 1
                return script.compute(job)

        return Seat


class Running:
    """A pool in its thread, on a fake cluster."""

    def __init__(self, monkeypatch, processors=2, bound=None, tries=3, gpus=(0, 0.0)):
        self.ray = FakeRay(processors, gpus[0])
        self.ray.install(monkeypatch)
        self.script = Script()
        monkeypatch.setattr(ray_pool, "seat_class", self.script.seat_class)
        monkeypatch.setattr(ray_pool, "TICK", 0.01)
        monkeypatch.setattr(ray_pool, "SURVEY_EVERY", 0.02)
        self.starts: list[tuple[str, int]] = []
        told = lambda *start: self.starts.append(start)  # noqa: E731
        self.pool = Pool(bound, tries, "home", told, print, gpus[1])
        self.pool.begin()
        self.thread = threading.Thread(target=self.pool.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.pool.stop()
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()
        assert all(actor.dead for actor in self.ray.actors)

    def add(self, *names, timeout=60.0):
        return [self.pool.add(Job(name, {}, {}, timeout)) for name in names]


@pytest.fixture
def running(monkeypatch):
    with Running(monkeypatch) as running:
        yield running


def wait_for(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def held(running, *names):
    """Hold these cells until the event is set."""
    go = threading.Event()

    def compute(job):
        if job.id in names:
            go.wait(30)
        return "outcome", Outcome("done")

    running.script.compute = compute
    return go


def test_every_job_is_answered_by_no_more_workers_than_processors(running):
    names = [f"c{number}" for number in range(50)]
    futures = running.add(*names)
    assert [future.result(timeout=30).summary["of"] for future in futures] == names
    assert running.ray.made == 2
    assert {worker for _, worker in running.starts} == {0, 1}
    assert set(running.script.begun.values()) == {1}


def test_no_more_workers_are_started_than_there_are_cells(monkeypatch):
    with Running(monkeypatch, processors=100) as running:
        for future in running.add("a", "b"):
            future.result(timeout=30)
        assert running.ray.made <= 2


def test_a_bound_is_kept(monkeypatch):
    with Running(monkeypatch, processors=8, bound=3) as running:
        for future in running.add(*(f"c{number}" for number in range(30))):
            future.result(timeout=30)
        assert running.ray.made == 3


@pytest.mark.parametrize(
    ("there", "each", "workers"), [(2, 1, 2), (1, 0.25, 4), (0, 1, 1), (8, 1, 6), (3, 2, 1)]
)
def test_gpus_are_shared_out(monkeypatch, there, each, workers):
    with Running(monkeypatch, processors=6, gpus=(there, each)) as running:
        go = held(running, *(names := [f"c{number}" for number in range(20)]))
        futures = running.add(*names)
        wait_for(lambda: len(running.starts) == workers)
        go.set()
        for future in futures:
            future.result(timeout=30)
    assert running.ray.made == workers
    assert running.ray.asked["num_gpus"] == each


def test_without_gpus_none_is_asked_for(running):
    assert "num_gpus" not in running.ray.asked


def test_machines_that_join_are_used(monkeypatch):
    with Running(monkeypatch, processors=1) as running:
        go = held(running, "a", "b", "c")
        futures = running.add("a", "b", "c")
        wait_for(lambda: len(running.starts) == 1)
        running.ray.processors = 3
        wait_for(lambda: len(running.starts) == 3)
        assert running.pool.processors == 3
        go.set()
        for future in futures:
            future.result(timeout=30)


def test_the_cell_of_a_lost_worker_is_computed_again_and_first(monkeypatch):
    with Running(monkeypatch, processors=1) as running:
        go = held(running, "a")
        first, second = running.add("a", "b")
        wait_for(lambda: running.script.begun["a"] == 1)
        running.ray.actors[0].die()
        wait_for(lambda: running.script.begun["a"] == 2)
        assert not running.script.begun["b"]
        go.set()
        assert first.result(timeout=30).status == "done"
        assert second.result(timeout=30).status == "done"


def test_a_cell_that_takes_its_workers_down_is_given_up(running):
    def compute(job):
        if job.id == "bad":
            raise ActorDiedError("The actor died.\nThe actor is dead because of SIGSEGV.")
        return "outcome", Outcome("done")

    running.script.compute = compute
    bad, good = running.add("bad", "good")
    with pytest.raises(Lost, match="lost 3 times, at last: ActorDiedError: .* because of SIGSEGV"):
        bad.result(timeout=30)
    assert good.result(timeout=30).status == "done"
    assert running.script.begun["bad"] == 3


def test_an_exception_of_a_cell_is_not_tried_again(running):
    running.script.compute = lambda job: ("error", "ValueError: bad (in run, line 3)")
    (future,) = running.add("a")
    with pytest.raises(CellError, match="ValueError: bad"):
        future.result(timeout=30)
    assert running.script.begun["a"] == 1


def test_a_missing_module_comes_with_advice(running):
    running.script.compute = lambda job: ("error", "ModuleNotFoundError: No module named 'mine'")
    (future,) = running.add("a")
    with pytest.raises(CellError, match="'mine'; a module of your own .* its folder to ship"):
        future.result(timeout=30)


def test_a_late_cell_is_stopped_and_its_worker_replaced(monkeypatch):
    with Running(monkeypatch, processors=1) as running:
        go = held(running, "late")
        (late,) = running.add("late", timeout=0.05)
        (other,) = running.add("other")
        with pytest.raises(CellTimeoutError, match="after 0.05 s"):
            late.result(timeout=30)
        assert other.result(timeout=30).status == "done"
        assert running.ray.made == 2
        go.set()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda: ("error", "ImportError: no actlab"), "cannot run actlab: ImportError: no actlab"),
        (lambda: ("ready", {**versions(), "torch": "1.0"}), r"has torch 1.0 \(here .*differ"),
    ],
)
def test_a_machine_that_does_not_fit_stops_the_run(running, prepare, message):
    running.script.prepare = prepare
    (future,) = running.add("a")
    with pytest.raises(EngineError, match=message):
        future.result(timeout=30)
    assert running.pool.broken
    (later,) = running.add("b")
    with pytest.raises(EngineError, match=message):
        later.result(timeout=30)


def test_workers_that_cannot_be_made_stop_the_run(running):
    def prepare():
        raise RayTaskError("Seat failed to import")

    running.script.prepare = prepare
    (future,) = running.add("a")
    with pytest.raises(EngineError, match="a worker cannot start: RayTaskError: Seat failed"):
        future.result(timeout=30)


def test_workers_that_keep_dying_at_their_start_stop_the_run(running):
    def prepare():
        raise ActorDiedError("The actor is dead because its owner is.")

    running.script.prepare = prepare
    (future,) = running.add("a")
    with pytest.raises(EngineError, match="20 workers in a row died at their start"):
        future.result(timeout=30)


def test_a_callback_that_fails_stops_the_run_and_holds_nobody_up(monkeypatch):
    with Running(monkeypatch) as running:
        running.pool._on_start = lambda cell, worker: 1 / 0
        a, b = running.add("a", "b")
        for future in (a, b):
            with pytest.raises(EngineError, match="ZeroDivisionError"):
                future.result(timeout=30)


def test_leaving_ends_what_is_being_computed(monkeypatch):
    with Running(monkeypatch) as running:
        go = held(running, "a")
        running.add("a")
        wait_for(lambda: running.script.begun["a"] == 1)
    go.set()
