"""What setup.py makes of the project: wheels with and without kernels, source archives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from actlab.kernels.built import CSRC, problem, read_manifest
from actlab.kernels.toolchain import missing

ROOT = Path(__file__).parents[2]
KERNELS = "actlab/kernels/lib/"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's files in a folder of their own, compiled kernels included."""
    folder = tmp_path / "project"
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=leave)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def package(project: Path, what: str, **variables: str) -> tuple[Path, str]:
    """Make a wheel or an archive; its path and what was said on standard error."""
    script = f"from setuptools import build_meta; build_meta.build_{what}('dist')"
    (project / "dist").mkdir()
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    (made,) = (project / "dist").iterdir()
    return made, result.stderr


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def test_without_torch_the_wheel_is_for_every_machine(project: Path) -> None:
    shutil.rmtree(project / "src" / KERNELS, ignore_errors=True)
    wheel, said = package(project, "wheel", ACTLAB_TORCH="/nowhere", ACTLAB_NATIVE="1")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not any(name.startswith(KERNELS) for name in names_in(wheel))
    assert "actlab: installed without compiled CPU kernels, it works by formula: " in said
    assert "/nowhere holds no torch package" in said
    assert "actlab build" in said


def test_without_a_compiler_too(project: Path) -> None:
    shutil.rmtree(project / "src" / KERNELS, ignore_errors=True)
    wheel, said = package(project, "wheel", CXX="nowhere++", ACTLAB_NATIVE="1")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert "there is no nowhere++" in said


def test_kernels_can_be_left_out(project: Path) -> None:
    # Those of the source tree must not slip into a wheel for every machine.
    folder = project / "src" / KERNELS
    folder.mkdir(exist_ok=True)
    (folder / "actlab_default.so").touch()
    wheel, said = package(project, "wheel", ACTLAB_NATIVE="0")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not any(name.startswith(KERNELS) for name in names_in(wheel))
    assert "actlab:" not in said


@pytest.fixture
def _kernels() -> None:
    if trouble := missing() or problem():
        pytest.skip(trouble)


@pytest.mark.usefixtures("_kernels")
def test_a_wheel_with_kernels_is_for_this_platform(project: Path, tmp_path: Path) -> None:
    wheel, said = package(project, "wheel", ACTLAB_NATIVE="1")
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert wheel.name.endswith(f"-py3-none-{platform}.whl")
    assert "actlab:" not in said
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "unpacked")
    assert problem_in(tmp_path / "unpacked") == ""
    assert {path.name for path in CSRC.iterdir()} == {
        path.name for path in (tmp_path / "unpacked/actlab/kernels/csrc").iterdir()
    }


@pytest.mark.usefixtures("_kernels")
def test_an_editable_install_has_them_beside_the_sources(project: Path) -> None:
    shutil.rmtree(project / "src" / KERNELS)
    _, said = package(project, "editable", ACTLAB_NATIVE="1")
    assert "actlab:" not in said
    assert problem_in(project / "src") == ""


def problem_in(folder: Path) -> str:
    """What the actlab in a folder says of the kernels it came with."""
    script = "from actlab.kernels import built; print(built.__file__, built.problem(), sep='|')"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment.pop("ACTLAB_KERNELS", None)
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    place, _, trouble = result.stdout.strip().partition("|")
    assert place == str(folder / "actlab" / "kernels" / "built.py")
    assert trouble or read_manifest(folder / KERNELS) is not None
    return trouble


def test_the_source_archive_has_what_compiling_needs(project: Path) -> None:
    folder = project / "src" / KERNELS
    folder.mkdir(exist_ok=True)
    (folder / "actlab_default.so").touch()
    archive, _ = package(project, "sdist")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {f"src/actlab/kernels/csrc/{path.name}" for path in CSRC.iterdir()} <= names
    assert {"setup.py", "src/actlab/interpret/cpp.py"} <= names
    assert not any(name.startswith("src/" + KERNELS) for name in names)
