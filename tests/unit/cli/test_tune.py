"""``actlab tune``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import sys

import pytest

from actlab.cli import app

pytest.importorskip("optuna", reason="optuna is not installed")

COMMAND = (
    "tune",
    "actlab.cli.tune:tune",
    "Tune an activation's parameters and learning rate; test the winner on fresh seeds",
)

MODULE = """
import numpy as np

def train(activation, seed, learning_rate):
    own = np.random.default_rng([seed, int(1e6 * activation.params["alpha"])]).normal()
    return abs(activation.params["alpha"] - 2.0) + np.random.normal() + 0.05 * own
"""


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command line in a folder with a training function; code, output, errors."""
    (tmp_path / "trained_here.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    if COMMAND[0] not in [name for name, _, _ in app.COMMANDS]:
        monkeypatch.setattr(app, "COMMANDS", (*app.COMMANDS, COMMAND))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["actlab", *words])
        code = app.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    sys.modules.pop("trained_here", None)


OWN = ("tune", "trained_here:train", "--activation", "elu", "--worst", "10", "--trials", "10")


def test_a_function_is_tuned_and_its_records_kept(run, tmp_path):
    code, out, err = run(*OWN, "--smallest", "0.1", "--space", "alpha=0.5:4:log",
                         "learning_rate=1e-3:1e-2:log")  # fmt: skip
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert "The winner beats the default beyond chance" in said
    assert "over alpha in [0.5, 4] (log), learning_rate in [0.001, 0.01] (log)" in said
    assert "actlab report results/tune-trained-here-train-elu" in said
    written = json.loads((tmp_path / "results/tune-trained-here-train-elu/study.json").read_text())
    assert written["command"].startswith("actlab tune trained_here:train --activation elu")


def test_the_outcome_as_json(run):
    code, out, _ = run(*OWN, "--json", "--space", "learning_rate=0.1", "--fresh-seeds", "6")
    found = json.loads(out)
    assert code == 0
    assert found["default"] is None
    assert found["winner"]["learning_rate"] == 0.1
    assert found["comparison"]["seeds"] == 6


def test_settings_reach_the_task(run):
    code, out, _ = run("tune", "mlp", "--activation", "ralu", "--trials", "2", "--seeds", "1",
                       "--fresh-seeds", "2", "--set", "depth=1", "width=8", "steps=3",
                       "--metric", "area", "--results", "out")  # fmt: skip
    assert code == 0
    assert "ralu in mlp: 2 functions, 2 paired seeds" in out
    with open("out/study.json", encoding="utf-8") as file:
        (study,) = json.load(file)["studies"]
    (settings,) = study["settings"].values()
    assert next(iter(settings.values())) | {"depth": 1, "width": 8, "steps": 3} == next(
        iter(settings.values())
    )


def test_ctrl_c_says_that_the_same_command_goes_on(run, monkeypatch):
    from actlab.lab.tuning.subject import Subject

    plain, count = Subject.scored, []

    def interrupted(self, *arguments):
        count.append(1)
        if len(count) == 20:
            raise KeyboardInterrupt
        return plain(self, *arguments)

    monkeypatch.setattr(Subject, "scored", interrupted)
    code, _, err = run(*OWN, "--results", "out")
    assert code == 130
    assert "the same command goes on from there" in err
    assert run(*OWN, "--results", "out")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tune", "mpl", "--activation", "ralu"), "unknown task 'mpl'; did you mean 'mlp'"),
        (("tune", "mlp", "--activation", "rallu"), "unknown activation 'rallu'"),
        (("tune", "mlp", "--activation", "ralu", "--set", "depth"), "write NAME=VALUE"),
        (("tune", "mlp", "--activation", "ralu", "--set", "dpth=1"), "did you mean 'depth'"),
        (("tune", "mlp", "--activation", "ralu", "--space", "alfa=1:2"), "did you mean 'alpha'"),
        (("tune", "mlp", "--activation", "ralu", "--trials", "1.5"), "whole number"),
        (("tune", "trained_here:train", "--activation", "elu"), "say what a run counts as"),
        (("tune", "trained_here:tarin", "--activation", "elu"), "did you mean 'train'"),
        (("tune", "mlp"), "activation"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_mistakes_are_one_line_and_nothing_is_written(run, tmp_path, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "results").exists()
