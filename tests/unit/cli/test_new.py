"""`actlab new`: what it writes and what it refuses."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from actlab.cli.app import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_it_writes_a_definition_and_its_test(tmp_path: Path, capsys: Capture) -> None:
    assert main(["new", "tidy_step"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"tidy_step.py", "test_tidy_step.py"}
    for path in tmp_path.iterdir():
        source = path.read_text(encoding="utf-8")
        assert "$" not in source
        assert ast.get_docstring(ast.parse(source))
    out = capsys.readouterr().out
    assert "wrote tidy_step.py" in out
    for command in ("actlab show tidy_step:TIDY_STEP", "python -m pytest test_tidy_step.py"):
        assert f"  {command}\n" in out


def test_without_a_test_and_elsewhere(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "there").mkdir()
    assert main(["new", "tidy_step", "--no-test", "--folder", "there"]) == 0
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["tidy_step.py"]
    out = capsys.readouterr().out
    assert "  cd there\n" in out
    assert "pytest" not in out


@pytest.mark.parametrize("present", ["tidy_step.py", "test_tidy_step.py"])
def test_it_never_overwrites(tmp_path: Path, capsys: Capture, present: str) -> None:
    (tmp_path / present).write_text("mine", encoding="utf-8")
    assert main(["new", "tidy_step"]) == 2
    assert f"{present} exists already; nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [present]
    assert (tmp_path / present).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "name", ["Tidy", "tidy-step", "2tidy", "_tidy", "tidy_", "a__b", "lambda", "../tidy", "é", ""]
)
def test_it_refuses_what_is_no_name(tmp_path: Path, capsys: Capture, name: str) -> None:
    assert main(["new", name]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "NAME must be lower-case words" in error
    assert repr(name) in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("relu", "the activation 'relu'"),
        ("swish", "the activation 'silu'"),
        ("json", "the module 'json'"),
        ("torch", "the module 'torch'"),
        ("actlab", "the module 'actlab'"),
    ],
)
def test_it_refuses_a_name_that_is_taken(
    tmp_path: Path, capsys: Capture, name: str, meaning: str
) -> None:
    assert main(["new", name]) == 2
    assert f"already means {meaning}" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_a_folder_that_is_not_there(capsys: Capture) -> None:
    assert main(["new", "tidy_step", "--folder", "nowhere"]) == 2
    assert "--folder must be an existing folder, got 'nowhere'" in capsys.readouterr().err
