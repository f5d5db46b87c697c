"""`actlab extend`, from the first look to the end of the second."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actlab.cli.app import main
from actlab.lab.claims.evidence import Evidence
from actlab.lab.tasks import task_named
from actlab.report.claims import verdicts

STUDY = """
name = "small"
title = "Small"
task = "twenty-one-pairs"
claim = "Nothing much"
contender = "tanh"
baseline = "relu"
smallest_effect = 1.0

[[part]]
name = "open"
title = "Too few seeds for a verdict at two looks"
settings = { width = 4, depth = 3, rounds = 8 }
seeds = 6
learning_rate = 1e-2
regimes = ["fair"]
contenders = ["tanh"]

[[part]]
name = "apart"
title = "Of no claim"
settings = { width = 3, depth = 3, rounds = 8 }
seeds = 6
learning_rate = 1e-2
regimes = ["fair"]
contenders = ["tanh"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A finished first look at one claim."""
    one = Evidence.model_validate({
        "claim": "E4", "study": "small", "part": "open", "regimes": ["fair"],
        "metric": task_named("twenty-one-pairs").metrics[0].name, "kind": "difference",
        "contender": "tanh", "baseline": "relu", "delta": 1e-9,
    })  # fmt: skip
    monkeypatch.setattr(verdicts, "evidence", lambda: (one,))
    monkeypatch.setattr(verdicts, "passed", lambda controls: True)
    (tmp_path / "small.toml").write_text(STUDY)
    words = ["run", str(tmp_path / "small.toml"), "--results", str(tmp_path / "r")]
    assert main([*words, "--workers", "1"]) == 0
    return tmp_path / "r"


def planned(folder: Path) -> dict[str, int]:
    (study,) = json.loads((folder / "study.json").read_text())["studies"]
    return {part["name"]: part["seeds"] for part in study["study"]["part"]}


def said(capsys, *words: str) -> str:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


@pytest.mark.slow
def test_the_second_look_is_taken_once(folder, capsys):
    assert "1 part of 1 study, 2 cells" in said(capsys, "extend", folder, "--dry-run")
    assert planned(folder) == {"open": 6, "apart": 6}
    said(capsys, "extend", folder, "--workers", "1")
    assert planned(folder) == {"open": 12, "apart": 6}
    assert " 0 cells to run" in said(capsys, "extend", folder, "--workers", "1")
    assert planned(folder) == {"open": 12, "apart": 6}
    said(capsys, "retry", folder, "--workers", "1")
    assert json.loads((folder / "study.json").read_text())["extended"] == {"small": ["open"]}


@pytest.mark.slow
def test_where_nothing_is_undecided_nothing_runs(folder, capsys, monkeypatch):
    monkeypatch.setattr(verdicts, "evidence", lambda: ())
    assert "nothing to extend" in said(capsys, "extend", folder)
