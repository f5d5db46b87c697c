"""`actlab doctor`: what it says of machines that are well, and of those that are not."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

import actlab
from actlab.cli import doctor as doctors
from actlab.cli.app import main
from actlab.kernels import built, native, toolchain

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # nothing is broken over lines


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of kernels, as for a process that has loaded none."""
    monkeypatch.setenv("ACTLAB_KERNELS", str(tmp_path))
    monkeypatch.setattr(native, "library", lambda: native.Library({}, problem=built.problem()))
    monkeypatch.setattr(toolchain, "missing", lambda: "")
    return tmp_path


def write_manifest(folder: Path, **changes: Any) -> None:
    """A manifest as a build leaves it, and shared objects that nothing loads."""
    manifest = {
        "namespace": "actlab",
        "fingerprint": built.fingerprint(),
        "definitions": [],
        "instruction_sets": ["default"],
        "compiler": {"command": ["g++"], "version": "g++ 14.1"},
        "torch": "2.12.0",
        "sizes": {"actlab_default.so": 0},
    }
    built.shared_object(folder, "default").touch()
    (folder / built.MANIFEST).write_text(json.dumps(manifest | changes), encoding="utf-8")


def said(capsys: Capture, code: int = 0) -> str:
    """What doctor prints."""
    assert main(["doctor"]) == code
    return capsys.readouterr().out


@pytest.mark.usefixtures("kernels")
def test_a_machine_with_kernels(capsys: Capture) -> None:
    out = said(capsys)
    manifest = built.read_manifest(built.kernels_folder())
    assert manifest is not None
    for expected in (
        *("Python", "torch", "threads", "formula: works", "native: works", "triton: "),
        f"{native.library().instruction_set}, in {built.kernels_folder()}",
        f"built with {manifest['compiler']['version']} for torch {manifest['torch']}",
        "Everything that should work here does.",
    ):
        assert expected in out


def test_a_machine_without_kernels_is_well(folder: Path, capsys: Capture) -> None:
    out = said(capsys)
    reason = built.problem(folder)
    assert f"native: {reason}" in out
    assert f"none, formulas do their work: {reason}" in out
    assert "to compile them: " not in out.replace("the command to compile them: ", "")
    assert "formula: works" in out
    assert "Everything that should work here does." in out


def test_what_compiling_would_take_is_said(folder, capsys, monkeypatch) -> None:
    monkeypatch.setattr(toolchain, "missing", lambda: "no C++20 compiler was found: install one")
    assert "to compile them: no C++20 compiler was found: install one" in said(capsys)


def test_stale_kernels_are_a_problem(folder: Path, capsys: Capture) -> None:
    write_manifest(folder, fingerprint="of another day")
    out = said(capsys, 1)
    assert f"problem: the compiled kernels in {folder} were made from other sources" in out
    assert "built with g++ 14.1 for torch 2.12.0" in out
    assert "actlab build" in out


def test_kernels_with_a_part_missing_are_a_problem(folder: Path, capsys: Capture) -> None:
    write_manifest(folder)
    built.shared_object(folder, "default").unlink()
    assert f"problem: {built.problem(folder)}" in said(capsys, 1)


def test_kernels_that_do_not_load_are_a_problem(folder, capsys, monkeypatch) -> None:
    write_manifest(folder)
    broken = native.Library({}, problem="the kernels do not load; the command: actlab build")
    monkeypatch.setattr(native, "library", lambda: broken)
    assert "problem: the kernels do not load; the command: actlab build" in said(capsys, 1)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("backend", ["formula", "native"])
def test_a_backend_that_computes_nonsense_is_a_problem(backend, capsys, monkeypatch) -> None:
    real = actlab.functional.powerlu

    def powerlu(x: Any, **options: Any) -> Any:
        y = real(x, **options)
        return y + 1 if options["backend"] == backend else y

    monkeypatch.setattr("actlab.functional.powerlu", powerlu)
    out = said(capsys, 1)
    assert (
        f"problem: backend {backend} is wrong: PowerLU(0) is 0.25 of slope 0.5, got (1.25, 0.5)"
        in out
    )


def test_a_backend_that_raises_is_a_problem(capsys, monkeypatch) -> None:
    def powerlu(x: Any, **options: Any) -> Any:
        raise RuntimeError("no such operator")

    monkeypatch.setattr("actlab.functional.powerlu", powerlu)
    assert "formula: wrong: PowerLU(0) raises RuntimeError: no such operator" in said(capsys, 1)


def test_json(folder: Path, capsys: Capture) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert found["backends"]["formula"] == "works"
    assert set(found["backends"]) == {"formula", "native", "triton"}
    assert found["kernels"] == {
        "folder": str(folder),
        "none": built.problem(folder),
        "to compile them": "actlab build",
    }
    assert found["activations"] == {"count": len(actlab.names()), "of other packages": []}
    assert {"torch", "numpy", "cyclopts", "scipy"} <= set(found["packages"])
    assert found["environment"]["torch"]["threads"] >= 1


@pytest.mark.usefixtures("folder")
def test_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("scipy", "pytest"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "problem: scipy is missing: pip install 'scipy>=" in out
    assert "lacks pytest: pip install 'actlab[dev]'" in out


def test_doctor_survives_a_broken_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**filters: Any) -> list[str]:
        raise ImportError("no module named nothing")

    monkeypatch.setattr("actlab.registry.names", broken)
    found = doctors.examine()
    assert found["activations"]["count"] == 0
    assert (
        "the registry does not load (ImportError: no module named nothing)"
        in (found["problems"][0])
    )
