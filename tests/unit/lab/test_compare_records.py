"""Comparisons that are kept in a folder: what is computed again, and what never is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from actlab.lab import compare
from actlab.lab.conduct import describe, prepare
from actlab.lab.function_source import UnidentifiedError
from actlab.records import Store

KEPT = {"worst": 10.0, "smallest_effect": 0.05}


class Counted:
    """A training function of a module, and how often it has been called."""

    def __init__(self, folder, monkeypatch):
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._versions = 0
        monkeypatch.syspath_prepend(folder)

    def write(self, body="return 1.0 + 0.1 * seed + 0.01 * len(activation.name)"):
        self._versions += 1
        self._name = f"trained_{self._versions}"
        text = f"CALLS = []\n\ndef train(activation, seed):\n    CALLS.append(seed)\n    {body}\n"
        (self._folder / f"{self._name}.py").write_text(text)
        return self.train

    @property
    def train(self):
        return __import__(self._name).train

    def calls(self):
        module = __import__(self._name)
        count = len(module.CALLS)
        module.CALLS.clear()
        return count


@pytest.fixture
def counted(tmp_path, monkeypatch):
    return Counted(tmp_path, monkeypatch)


def test_only_what_is_missing_is_computed(counted, tmp_path):
    # The function keeps a list of its calls: data that change, for which version= stands.
    train, keep = counted.write(), {**KEPT, "results": tmp_path / "out", "version": "1"}
    first = compare(train, ["relu", "tanh"], seeds=6, **keep)
    assert counted.calls() == 12
    assert compare(train, ["relu", "tanh"], seeds=6, **keep).rows == first.rows
    assert counted.calls() == 0
    more = compare(train, ["relu", "tanh"], seeds=8, **keep)
    assert counted.calls() == 4
    assert more.row("tanh").values[:6] == first.row("tanh").values
    compare(train, ["relu", "tanh", "elu"], seeds=8, **keep)
    assert counted.calls() == 8
    assert compare(train, ["relu", "tanh"], seeds=8).row("tanh").values == more.row("tanh").values


def test_another_version_of_the_function_is_kept_apart(tmp_path):
    def make(gain):
        return lambda activation, seed: gain * (1.0 + seed)

    keep = {**KEPT, "results": tmp_path / "out", "seeds": 6}
    one = compare(make(0.5), ["relu", "tanh"], **keep)
    other = compare(make(0.25), ["relu", "tanh"], **keep)
    assert one.row("tanh").values[0] == 0.5
    assert other.row("tanh").values[0] == 0.25
    cells = Store.open(tmp_path / "out").root / "cells"
    assert len(list(cells.iterdir())) == 2 + 2 * 12  # shapes belong to both


def test_a_failed_run_is_tried_again(tmp_path):
    broken = tmp_path / "broken"
    broken.touch()

    def train(activation, seed):
        if activation.name == "tanh" and seed == 1 and broken.exists():
            raise OSError("the data are not there")
        return 1.0 + seed

    keep = {**KEPT, "results": tmp_path / "out", "seeds": 6}
    assert compare(train, ["relu", "tanh"], **keep).row("tanh").failed == 1
    broken.unlink()
    assert compare(train, ["relu", "tanh"], **keep).complete


def test_what_lies_beside_the_records_has_the_shape_of_a_study(tmp_path):
    compare(lambda activation, seed: 1.0, ["relu", "elu"], **KEPT, results=tmp_path / "out")
    written = Store.open(tmp_path / "out").read_study()
    (mine,) = written["studies"]
    theirs = describe(prepare("twenty-one-pairs", tier="quick"))
    assert set(written) == {"version", "command", "studies"}
    assert set(mine) == set(theirs)
    for key in ("study", "cells", "inits", "contenders", "tasks"):
        assert _kind(mine[key]) == _kind(theirs[key]), key
    (task,) = mine["tasks"].values()
    assert set(task) == set(next(iter(theirs["tasks"].values())))
    assert set(mine["cells"][0]) == set(theirs["cells"][0])
    assert set(mine["inits"][0]) <= set(theirs["inits"][0]) | {"weight", "bias"}


def _kind(value):
    return sorted(value) if isinstance(value, dict) and "name" in value else type(value)


def test_learning_rates_are_chosen_once(tmp_path):
    calls = []

    def train(activation, seed, learning_rate):
        calls.append(seed)
        return learning_rate

    keep = {**KEPT, "results": tmp_path / "out", "version": "1", "learning_rates": [0.1, 0.2]}
    compare(train, ["relu", "tanh"], seeds=6, **keep)
    assert len(calls) == 2 * (2 * 3 + 6)
    again = compare(train, ["relu", "tanh"], seeds=7, **keep)
    assert len(calls) == 2 * (2 * 3 + 7)
    assert [row.learning_rate for row in again.rows] == [0.1, 0.1]


def test_ctrl_c_keeps_what_is_done(tmp_path):
    calls = []

    def train(activation, seed):
        calls.append(seed)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return 1.0

    keep = {**KEPT, "results": tmp_path / "out", "version": "1"}
    stopped = compare(train, ["relu", "tanh"], seeds=6, **keep)
    assert stopped.stopped
    assert "the same call goes on" in str(stopped)
    assert compare(train, ["relu", "tanh"], seeds=6, **keep).complete
    assert len(calls) == 13  # one of them was interrupted


def test_a_function_whose_data_cannot_be_told_apart_needs_a_version(tmp_path):
    data = iter([1.0, 2.0])

    def train(activation, seed):
        return float(data is not None)

    with pytest.raises(UnidentifiedError, match="data.*version="):
        compare(train, ["relu", "tanh"], **KEPT, results=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_function_that_changes_its_data_is_told_what_follows(tmp_path):
    calls = []

    def train(activation, seed):
        calls.append(seed)
        return 1.0

    with pytest.warns(UserWarning, match="changed what it closes over.*version="):
        compare(train, ["relu", "tanh"], seeds=6, **KEPT, results=tmp_path / "out")


KILLED = """
import sys, time
from pathlib import Path
from actlab.lab import compare

def train(activation, seed):
    with Path(sys.argv[1]).open("a") as log:
        log.write(f"{activation.name} {seed}\\n")
    time.sleep(0.15)
    return 1.0 + seed

found = compare(train, ["relu", "tanh"], seeds=6, worst=10.0, smallest_effect=0.1,
                results=sys.argv[2], progress=False)
print(found.complete)
"""


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_comparison_goes_on_where_it_was(tmp_path):
    script, log, out = tmp_path / "script.py", tmp_path / "log", tmp_path / "out"
    script.write_text(KILLED)
    words = [sys.executable, str(script), str(log), str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    while process.poll() is None and (not log.exists() or len(log.read_text().split("\n")) < 7):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert again.stdout == "True\n"
    runs = log.read_text().splitlines()
    assert len(set(runs)) == 12
    assert len(runs) <= 13  # at most the run that was being computed is repeated
