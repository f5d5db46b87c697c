"""`actlab build`: what it tells and what it refuses; compiling itself is tested elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from actlab import registry
from actlab.cli.app import main
from actlab.kernels import compile
from actlab.kernels.built import MANIFEST

Capture = pytest.CaptureFixture[str]

OWN = """
from dataclasses import replace
from actlab.defs.relu import RELU
MINE = replace(RELU, name="mine", aliases=())
"""


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """Builds that only pretend; what they were asked, in order."""
    asked: list[tuple[str, dict]] = []
    done: set[Path] = set()

    def pretend(folder: Path, force: bool, watch) -> Path:
        if force or folder not in done:
            done.add(folder)
            folder.mkdir(exist_ok=True)
            (folder / "actlab_default.so").write_bytes(bytes(1_234_567))
            manifest = {
                "sizes": {"actlab_default.so": 1_234_567},
                "instruction_sets": ["default"],
                "definitions": ["elu", "relu"],
                "compiler": {"command": ["g++"], "version": "g++ (Debian 12.2) [new]"},
                "torch": "2.13.0+cpu",
                "seconds": 12.34,
            }
            (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            watch(1, 2, "elu for [default]")
            watch(2, 2, "relu for [default]")
        return folder

    def build(*, force: bool, sanitize: str, watch) -> Path:
        asked.append(("all", {"force": force, "sanitize": sanitize}))
        return pretend(tmp_path / "kernels", force, watch)

    def build_definition(definition, *, force: bool, watch) -> Path:
        asked.append((definition.name, {"force": force}))
        return pretend(tmp_path / definition.name, force, watch)

    monkeypatch.setattr(compile, "build", build)
    monkeypatch.setattr(compile, "build_definition", build_definition)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ACTLAB_KERNELS", raising=False)
    return asked


def test_it_tells_what_it_built(capsys: Capture, tmp_path: Path, calls) -> None:
    assert main(["build"]) == 0
    assert calls == [("all", {"force": False, "sanitize": ""})]
    out, err = capsys.readouterr()
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in out.splitlines()}
    assert lines == {
        "compiler": "g++ (Debian 12.2) [new]",
        "torch": "2.13.0+cpu",
        "activations": "elu, relu",
        "folder": str(tmp_path / "kernels"),
        "files": "actlab_default.so, 1.23 MB",
        "result": "compiled in 12.3 s",
    }
    assert err == ""


def test_it_says_when_there_was_nothing_to_do(capsys: Capture, calls) -> None:
    for words, result in (
        (["build"], "compiled in 12.3 s"),
        (["build"], "up to date"),
        (["build", "--force"], "compiled in 12.3 s"),
    ):
        assert main(words) == 0
        assert capsys.readouterr().out.splitlines()[-1].split(maxsplit=1)[1] == result


def test_activations_of_the_users(capsys: Capture, tmp_path: Path, calls) -> None:
    (tmp_path / "own_for_build.py").write_text(OWN, encoding="utf-8")
    assert main(["build", "own_for_build:MINE", "--force"]) == 0
    assert calls == [("mine", {"force": True})]
    assert str(tmp_path / "mine") in capsys.readouterr().out


@pytest.mark.parametrize("name", ["relu", "swish"])
def test_what_comes_with_actlab_is_not_built_by_name(capsys: Capture, calls, name: str) -> None:
    assert main(["build", name]) == 2
    canonical = registry.get(name).name
    assert f"{canonical} comes with actlab: `actlab build` without NAMES" in capsys.readouterr().err
    assert calls == []


def test_all_names_are_looked_at_before_anything_is_built(
    capsys: Capture, tmp_path: Path, calls
) -> None:
    (tmp_path / "own_for_build_too.py").write_text(OWN, encoding="utf-8")
    assert main(["build", "own_for_build_too:MINE", "powrlu"]) == 2
    assert "did you mean 'powerlu'" in capsys.readouterr().err
    assert calls == []


def test_sanitized_kernels_never_take_the_place_of_others(
    capsys: Capture, tmp_path: Path, calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["build", "--sanitize", "address"]) == 2
    assert "--sanitize needs a folder in ACTLAB_KERNELS" in capsys.readouterr().err
    monkeypatch.setenv("ACTLAB_KERNELS", str(tmp_path / "kernels"))
    assert main(["build", "--sanitize", "address"]) == 0
    assert calls == [("all", {"force": False, "sanitize": "address"})]


def test_why_it_cannot_is_one_line_and_2(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(**_: object) -> Path:
        raise compile.BuildError("torch is missing: pip install torch")

    monkeypatch.setattr(compile, "build", build)
    assert main(["build"]) == 2
    assert capsys.readouterr() == ("", "actlab: torch is missing: pip install torch\n")
