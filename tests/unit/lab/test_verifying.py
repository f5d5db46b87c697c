"""Cells are computed again and compared; how far a run is, is read from its folder."""

from __future__ import annotations

import json

import pytest

from actlab.core.errors import UnknownNameError
from actlab.lab import verifying
from actlab.lab.conduct import conduct, plans_of, prepare
from actlab.lab.engines import engine_named
from actlab.lab.state import state_of
from actlab.lab.verifying import choose, verify_cell
from actlab.records import FINAL, Store, StoreError


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    from .conftest import TINY

    folder = tmp_path_factory.mktemp("verify")
    (folder / "tiny.toml").write_text(TINY)
    plan = prepare(str(folder / "tiny.toml"))
    records = conduct(plan, folder / "r", engine_named("local", 1), command="again",
                      watch=lambda event: None)  # fmt: skip
    assert {record.status for record in records} <= FINAL
    return folder / "r"


@pytest.mark.slow
def test_every_cell_computed_again_is_the_same(results):
    store = Store.open(results)
    for record in choose(store, cells=None):
        assert verify_cell(record, store).equal, record.key


@pytest.mark.slow
def test_a_changed_number_is_found(results, monkeypatch):
    store = Store.open(results)
    (record,) = [r for r in choose(store, cells=None) if r.key["kind"] == "train"][:1]
    real = verifying.execute

    def other(key, needed, tick):
        outcome = real(key, needed, tick)
        outcome.arrays["loss"][0, -1] *= 1 + 1e-6
        return outcome

    monkeypatch.setattr(verifying, "execute", other)
    found = verify_cell(record, store)
    assert not found.equal
    assert "differ by up to" in found.seen


def test_a_record_of_other_code_is_not_compared(results, monkeypatch):
    store = Store.open(results)
    monkeypatch.setattr(verifying, "task_code", lambda name: "other")
    record = next(r for r in choose(store, cells=None) if r.key["kind"] == "train")
    found = verify_cell(record, store)
    assert not found.equal
    assert "the code of the task twenty-one-pairs has changed" in found.seen


def test_cells_are_chosen_evenly_or_by_name(results):
    store = Store.open(results)
    every = choose(store, cells=None)
    few = choose(store, cells=3)
    assert len(few) == 3
    assert few[0].id == every[0].id
    assert few[-1].id == every[-1].id
    assert choose(store, cell=every[1].id[:12])[0].id == every[1].id
    with pytest.raises(UnknownNameError, match="unknown cell 'zzz'"):
        choose(store, cell="zzz")
    with pytest.raises(ValueError, match="cells must be at least 1, got 0"):
        choose(store, cells=0)


def test_the_state_of_a_complete_and_of_a_damaged_folder(results, tmp_path):
    import shutil

    (whole,) = state_of(results)
    assert whole.complete
    assert whole.counts == {"done": whole.cells}
    assert whole.left == 0.0
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    cells = json.loads((copy / "study.json").read_text())["studies"][0]["cells"]
    shutil.rmtree(copy / "cells" / cells[0]["id"])
    (part,) = state_of(copy)
    assert not part.complete
    assert part.counts["not run"] == 1
    assert part.left > 0.0
    for cell in (cell for cell in cells if cell["kind"] != "shape"):
        shutil.rmtree(copy / "cells" / cell["id"], ignore_errors=True)
    (part,) = state_of(copy)
    # Shapes take no time, and that says nothing about training: costs are believed.
    waiting = [cell["cost"] for cell in cells if cell["kind"] != "shape"]
    assert part.counts == {"done": len(cells) - len(waiting), "not run": len(waiting)}
    assert part.left == pytest.approx(sum(waiting))


def test_the_plan_is_made_again_from_the_folder(results):
    (plan,) = plans_of(results)
    there = {record.id for record in choose(Store.open(results), cells=None)}
    assert {cell.id for cell in plan.cells} == there


def test_a_folder_of_another_version_is_refused(results, tmp_path):
    import shutil

    copy = tmp_path / "old"
    shutil.copytree(results, copy)
    about = json.loads((copy / "study.json").read_text())
    (copy / "study.json").write_text(json.dumps({**about, "version": 1}))
    with pytest.raises(StoreError, match="another version of actlab"):
        plans_of(copy)
