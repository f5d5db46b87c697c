"""Searches that are stopped, killed, extended and shared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from actlab.lab import tune
from actlab.records import Store

optuna = pytest.importorskip("optuna", reason="optuna is not installed")

from actlab.lab.tuning.journal import FILE, alive, bury, finished, open_storage, open_study, quiet  # noqa: E402

MODULE = """
import os, time
import numpy as np

def train(activation, seed):
    alpha = activation.params["alpha"]
    if "LOG" in os.environ:
        with open(os.environ["LOG"], "a") as log:
            log.write(f"{os.getpid()} {alpha!r} {seed}\\n")
        time.sleep(0.02)
    own = np.random.default_rng([seed, int(1e6 * alpha)]).normal()
    return (alpha - 1.7) ** 2 + np.random.normal() + 0.1 * own
"""

SCRIPT = """
import sys
from actlab.lab import tune
found = tune("tuned_there:train", "elu", trials=int(sys.argv[2]), worst=100.0,
             results=sys.argv[1], progress=False)
print(found.to_json())
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    (tmp_path / "tuned_there.py").write_text(MODULE)
    (tmp_path / "script.py").write_text(SCRIPT)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def search(there, trials=8, **changes):
    return tune("tuned_there:train", "elu", trials=trials, worst=100.0, **changes)


def calls(log):
    return log.read_text().splitlines() if log.exists() else []


def test_a_finished_search_runs_nothing_again(there, monkeypatch):
    log = there / "log"
    monkeypatch.setenv("LOG", str(log))
    first = search(there, results=there / "out")
    ran = len(calls(log))
    assert search(there, results=there / "out").to_dict() == first.to_dict()
    assert len(calls(log)) == ran


def test_an_extended_search_goes_on_as_if_never_stopped(there):
    search(there, 5, results=there / "out")
    longer = search(there, 14, results=there / "out")
    at_once = search(there, 14)
    assert longer.params == at_once.params
    assert longer.winner.values == at_once.winner.values
    assert longer.winner.trials == 14


def test_a_second_test_of_a_search_pays_for_the_look(there):
    first = search(there, 3, results=there / "out")
    second = search(there, 16, results=there / "out")
    assert (first.looks, second.looks) == (1, 2)
    assert search(there, 16, results=there / "out").looks == 2
    pair, alone = second.comparison.rows[0].paired, search(there, 16).comparison.rows[0].paired
    assert pair.p == alone.p
    assert pair.holm == min(1.0, 2 * alone.holm)
    assert second.comparison.confidence == 0.975
    assert pair.interval.low <= alone.interval.low
    assert "2 times: p-values are multiplied by 2" in str(second)


def test_another_version_of_the_function_is_another_search(there):
    search(there, 3, results=there / "out")

    def train(activation, seed):
        return 0.0

    module = sys.modules["tuned_there"]
    before = module.train
    source = there / "tuned_there.py"
    source.write_text(MODULE.replace("1.7", "1.2"))
    try:
        del sys.modules["tuned_there"]
        changed = search(there, 3, results=there / "out")
    finally:
        module.train = before
    assert changed.looks == 1
    assert changed.winner.trials == 3
    with quiet():
        assert len(optuna.get_all_study_names(open_storage(there / "out"))) == 2 * 2


def test_ctrl_c_keeps_every_trial(there, monkeypatch):
    import tuned_there

    plain, count = tuned_there.train, []

    def interrupted(activation, seed):
        count.append(seed)
        if len(count) == 23:
            raise KeyboardInterrupt
        return plain(activation, seed)

    interrupted.__module__ = "tuned_there"
    interrupted.__qualname__ = "train"
    with quiet():
        stopped = tune(interrupted, "elu", trials=8, worst=100.0, version="1",
                       results=there / "out")  # fmt: skip
    assert stopped.stopped
    assert stopped.winner.trials >= 4
    assert "Stopped before there was a winner to test" in stopped.sentence
    done = tune(interrupted, "elu", trials=8, worst=100.0, version="1", results=there / "out")
    assert not done.stopped
    assert done.winner.trials == 8


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_search_ends_as_one_that_was_not(there, monkeypatch):
    words = [sys.executable, "script.py", "out", "12"]
    log = there / "log"
    environment = {**os.environ, "LOG": str(log)}
    process = subprocess.Popen(words, cwd=there, env=environment, stdout=subprocess.PIPE)
    while process.poll() is None and len(calls(log)) < 18:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with (there / "out" / FILE).open("ab") as journal:
        journal.write(b'{"op_code":4,"torn')  # what a full disk leaves behind
    killed = search(there, 12, results=there / "out")
    at_once = search(there, 12)
    assert killed.winner == at_once.winner
    assert killed.comparison.rows == at_once.comparison.rows


@pytest.mark.full
def test_two_processes_share_a_search(there):
    log = there / "log"
    environment = {**os.environ, "LOG": str(log)}
    words = [sys.executable, "script.py", "out", "16"]
    both = [
        subprocess.Popen(words, cwd=there, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    runs = [line.split() for line in calls(log)]
    assert len({process for process, _, _ in runs}) == 2
    once = [tuple(run[1:]) for run in runs]
    assert len(set(once)) == len(once)  # no run was computed twice


def test_the_records_are_those_of_a_study(there):
    from actlab.lab.conduct import describe, prepare

    found = search(there, 8, results=there / "out")
    (mine,) = Store.open(there / "out").read_study()["studies"]
    assert set(mine) == set(describe(prepare("twenty-one-pairs", tier="quick")))
    tests = [cell for cell in mine["cells"] if cell["kind"] == "train"]
    assert len(tests) == 20
    store = Store.open(there / "out")
    assert all(store.finished(cell["id"]) for cell in mine["cells"])
    assert {cell["contender"] for cell in tests} == {row.label for row in found.comparison.rows}


def test_a_trial_of_a_dead_process_is_given_up(tmp_path):
    with quiet():
        study = open_study(open_storage(tmp_path), "a", 0)
        trial = study.ask()
        import socket

        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        trial.set_user_attr("process", f"{socket.gethostname()} {gone.pid}")
        mine = study.ask()
        mine.set_user_attr("process", f"{socket.gethostname()} {os.getpid()}")
        other = study.ask()
        other.set_user_attr("process", f"elsewhere {gone.pid}")
        assert len(alive(study)) == 2
        assert bury(study) == 1
        assert [t.state.name for t in study.trials] == ["FAIL", "RUNNING", "RUNNING"]
        assert finished(study) == []


def test_draws_do_not_depend_on_who_draws():
    def drawn(places):
        with quiet():
            values = []
            storage = open_storage(None)
            for first, last in places:
                study = open_study(storage, "a", 7)
                for _ in range(first, last):
                    trial = study.ask()
                    values.append(trial.suggest_float("x", 0.0, 1.0))
                    study.tell(trial, -abs(values[-1] - 0.3))
            return values

    assert drawn([(0, 16)]) == drawn([(0, 3), (3, 11), (11, 16)])
    assert len(set(np.round(drawn([(0, 16)]), 9))) == 16
