"""The command line as a user meets it: in a process, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import actlab

PROGRAM = [sys.executable, "-m", "actlab"]


def run(
    *words: str, folder: Path, program: list[str] = PROGRAM
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, away from the source tree."""
    environment = {**os.environ, "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [*program, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_installed_command_runs(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("actlab")
    result = run("--version", folder=tmp_path, program=[str(script)])
    assert (result.returncode, result.stdout) == (0, f"{actlab.__version__}\n")


def test_an_error_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    result = run("show", "powrlu", folder=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("actlab: unknown activation 'powrlu'; did you mean 'powerlu'")
    assert result.stderr.count("\n") == 1


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "list", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 0


def test_a_terminal_without_unicode_gets_a_plot_in_ascii(tmp_path: Path) -> None:
    command = ["env", "PYTHONIOENCODING=ascii", *PROGRAM]
    result = run("show", "powerlu", folder=tmp_path, program=command)
    assert result.returncode == 0, result.stderr
    assert "** f(x)" in result.stdout


@pytest.fixture(scope="module")
def scaffold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `actlab new tidy_step` was run."""
    folder = tmp_path_factory.mktemp("scaffold")
    result = run("new", "tidy_step", folder=folder)
    assert result.returncode == 0, result.stderr
    return folder


def test_a_new_activation_can_be_shown(scaffold: Path) -> None:
    result = run("show", "tidy_step:TIDY_STEP", "-p", "threshold=2", folder=scaffold)
    assert result.returncode == 0, result.stderr
    assert "threshold = 2 (default 0.5) in [0, inf)" in result.stdout
    assert "at x = threshold = 2 the slope is taken as 0" in result.stdout


def test_a_new_activation_works_wherever_a_name_does(scaffold: Path) -> None:
    script = """
import copy, pickle, torch
import actlab.functional as F
from actlab import nn
x = torch.tensor([-2.0, 0.5, 1.0, 2.0], requires_grad=True)
y = F.call("tidy_step:TIDY_STEP", x)
y.sum().backward()
module = pickle.loads(pickle.dumps(nn.Activation("tidy_step:TIDY_STEP", threshold=1.0)))
print(y.tolist(), x.grad.tolist(), module(x).tolist())
"""
    # The folder of a script is on its path, as it is for python -c in that folder.
    result = run("-c", script, folder=scaffold, program=[sys.executable])
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[0.0, 0.0, 0.5, 1.5] [0.0, 0.0, 1.0, 1.0] [0.0, 0.0, 0.0, 1.0]\n"


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_tidy_step.py", *words),
        folder=folder,
        program=[sys.executable],
    )


@pytest.mark.full
def test_the_conformance_test_of_a_new_activation_passes(scaffold: Path) -> None:
    result = pytest_in(scaffold)
    assert result.returncode == 0, result.stdout[-3000:]
    assert " passed" in result.stdout


@pytest.mark.slow
def test_it_fails_when_the_definition_is_wrong(scaffold: Path, tmp_path: Path) -> None:
    for path in scaffold.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        broken = source.replace("m.where(x <= threshold, 0, 1)", "m.where(x <= threshold, 0, 1.01)")
        (tmp_path / path.name).write_text(broken, encoding="utf-8")
    result = pytest_in(tmp_path, "--exitfirst")
    assert result.returncode == 1, result.stdout[-3000:]
    assert "1 failed" in result.stdout
