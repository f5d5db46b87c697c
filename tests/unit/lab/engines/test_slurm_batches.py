"""Batches: cut to size, handed out again when lost, and every cell answered once."""

from __future__ import annotations

import threading
import time

import pytest

from actlab.lab.engines import CellError, CellTimeoutError, EngineError, Job, Outcome
from actlab.lab.engines import WorkerLostError as Lost
from actlab.lab.engines.batch import Batch, compute_batch
from actlab.lab.engines.slurm_batches import Batches
from actlab.lab.engines.spool import Answer, Spool
from unit.lab.engines.cheap import cheap_key, shape_key


class FakeScheduler:
    """Does with every batch what ``deed`` says: it may begin it, answer cells, end it."""

    poll = 0.01
    late = 0.02

    def __init__(self, spool, deed):
        self.spool, self.deed = spool, deed
        self.batches: list[Batch] = []
        self.ended: dict[int, str] = {}
        self.cancelled: list[int] = []
        self.refuse = False

    def submit(self, batches):
        if self.refuse:
            raise RuntimeError("sbatch: error: invalid partition")
        handles = []
        for batch in batches:
            handle = len(self.batches)
            self.batches.append(batch)
            handles.append(handle)
            self.ended[handle] = self.deed(self, batch) or ""
        return handles

    def over(self, handle):
        return self.ended[handle]

    def cancel(self, handles):
        self.cancelled += handles


def all_of_it(scheduler, batch):
    scheduler.spool.begin(batch.name)
    for job in batch.jobs:
        scheduler.spool.put(job.id, Answer("outcome", Outcome("done", summary={"of": job.id})))
    return "finished"


