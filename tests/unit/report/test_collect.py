"""From a results folder to plain data; the records are made by hand, nothing is trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from actlab.lab.conduct import describe, prepare
from actlab.records import Record, Status, Store, StoreError
from actlab.report.collect import collect, collect_folder
from actlab.report.html import render

STUDY = """
name = "tiny"
title = "Tiny"
task = "twenty-one-pairs"
claim = "Nothing much"
contender = { name = "expolu", a = 1.0, b = 1.0, p = 2.0 }
baseline = "relu"
smallest_effect = 1.0

[[part]]
name = "main"
title = "All of it"
settings = { width = 6, depth = 3, rounds = 5 }
seeds = 12
tuning_seeds = 2
learning_rates = [1e-3, 1e-2]
regimes = ["fair"]
contenders = ["relu", { name = "expolu", a = 1.0, b = 1.0, p = 2.0 }, "tanh"]
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "tiny.toml"
    path.write_text(STUDY, encoding="utf-8")
    return prepare(str(path))


def outcome(cell, status=Status.DONE, reason=""):
    """A made-up record of a cell."""
    seeds = cell.describe().get("seeds", [])
    provenance = {"seconds": 2.0, "finished": "2026-01-02T03:04:05", "environment": {"cpu": "c"}}
    summary: dict = {}
    arrays: dict = {}
    if status == Status.DONE and cell.kind == "shape":
        x = np.linspace(-4, 4, 9)
        arrays = {"x": x, "value": x, "slope": x}
    elif status == Status.DONE and cell.kind == "tune":
        summary = {"learning_rates": [1e-3, 1e-2], "medians": [0.1, 0.2], "at_edge": True}
        arrays = {"values": np.array([[0.1, 0.1], [0.2, 0.2]])}
    elif status == Status.DONE:
        values = [0.1 + 0.01 * seed for seed in seeds]
        metrics = dict.fromkeys(("final", "best", "fitted", "failed"), values)
        summary = {"metrics": metrics, "diverged": [seed == 11 for seed in seeds],
                   "learning_rate": 1e-3}  # fmt: skip
        arrays = {"loss": np.ones((len(seeds), 6)), "loss_at": np.arange(6.0)}
    return Record(cell.id, cell.key, status, reason, summary, arrays, provenance)


def fill(root: Path, plan, skip=lambda cell: False, change=None) -> Store:
    store = Store.create(root, plan.study.title_name)
    about = {"version": 2, "command": "actlab run tiny", "studies": [describe(plan)]}
    store.write_study(about)
    for cell in plan.cells:
        if not skip(cell):
            store.save(change(cell) if change else outcome(cell))
    return store


def test_everything_that_was_recorded_is_there(plan, tmp_path):
    fill(tmp_path, plan)
    results = collect(tmp_path)
    assert results.complete
    (part,) = results.parts
    runs = part.of("tanh")
    assert runs is not None
    assert runs.seeds == tuple(range(12))
    assert runs.values("final")[3] == pytest.approx(0.13)
    assert runs.troubles == {"diverged": 1}
    assert runs.tuning is not None
    assert runs.at_edge
    assert runs.curves.values("loss").shape == (12, 6)
    assert len(results.shapes) == 3
    assert results.seconds == 2.0 * len(plan.cells)
    assert results.environments == ({"cpu": "c"},)
    assert "Verdict:" in render(collect_folder(tmp_path))


def test_failed_timed_out_and_absent_cells_are_counted_with_their_cause(plan, tmp_path):
    def change(cell):
        if cell.kind != "train" or cell.contender == "relu":
            return outcome(cell)
        if cell.contender == "tanh":
            return outcome(cell, Status.TIMEOUT, "took over 60 s")
        return outcome(cell, Status.FAILED, "ValueError: <b>boom</b>")

    fill(tmp_path, plan, change=change)
    results = collect(tmp_path)
    (part,) = results.parts
    tanh, expolu = part.of("tanh"), part.of(results.contender)
    assert tanh is not None
    assert expolu is not None
    assert tanh.troubles == {"timed out": 12}
    assert expolu.troubles == {"failed": 12}
    assert not results.complete
    page = render(collect_folder(tmp_path))
    for needed in ("12 timed out", "12 failed", "failed, ValueError: &lt;b&gt;boom", "incomplete"):
        assert needed in page, needed


def test_cells_that_were_not_run_are_said_to_be_missing(plan, tmp_path):
    fill(tmp_path, plan, skip=lambda cell: cell.contender == "tanh")
    (part,) = collect(tmp_path).parts
    runs = part.of("tanh")
    assert runs is not None
    assert runs.troubles == {"not run": 12}
    assert any("not run yet" in line for line in runs.problems)


def test_a_damaged_cell_counts_as_not_run_and_is_told(plan, tmp_path):
    store = fill(tmp_path, plan)
    cell = next(c for c in plan.cells if c.kind == "train" and c.contender == "tanh")
    (tmp_path / "cells" / cell.id / "record.json").write_text("{}", encoding="utf-8")
    assert store.load(cell.id) is None
    results = collect(tmp_path)
    assert len(results.damaged) == 1
    assert cell.id in results.damaged[0]
    runs = results.parts[0].of("tanh")
    assert runs is not None
    assert "not run" in runs.troubles
    assert cell.id in render(collect_folder(tmp_path))


def test_a_foreign_folder_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="not an actlab results folder"):
        collect_folder(tmp_path)
    with pytest.raises(StoreError, match="not a folder"):
        collect_folder(tmp_path / "nowhere")


def test_the_description_of_another_version_is_kept_apart(plan, tmp_path):
    store = fill(tmp_path, plan, skip=lambda cell: True)
    store.write_study({**store.read_study(), "version": 1})
    with pytest.raises(StoreError, match="another version of actlab"):
        collect_folder(tmp_path)


@pytest.mark.parametrize("lost", ["studies", "command"])
def test_a_description_with_something_missing_is_one_clear_line(plan, tmp_path, lost):
    store = fill(tmp_path, plan, skip=lambda cell: True)
    about = store.read_study()
    del about[lost]
    (tmp_path / "study.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        collect_folder(tmp_path)


def test_a_description_cut_short_is_one_clear_line(plan, tmp_path):
    fill(tmp_path, plan, skip=lambda cell: True)
    (tmp_path / "study.json").write_text('{"version": 2, ', encoding="utf-8")
    with pytest.raises(StoreError, match="no readable study.json"):
        collect_folder(tmp_path)


def test_a_folder_of_two_studies_is_not_one(plan, tmp_path):
    store = fill(tmp_path, plan, skip=lambda cell: True)
    about = store.read_study()
    store.write_study({**about, "studies": about["studies"] * 2})
    assert len(collect_folder(tmp_path).studies) == 2
    with pytest.raises(StoreError, match="2 studies, not one"):
        collect(tmp_path)
