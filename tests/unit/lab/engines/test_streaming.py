"""Plans of any size go through the runner in even steps."""

from __future__ import annotations

import os
import tracemalloc

import pytest

from actlab.lab.engines import EngineError, Outcome, WorkerLostError
from actlab.lab.events import Began, Ended
from actlab.lab.runner import run_plan
from actlab.records import Record, Status, Store
from unit.lab.engines.fakes import InstantEngine, PatientEngine, arrays, cell, plan_of


@pytest.fixture
def store(tmp_path):
    return Store.create(tmp_path / "results", "big")


class Memory:
    """A store that keeps names alone, so that nothing but the runner is measured."""

    root = "nowhere"

    def __init__(self):
        self.saved: list[str] = []

    def finished(self, cell: str) -> Record | None:
        return None

    def save(self, record: Record) -> None:
        self.saved.append(record.id)


def test_no_more_jobs_are_out_than_the_engine_wants(store):
    cells = [cell(number) for number in range(40)]
    engine = PatientEngine(window=4)
    records = run_plan(plan_of(cells), store, engine, lambda event: None)
    assert engine.most == 4
    assert [record.id for record in records] == [c.id for c in cells]
    assert all(record.status == Status.DONE for record in records)


def test_what_becomes_ready_goes_before_what_comes_later(store):
    first = cell("first")
    cells = [first, cell("second", first), *(cell(number) for number in range(20))]
    engine = InstantEngine(window=1)
    run_plan(plan_of(cells), store, engine, lambda event: None)
    assert [job.id for job in engine.submitted] == [c.id for c in cells]


def test_a_cell_is_told_what_it_needs_and_no_more(store):
    one, two = cell("one"), cell("two")
    both = cell("both", one, two)
    engine = InstantEngine(lambda job: Outcome("done", summary={"of": job.id}), window=1)
    run_plan(plan_of([both, one, two]), store, engine, lambda event: None)
    told = {job.id: job.needed for job in engine.submitted}
    assert told == {one.id: {}, two.id: {}, both.id: {c.id: {"of": c.id} for c in (one, two)}}


def test_a_chain_of_lost_cells_is_skipped_to_its_end(store):
    chain = [cell(0)]
    for number in range(1, 300):
        chain.append(cell(number, chain[-1]))

    def lose(job):
        raise WorkerLostError("gone")

    records = run_plan(plan_of(chain), store, InstantEngine(lose, window=1), lambda event: None)
    assert records[0].status == Status.FAILED
    assert {record.status for record in records[1:]} == {Status.SKIPPED}
    assert "failed: gone" in records[1].reason


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([cell("twice"), cell("twice")], "more than once"),
        ([cell("lonely", cell("absent"))], "not in the plan"),
    ],
)
def test_plans_that_could_never_end_are_refused(store, cells, message):
    engine = InstantEngine()
    with pytest.raises(ValueError, match=message):
        run_plan(plan_of(cells), store, engine, lambda event: None)
    assert engine.submitted == []


def test_a_circle_of_needs_is_refused(store):
    a, b = cell("a"), cell("b")
    knot = [cell("a", b), cell("b", a), cell("free")]
    with pytest.raises(ValueError, match="needs itself"):
        run_plan(plan_of(knot), store, InstantEngine(), lambda event: None)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("done", summary={"loss": float("nan")}),
        Outcome("done", arrays={"not a name": arrays()["losses"]}),
        Outcome("splendid"),
    ],
)
def test_an_outcome_that_cannot_be_recorded_fails_its_cell_alone(store, outcome):
    bad, good = cell("bad"), cell("good")
    answer = lambda job: outcome if job.id == bad.id else Outcome("done")  # noqa: E731
    engine = InstantEngine(answer, window=1)
    records = run_plan(plan_of([bad, good]), store, engine, lambda event: None)
    assert [record.status for record in records] == [Status.FAILED, Status.DONE]
    assert store.load(bad.id) is not None


def test_an_engine_that_breaks_stops_the_run_and_blames_no_cell(store):
    cells = [cell(number) for number in range(6)]

    def answer(job):
        if job.id == cells[3].id:
            raise EngineError("no cluster any more")
        return Outcome("done")

    engine = InstantEngine(answer, window=1)
    with pytest.raises(EngineError, match="no cluster any more"):
        run_plan(plan_of(cells), store, engine, lambda event: None)
    assert engine.left
    assert [bool(store.load(c.id)) for c in cells] == [True] * 3 + [False] * 3


def test_twenty_thousand_cells_in_little_memory():
    cells = [cell("root")]
    cells += [cell(number, cells[0]) if number % 2 else cell(number) for number in range(20_000)]
    engine = InstantEngine(lambda job: Outcome("done", summary={"x": [0.5] * 50}, arrays=arrays()))
    store = Memory()
    began = []

    def watch(event):
        if isinstance(event, Ended):
            engine.submitted.clear()
        elif isinstance(event, Began):
            began.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        records = run_plan(plan_of(cells), store, engine, watch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(records) == len(set(store.saved)) == len(store.saved) == 20_001
    # An array alone has 8 kB; what is kept of a cell is its status.
    assert (peak - began[0]) / len(cells) < 1000


def test_finished_cells_are_read_back_without_being_kept(store):
    cells = [cell(number) for number in range(5)]
    engine = InstantEngine(lambda job: Outcome("done", summary={"x": 1.0}, arrays=arrays()))
    run_plan(plan_of(cells), store, engine, lambda event: None)
    records = run_plan(plan_of(cells), store, InstantEngine(), lambda event: None)
    assert all(not record.arrays and not record.summary for record in records)
    assert all(record.key == c.key for record, c in zip(records, cells, strict=True))
    assert os.listdir(store.root / "cells") != []