class Running:
    """Batches in their thread."""

    def __init__(self, place, deed=all_of_it, **options):
        self.spool = Spool(place / "spool")
        session = self.spool.open()
        self.scheduler = FakeScheduler(self.spool, deed)
        self.starts: list[tuple[str, int]] = []
        settings = {"slots": 2, "cells": 3, "processes": 1, "tries": 2, **options}
        self.batches = Batches(
            self.scheduler,
            self.spool,
            session,
            on_start=lambda *start: self.starts.append(start),
            **settings,
        )
        self.thread = threading.Thread(target=self.batches.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.batches.stop()
        self.thread.join()
        self.spool.close(empty=False)

    def add(self, *names):
        return [self.batches.add(Job(name, {}, {}, 60.0)) for name in names]


def test_cells_go_out_in_batches_and_come_back_one_by_one(tmp_path):
    with Running(tmp_path) as running:
        names = [f"c{number}" for number in range(10)]
        futures = running.add(*names)
        assert [f.result(timeout=30).summary["of"] for f in futures] == names
        sizes = [len(batch.jobs) for batch in running.scheduler.batches]
    assert sum(sizes) == 10
    assert max(sizes) == 3
    assert [cell for cell, _ in running.starts] == names
    assert {slot for _, slot in running.starts} == {0, 1}


def test_few_cells_are_shared_between_the_jobs(tmp_path):
    with Running(tmp_path, slots=4, cells=100) as running:
        for future in running.add(*"abcdefgh"):
            future.result(timeout=30)
        assert [len(batch.jobs) for batch in running.scheduler.batches] == [2, 2, 2, 2]


def test_only_the_cell_at_work_pays_for_a_lost_job(tmp_path):
    seen: list[list[str]] = []

    def dies_at_b(scheduler, batch):
        names = [job.id for job in batch.jobs]
        seen.append(names)
        scheduler.spool.begin(batch.name)
        for name in names:
            if name == "b":
                return "NODE_FAIL"
            scheduler.spool.put(name, Answer("outcome", Outcome("done")))
        return "finished"

    with Running(tmp_path, dies_at_b, slots=1) as running:
        a, b, c = running.add("a", "b", "c")
        assert a.result(timeout=30).status == "done"
        with pytest.raises(Lost, match=r"lost 2 times, at last: its Slurm job ended \(NODE_FAIL\)"):
            b.result(timeout=30)
        assert c.result(timeout=30).status == "done"
    assert seen == [["a", "b", "c"], ["b", "c"], ["c"]]


def test_what_a_cell_says_reaches_its_future(tmp_path):
    answers = {
        "a": Answer("error", "ValueError: bad"),
        "b": Answer("timeout", "stopped after 5 s"),
        "c": Answer("lost", "signal SIGKILL"),
    }

    def deed(scheduler, batch):
        scheduler.spool.begin(batch.name)
        for job in batch.jobs:
            scheduler.spool.put(job.id, answers[job.id])

    with Running(tmp_path, deed) as running:
        a, b, c = running.add("a", "b", "c")
        with pytest.raises(CellError, match="ValueError: bad"):
            a.result(timeout=30)
        with pytest.raises(CellTimeoutError, match="after 5 s"):
            b.result(timeout=30)
        with pytest.raises(Lost, match="lost 2 times, at last: signal SIGKILL"):
            c.result(timeout=30)
    assert sum(job.id == "a" for batch in running.scheduler.batches for job in batch.jobs) == 1


def test_the_answers_of_an_earlier_driver_are_taken(tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.put("old", Answer("outcome", Outcome("done", summary={"by": "the earlier one"})))
    spool.put("other", Answer("outcome", Outcome("done")))
    spool.close(empty=False)
    with Running(tmp_path) as running:
        old, new = running.add("old", "new")
        assert old.result(timeout=30).summary == {"by": "the earlier one"}
        assert new.result(timeout=30).summary == {"of": "new"}
        assert [*running.spool.answered()] == ["other"]
    assert [job.id for batch in running.scheduler.batches for job in batch.jobs] == ["new"]


def test_an_answer_that_comes_twice_counts_once(tmp_path):
    def twice(scheduler, batch):
        all_of_it(scheduler, batch)
        threading.Timer(0.2, all_of_it, (scheduler, batch)).start()

    with Running(tmp_path, twice) as running:
        (future,) = running.add("a")
        assert future.result(timeout=30).status == "done"
        time.sleep(0.5)
        assert [*running.spool.answered()] == ["a"]
    assert len(running.scheduler.batches) == 1


def test_jobs_that_never_begin_break_the_engine_and_no_cell_is_blamed(tmp_path):
    with Running(tmp_path, lambda scheduler, batch: "FAILED", slots=1, tries=100) as running:
        (future,) = running.add("a")
        with pytest.raises(EngineError, match="3 jobs in a row ended .FAILED. before they began"):
            future.result(timeout=30)
        assert running.batches.broken


def test_a_refused_submission_says_what_slurm_says(tmp_path):
    with Running(tmp_path) as running:
        running.scheduler.refuse = True
        (future,) = running.add("a")
        with pytest.raises(EngineError, match="takes no jobs: sbatch: error: invalid partition"):
            future.result(timeout=30)


def test_leaving_cancels_the_jobs(tmp_path):
    with Running(tmp_path, lambda scheduler, batch: "") as running:
        running.add("a")
        while not running.scheduler.batches:
            time.sleep(0.01)
    assert running.scheduler.cancelled == [0]


def test_one_driver_at_a_time(tmp_path):
    first, second = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    first.open()
    with pytest.raises(EngineError, match="another run uses"):
        second.open()
    first.close(empty=True)
    assert not (tmp_path / "spool").exists()


def test_damaged_answers_and_those_of_another_version_do_not_count(tmp_path, monkeypatch):
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.put("cut", Answer("outcome", Outcome("done")))
    path = tmp_path / "spool" / "done" / "cut"
    path.write_bytes(path.read_bytes()[:20])
    with monkeypatch.context() as other:
        other.setattr("actlab.lab.engines.spool.__version__", "0.0.0")
        spool.put("old", Answer("outcome", Outcome("done")))
    assert spool.take("cut") is None
    assert spool.take("old") is None
    assert spool.take("absent") is None
    spool.close(empty=True)


def test_a_batch_answers_its_cells_once_and_stops_for_a_new_driver(tmp_path):
    spool = Spool(tmp_path / "spool")
    session = spool.open()
    keys = {"good": shape_key(1), "bad": cheap_key(0, deed="raise")}
    jobs = tuple(Job(name, key, {}, 60.0) for name, key in keys.items())
    batch = Batch("first", session, spool.root, jobs, 1)
    assert compute_batch(batch) == 2
    assert spool.take("good").content.status == "done"
    assert spool.take("bad").content.startswith("RuntimeError: out of luck")
    # Slurm runs a job that it has requeued from its start; the driver hands its cells out anew.
    assert compute_batch(batch) == 0
    assert compute_batch(Batch("second", "another session", spool.root, jobs, 1)) == 0
    spool.close(empty=True)
