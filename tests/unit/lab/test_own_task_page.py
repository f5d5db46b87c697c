"""The files that the page about tasks of one's own shows: they run, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from actlab.lab import Arm, Batch
from actlab.lab.conduct import conduct, prepare
from actlab.lab.engines import engine_named
from actlab.lab.tasks import task_named
from actlab.records import FINAL, Store

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "own-task.md"


def block(language: str) -> str:
    """The file of that language on the page."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    (text,) = [text for text in found if ">>>" not in text]
    return text


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_training.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "spirals.toml").write_text(block("toml"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_task_of_the_page_learns(folder, one_thread):
    task = task_named("my_training:train")
    runs = task.run(Batch(Arm("tanh"), task.settings(), (0, 1), (3e-2,)))
    assert all(run.metrics["accuracy"] > 80 for run in runs)
    assert runs[0].metrics != runs[1].metrics


@pytest.mark.slow
def test_the_study_of_the_page_runs(folder):
    plan = prepare("spirals.toml", tier="quick")
    engine = engine_named("local", 1)
    ended = conduct(plan, folder / "out", engine, command="-", watch=lambda event: None)
    assert {record.status for record in ended} <= FINAL, [record.reason for record in ended]
    tests = [cell for cell in plan.cells if cell.kind == "train"]
    assert len(tests) == 2 * 3 * 6
    store = Store.open(folder / "out")
    kept = [store.load(cell.id) for cell in tests]
    assert all(set(r.summary["metrics"]) == {"accuracy", "loss"} for r in kept if r is not None)
