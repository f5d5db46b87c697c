"""The benchmark as a user meets it: run, stopped, run again, red, and against a revision."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import actlab
from actlab.cli.app import main

ROOT = Path(actlab.__file__).resolve().parents[2]
TINY = ["--quick", "--activations", "relu", "--sizes", "2^5,2^6", "--dtypes", "float32",
        "--rounds", "3", "--threads", "1", "--parts", "pointwise,memory"]  # fmt: skip

BROKEN = """
from dataclasses import replace
from actlab.defs.powerlu import POWERLU

def forward(m, x, *, p):
    return POWERLU.forward(m, x, p=p)

def derivative(m, x, *, p):
    return 1.001 * POWERLU.derivative(m, x, p=p)

BROKEN = replace(
    POWERLU, name="broken", forward=forward, derivative=derivative, saves="input", from_output=None
)
"""


def start(folder: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "actlab", "bench", *words],
        cwd=folder,
        env=os.environ | {"COLUMNS": "100"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    return out, err


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "results" / "bench").glob("2*"))


def cells(run: Path) -> list[Path]:
    return list((run / "cells").glob("[!.]*"))


@pytest.mark.slow
def test_a_run_leaves_records_page_plot_and_lines(tmp_path: Path) -> None:
    out, _ = finish(start(tmp_path, *TINY))
    assert "5 comparisons; about " in out
    (run,) = runs(tmp_path)
    assert len(cells(run)) == 5
    assert (run / "report.html").stat().st_size < 1_000_000
    assert (run / "ratios.png").read_bytes().startswith(b"\x89PNG")
    lines = [json.loads(line) for line in (run / "timings.jsonl").read_text().splitlines()]
    assert {line["part"] for line in lines} == {"pointwise", "memory"}
    page = (run / "report.html").read_bytes()
    words = [sys.executable, "-m", "actlab", "report", str(run), "--output", "again.html"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "again.html").read_bytes() == page


@pytest.mark.full
def test_a_stopped_run_goes_on_in_its_folder(tmp_path: Path) -> None:
    words = [*TINY[:3], "--sizes", "2^4,2^5,2^6,2^7,2^8,2^9", *TINY[5:]]
    process = start(tmp_path, *words)
    deadline = time.monotonic() + 120
    while not (runs(tmp_path) and len(cells(runs(tmp_path)[0])) >= 2):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)
    _, err = finish(process, 130)
    (run,) = runs(tmp_path)
    assert f"what is measured is kept in {run.relative_to(tmp_path)}: " in err
    kept = {path.name: path.stat().st_ino for path in cells(run)}
    assert 2 <= len(kept) < 13
    out, _ = finish(start(tmp_path, *words))
    assert f"13 comparisons, {len(kept)} of them made before" in out
    assert runs(tmp_path) == [run]
    assert kept.items() <= {path.name: path.stat().st_ino for path in cells(run)}.items()


def test_a_red_function_is_not_timed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    words = [*TINY[:1], "--activations", "broken:BROKEN", *TINY[3:]]
    _, err = finish(start(tmp_path, *words), 1)
    assert "broken: definition.declared_derivative: " in err
    assert err.splitlines()[-1].endswith("failed; nothing was timed")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sizes", "2^99"], "sizes must be whole numbers or 2^k in [1, 2^30], got '2^99'"),
        (["--against", "nosuch-revision"], "got 'nosuch-revision'"),
        (["--against", "HEAD", "--parts", "memory"], "leave parts out"),
        (["--results", "mine"], "mine is not an actlab results folder"),
        (["--activations", "relu", "--parts", "channels"], "nothing to compare"),
        (["--device", "gpu"], "device must be cpu, cuda or cuda:N, got 'gpu'"),
        (["--device", "cuda:99"], "device: 'cuda:99' asked for, but torch sees "),
    ],
)
def test_bad_input_is_one_line_before_any_work(
    tmp_path: Path, words: list[str], message: str, monkeypatch, capsys
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    if "--against" in words and not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "results").exists()


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.full
def test_a_slower_revision_is_seen_and_its_worktree_gone(tmp_path: Path) -> None:
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "lib", "*.so")
    shutil.copytree(ROOT / "src", project / "src", ignore=ignored)
    package = project / "src" / "actlab"
    git(tmp_path, "init", "-q", str(project))
    functional = package / "functional" / "four.py"
    quick = functional.read_text("utf-8")
    # The old revision sleeps in every call, which no machine is too noisy to show.
    head = '    return apply(\n        SHIPPED["powerlu"]'
    assert head in quick
    slow = quick.replace(head, "    __import__('time').sleep(0.02)\n" + head)
    functional.write_text(slow, "utf-8")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "slow")
    functional.write_text(quick, "utf-8")
    words = ["--against", "HEAD", "--activations", "powerlu", "--sizes", "64",
             "--dtypes", "float32", "--rounds", "3", "--results", "r"]  # fmt: skip
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    out, _ = finish(start(tmp_path, *words, PYTHONPATH=str(package.parent), TMPDIR=str(temporary)))
    assert "Against HEAD" in out
    # torch itself leaves the folder of its compiler there.
    assert [left for left in temporary.iterdir() if "inductor" not in left.name] == []
    assert len(git(project, "worktree", "list").splitlines()) == 1
    ratios = {}
    for line in (tmp_path / "r" / "timings.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["measure"] == "forward":
            ratios[row["contender"]] = sorted(row["seconds"])[1]
    assert ratios["powerlu old"] > 0.02 > ratios["powerlu new"]
    assert "torch.relu" in out
