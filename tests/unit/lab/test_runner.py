"""The runner skips what is finished, isolates what fails and keeps what is done."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from actlab.lab.conduct import prepare
from actlab.lab.engines import CellTimeoutError, Job, Outcome
from actlab.lab.events import Began, Ended, Started
from actlab.lab.execute import execute
from actlab.lab.runner import run_plan
from actlab.records import FINAL, Status, Store


class InlineEngine:
    """Computes jobs at once in this process; ``faults`` maps a cell to what goes wrong there."""

    workers = 1
    window = 2

    def __init__(self, on_start, on_share, faults=()):
        self.on_start, self.on_share, self.faults = on_start, on_share, dict(faults)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        pass

    def submit(self, job: Job) -> Future[Outcome]:
        self.on_start(job.id, 0)
        future: Future[Outcome] = Future()
        fault = self.faults.get(job.id)
        if isinstance(fault, KeyboardInterrupt):
            raise fault
        if fault is not None:
            future.set_exception(fault)
        else:
            share = lambda s: self.on_share(job.id, s)  # noqa: E731
            future.set_result(execute(job.key, job.needed, share))
        return future


@pytest.fixture(scope="module")
def tiny_file(tmp_path_factory, tiny):
    path = tmp_path_factory.mktemp("study") / "tiny.toml"
    small = tiny.replace('["as-claimed", "fair"]', '["as-claimed"]').replace('"tanh", ', "")
    path.write_text(small, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def plan(tiny_file):
    return prepare(tiny_file)


@pytest.fixture
def store(tmp_path):
    return Store.create(tmp_path / "results", "tiny")


def run(plan, store, faults=()):
    events = []
    records = run_plan(
        plan, store, lambda start, share: InlineEngine(start, share, faults), events.append
    )
    return records, events


def test_everything_runs_once_and_then_never_again(plan, store):
    records, events = run(plan, store)
    assert [record.id for record in records] == [cell.id for cell in plan.cells]
    assert all(record.status in FINAL for record in records)
    assert sum(isinstance(event, Started) for event in events) == len(plan.cells)
    kept = [store.load(cell.id).summary for cell in plan.cells]
    again, events = run(plan, store)
    assert [type(event) for event in events] == [Began]
    assert again == records
    assert [store.load(cell.id).summary for cell in plan.cells] == kept


def test_a_failure_stays_with_its_cell_and_is_tried_again(plan, store):
    cell = next(c for c in plan.cells if c.kind == "train")
    records, _ = run(plan, store, {cell.id: RuntimeError("out of luck")})
    (failed,) = [r for r in records if r.status not in FINAL]
    assert (failed.id, failed.status, failed.reason) == (cell.id, Status.FAILED, "out of luck")
    records, events = run(plan, store)
    assert all(record.status in FINAL for record in records)
    assert [event.cell.id for event in events if isinstance(event, Ended)] == [cell.id]


def test_what_needs_a_lost_cell_is_skipped_with_the_reason(plan, store):
    tune = next(c for c in plan.cells if c.kind == "tune")
    records, _ = run(plan, store, {tune.id: CellTimeoutError("stopped after 1 s")})
    status = {r.id: r for r in records}
    assert status[tune.id].status == Status.TIMEOUT
    skipped = [c for c in plan.cells if tune.id in c.needs]
    assert skipped
    for cell in skipped:
        assert status[cell.id].status == Status.SKIPPED
        assert "timeout: stopped after 1 s" in status[cell.id].reason
    records, _ = run(plan, store)
    assert all(record.status in FINAL for record in records)


def test_an_interrupt_keeps_what_is_done(plan, store):
    third = plan.cells[2]
    with pytest.raises(KeyboardInterrupt):
        run(plan, store, {third.id: KeyboardInterrupt()})
    kept = [cell.id for cell in plan.cells if store.finished(cell.id)]
    assert third.id not in kept
    records, _ = run(plan, store)
    assert all(record.status in FINAL for record in records)


def test_a_damaged_cell_is_run_again_to_the_same_bits(plan, store):
    run(plan, store)
    cell = next(c for c in plan.cells if c.kind == "train")
    path = min((store.root / "cells" / cell.id).glob("*.npy"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    _, events = run(plan, store)
    assert [event.cell.id for event in events if isinstance(event, Ended)] == [cell.id]
    assert path.read_bytes() == whole


def test_more_seeds_run_only_the_new_cells(tiny_file, plan, store):
    run(plan, store)
    bigger = prepare(tiny_file, seeds=13)
    _, events = run(bigger, store)
    ran = [event.cell for event in events if isinstance(event, Ended)]
    old = {cell.id for cell in plan.cells}
    assert ran
    assert not old & {cell.id for cell in ran}


def test_cells_that_measure_times_run_last_and_alone(tmp_path):
    from dataclasses import replace

    from .engines.fakes import PatientEngine, cell, plan_of

    timed = [replace(cell(f"timed {n}"), exclusive=True) for n in range(3)]
    plain = [cell(n) for n in range(5)]
    beside: list[int] = []
    engine = PatientEngine(window=4)
    submit = engine.submit

    def counted(job):
        flying = len(engine._waiting)
        if job.id in {one.id for one in timed}:
            beside.append(flying)
        else:
            assert not beside, "a plain cell came after one that measures times"
        return submit(job)

    engine.submit = counted
    store = Store.create(tmp_path / "r", "s")
    records = run_plan(plan_of([timed[0], *plain, *timed[1:]]), store, engine, lambda event: None)
    assert {record.status for record in records} == {Status.DONE}
    assert beside == [0, 0, 0]
