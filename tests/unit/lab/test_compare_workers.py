"""Comparisons over several processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from actlab.lab import Arm, Batch, Metric, as_task, compare, shipped
from actlab.lab.shipped import place_of, ship
from actlab.lab.tasks import task_named

MODULE = """
import os
import numpy as np
from actlab.lab import Metric, as_task

def train(activation, seed):
    if activation.name == "elu" and seed == 2:
        raise ValueError("not this one")
    return {"loss": len(activation.name) + np.random.rand(), "process": os.getpid()}

@as_task(metrics=Metric("loss", "loss", "lower", worst=10.0))
def decorated(activation, seed):
    return 1.0
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "sent_elsewhere.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return __import__("sent_elsewhere")


@pytest.mark.slow
def test_processes_give_the_numbers_of_one(module):
    here = compare(module.train, ["relu", "tanh", "elu"], seeds=6)
    there = compare(module.train, ["relu", "tanh", "elu"], seeds=6, workers=2)
    for one, other in zip(here.rows, there.rows, strict=True):
        assert one.values == other.values
        assert one.failed == other.failed
    assert there.metric.name == "loss"
    assert "ValueError: not this one" in str(there)
    assert there.row("relu").others["process"] != here.row("relu").others["process"]


def test_a_local_function_travels_with_cloudpickle():
    pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    factor = 3.0
    task = task_named(ship(lambda activation, seed: factor * seed, _build))
    batch = Batch(Arm("relu"), task.settings(), (2,), (1.0,))
    assert task.run(batch)[0].metrics == {"loss": 6.0}


def test_a_local_function_without_cloudpickle_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(ValueError, match="other processes cannot find train.*workers at 1"):
        compare(lambda activation, seed: 1.0, ["relu", "tanh"], workers=2)


def test_functions_are_found_by_name(module):
    assert place_of(module.train) == "sent_elsewhere:train"
    assert place_of(module.decorated) == "sent_elsewhere:decorated"
    assert place_of(module.decorated.train) == "sent_elsewhere:decorated"
    assert place_of(lambda activation, seed: 1.0) == ""


def test_a_sent_task_is_found_by_its_name(module):
    assert task_named(ship(module.train, _build)).name == "train"
    assert task_named(ship(module.decorated, _build)).name == "decorated"
    with pytest.raises(AttributeError, match="nothing"):
        _ = shipped.nothing


def _build(train):
    return as_task(train, metrics=Metric("loss", "loss", "lower", worst=1.0))


UNGUARDED = """
from actlab.lab import compare

def train(activation, seed):
    return 1.0

compare(train, ["relu", "tanh"], seeds=6, workers=2)
"""


@pytest.mark.full
def test_a_script_without_a_guard_is_told_so(tmp_path):
    (tmp_path / "script.py").write_text(UNGUARDED)
    result = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "if __name__ == '__main__':" in result.stderr
