"""The main job as a user meets it: a process that is run, stopped, killed and run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STUDY = """
name = "small"
title = "Small"
task = "twenty-one-pairs"
claim = "Nothing much"
contender = "tanh"
baseline = "relu"
fitted = 1e-3
smallest_effect = 1.0

[[part]]
name = "headline"
title = "Three blocks of seeds"
settings = { width = 8, depth = 3, rounds = 300 }
seeds = 25
learning_rate = 1e-3
regimes = ["as-claimed", "fair"]
contenders = ["tanh", "relu"]

[[part]]
name = "table"
title = "Tuned"
settings = { width = 8, depth = 3, rounds = 40 }
seeds = 2
tuning_seeds = 2
learning_rates = [1e-3, 1e-2]
regimes = ["fair"]
contenders = ["tanh", "relu"]
"""
PROGRAM = [sys.executable, "-m", "actlab", "run", "small.toml"]


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Run the study in a folder, in a process group of its own."""
    (folder / "small.toml").write_text(STUDY, encoding="utf-8")
    return subprocess.Popen(
        [*PROGRAM, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    return out, err


def cells(folder: Path) -> dict[str, Path]:
    """The finished cells of a results folder."""
    root = folder / "results" / "small" / "cells"
    if not root.is_dir():
        return {}
    return {path.name: path for path in root.iterdir() if not path.name.startswith(".")}


def wait_for_cells(folder: Path, process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many cells are on disk, while the run still goes on."""
    deadline = time.monotonic() + 120
    while len(cells(folder)) < count:
        assert process.poll() is None, "the run ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def numbers(folder: Path) -> dict[str, bytes]:
    """Every byte of the records but times and places."""
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name, cell in cells(folder).items()
        for path in cell.iterdir()
        if path.name == "record.json" or path.suffix == ".npy"
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the study ran without a break."""
    folder = tmp_path_factory.mktemp("whole")
    out, _ = finish(start(folder))
    assert "Verdict: " in out
    assert f"Report: {Path('results/small/report.html')}" in out
    return folder


@pytest.mark.slow
def test_a_whole_run_leaves_records_and_a_page(whole: Path) -> None:
    assert len(cells(whole)) == 12 + 2 + 2 + 2
    page = (whole / "results" / "small" / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "actlab run small.toml" in page
    assert len(page) < 1_000_000


@pytest.mark.full
def test_killed_at_any_moment_and_resumed_gives_the_same_bits(whole: Path, tmp_path: Path) -> None:
    for count in (1, 7):
        process = start(tmp_path, "--workers", "2")
        wait_for_cells(tmp_path, process, count)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    done = {name: path.stat().st_ino for name, path in cells(tmp_path).items()}
    # What a kill in the middle of a write leaves behind: an unfinished folder, a torn file.
    (tmp_path / "results" / "small" / "cells" / ".actlab-partial-0").mkdir()
    torn = sorted(done)[0]
    record = cells(tmp_path)[torn] / "record.json"
    record.write_bytes(record.read_bytes()[:-20])
    out, _ = finish(start(tmp_path, "--workers", "1"))
    assert f"18 cells, {len(done) - 1} already done; 1 worker" in out
    assert numbers(tmp_path) == numbers(whole)
    kept = {name: path.stat().st_ino for name, path in cells(tmp_path).items() if name in done}
    assert {name for name in done if kept[name] != done[name]} == {torn}
    assert not list((tmp_path / "results" / "small" / "cells").glob(".actlab-partial-*"))


@pytest.mark.full
def test_workers_do_not_outlive_a_killed_run(tmp_path: Path) -> None:
    process = start(tmp_path, "--workers", "2")
    wait_for_cells(tmp_path, process, 1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)  # returns when the last holder of its output is gone


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(whole: Path, tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_cells(tmp_path, process, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = finish(process, 130)
    assert err.count("\n") == 1
    assert err.startswith("stopped; what is done is kept in ")
    assert 2 <= len(cells(tmp_path)) < 18
    assert numbers(tmp_path).items() <= numbers(whole).items()


def test_a_foreign_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    _, err = finish(start(tmp_path, "--results", "mine"), 2)
    assert "mine is not an actlab results folder" in err
    assert err.count("\n") == 1
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_a_broken_study_names_key_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(STUDY.replace("rounds = 300", "rounds = -300"))
    result = subprocess.run(
        [*PROGRAM[:-1], "bad.toml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    line = STUDY[: STUDY.index("rounds = 300")].count("\n") + 1
    assert f"bad.toml: line {line}: part[1].settings.rounds: " in result.stderr
    assert "got -300" in result.stderr
    assert not (tmp_path / "results").exists()


def test_the_report_can_be_made_again_elsewhere(whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "again.html"
    subprocess.run(
        [sys.executable, "-m", "actlab", "report", "results/small", "--output", str(target)],
        cwd=whole,
        check=True,
        capture_output=True,
    )
    assert target.read_bytes() == (whole / "results" / "small" / "report.html").read_bytes()
