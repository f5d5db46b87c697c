"""Finding a compiler and a torch: what does, what does not, and what is said then."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sysconfig
from pathlib import Path

import pytest

from actlab.kernels import toolchain
from actlab.kernels.toolchain import BuildError, find_compiler, find_torch, missing


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH; no compiler is named."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    return folder


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


NEW = 'if [ "$1" = --version ]; then echo "g++ 14.1"; fi'
OLD = "exit 1"


def test_no_compiler(empty_path: Path) -> None:
    with pytest.raises(BuildError, match=r"there is no g\+\+.*apt-get install g\+\+"):
        find_compiler()
    assert "no C++20 compiler was found" in missing()


def test_an_old_compiler_is_passed_over(empty_path: Path) -> None:
    program(empty_path / "g++", OLD)
    with pytest.raises(BuildError, match=r"g\+\+ does not know C\+\+20"):
        find_compiler()
    program(empty_path / "clang++", NEW)
    assert find_compiler().command == ("clang++",)


def test_the_compiler_named_is_taken_with_its_words(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(empty_path / "g++", OLD)
    program(empty_path / "cached", 'shift; if [ "$1" = --version ]; then echo "mine 1"; fi')
    monkeypatch.setenv("CXX", "cached mine")
    found = find_compiler()
    assert (found.command, found.version) == (("cached", "mine"), "mine 1")


@pytest.mark.parametrize(
    ("name", "trouble"),
    [("nowhere++", r"there is no nowhere\+\+"), ("old++", r"old\+\+ does not know C\+\+20")],
)
def test_the_compiler_named_must_do(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trouble: str
) -> None:
    program(empty_path / "g++", NEW)
    program(empty_path / "old++", OLD)
    monkeypatch.setenv("CXX", name)
    with pytest.raises(BuildError, match=f"the compiler that CXX names does not do: {trouble}"):
        find_compiler()


def make_torch(folder: Path, version: str = "2.13.0+cpu") -> Path:
    """As much of a torch package as is looked at."""
    header = folder / "include" / "torch" / "csrc" / "stable" / "library.h"
    header.parent.mkdir(parents=True)
    header.touch()
    (folder / "lib").mkdir()
    (folder / "lib" / "libtorch_cpu.so").touch()
    (folder / "version.py").write_text(f"__version__ = '{version}'\n", encoding="utf-8")
    return folder


@pytest.fixture
def no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no torch anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACTLAB_TORCH", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "prefix" / name))
    monkeypatch.setattr("site.getusersitepackages", lambda: str(tmp_path / "user"))
    return tmp_path


def test_no_torch(no_torch: Path) -> None:
    with pytest.raises(BuildError, match="^torch is missing: pip install 'torch>=2.11', or"):
        find_torch()


@pytest.mark.parametrize("scheme", ["purelib", "platlib"])
def test_torch_of_the_prefix(no_torch: Path, scheme: str) -> None:
    # What pip's isolated builds hide from the Python path.
    folder = make_torch(no_torch / "prefix" / scheme / "torch")
    assert find_torch() == toolchain.Torch(folder, "2.13.0+cpu")


@pytest.mark.parametrize("place", [".venv", "active"])
def test_torch_of_an_environment(
    no_torch: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = make_torch(no_torch / place / "lib" / "python3.12" / "site-packages" / "torch")
    if place == "active":
        monkeypatch.setenv("VIRTUAL_ENV", str(no_torch / "active"))
    assert find_torch().folder == folder


def test_torch_on_the_path_comes_first(no_torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_torch(no_torch / "prefix" / "purelib" / "torch")
    folder = make_torch(no_torch / "path" / "torch", "2.12.1")
    spec = importlib.machinery.ModuleSpec("torch", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert find_torch() == toolchain.Torch(folder, "2.12.1")


def test_torch_as_named(no_torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_torch(no_torch / "prefix" / "purelib" / "torch")
    folder = make_torch(no_torch / "mine")
    monkeypatch.setenv("ACTLAB_TORCH", str(folder))
    assert find_torch().folder == folder


def test_the_torch_named_must_do(no_torch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_torch(no_torch / "prefix" / "purelib" / "torch")
    monkeypatch.setenv("ACTLAB_TORCH", str(no_torch / "nowhere"))
    with pytest.raises(BuildError, match="ACTLAB_TORCH names does not do: .*nowhere holds no"):
        find_torch()


def spoil_version(folder: Path) -> None:
    (folder / "version.py").write_text("__version__ = '2.9.1'\n", encoding="utf-8")


def spoil_headers(folder: Path) -> None:
    (folder / "include" / "torch" / "csrc" / "stable" / "library.h").unlink()


def spoil_libraries(folder: Path) -> None:
    (folder / "lib" / "libtorch_cpu.so").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_version, "torch 2.9.1 in .* is older than 2.11"),
        (spoil_headers, "torch 2.13.0.cpu in .* has no headers"),
        (spoil_libraries, "torch 2.13.0.cpu in .* has no libraries"),
    ],
)
def test_a_torch_that_does_not_do_is_passed_over(no_torch: Path, spoil, said: str) -> None:
    spoil(make_torch(no_torch / "prefix" / "purelib" / "torch"))
    with pytest.raises(BuildError, match=f"no torch to compile against .{said}"):
        find_torch()
    other = make_torch(no_torch / ".venv" / "lib" / "python3.12" / "site-packages" / "torch")
    assert find_torch().folder == other


def test_the_torch_in_use_does() -> None:
    import torch

    # An environment variable of the developer's may name another.
    if not os.environ.get("ACTLAB_TORCH"):
        assert find_torch().version == torch.__version__


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_three_instruction_sets(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert toolchain.instruction_sets() == ("default", "avx2", "avx512")


@pytest.mark.parametrize("machine", ["aarch64", "arm64", "ppc64le"])
def test_one_elsewhere(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert toolchain.instruction_sets() == ("default",)


@pytest.mark.parametrize("words", ["address, undefined", "address;rm", "-x", ",", "Address"])
def test_sanitizers_are_words(words: str) -> None:
    with pytest.raises(ValueError, match="words joined by commas"):
        toolchain.sanitizer_flags(words)
    assert toolchain.sanitizer_flags("address,undefined")[-1] == "-fsanitize=address,undefined"
