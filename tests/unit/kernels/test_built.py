"""Compiled kernels on disk: their places, and the fingerprint of what they are made from."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import actlab
from actlab.kernels import built

PACKAGE = Path(actlab.__file__).parent

NOT_IN_KERNELS = {
    *("__init__.py", "_version.py", "registry.py", "interpret/__init__.py"),
    *("kernels/__init__.py", "kernels/built.py"),
}
"""Imported for the build without a part in what comes out."""


def modules_of_the_build() -> tuple[set[str], set[str]]:
    """Top-level packages that compiling imports, and actlab's files among them."""
    script = (
        "import json, sys\nbefore = set(sys.modules)\nimport actlab.kernels.compile as c\n"
        "c.registry.shipped()\n"
        "new = set(sys.modules) - before\n"
        "print(json.dumps({name: getattr(sys.modules[name], '__file__', None) for name in new}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = json.loads(result.stdout)
    own = {Path(f) for name, f in modules.items() if name.partition(".")[0] == "actlab" and f}
    files = {path.relative_to(PACKAGE).as_posix() for path in own}
    return {name.partition(".")[0] for name in modules}, files


def test_compiling_needs_the_standard_library_only() -> None:
    # pip builds in an environment with nothing but setuptools.
    packages, _ = modules_of_the_build()
    assert packages <= {"actlab", *sys.stdlib_module_names}


def test_every_module_with_a_part_in_the_kernels_is_in_the_fingerprint() -> None:
    _, files = modules_of_the_build()
    listed = {
        path.relative_to(PACKAGE).as_posix()
        for pattern in built.SOURCES
        for path in PACKAGE.glob(pattern)
    }
    assert files - listed == NOT_IN_KERNELS
    assert {"core/spec.py", "defs/powerlu.py", "interpret/cpp.py"} <= listed
    assert all(any(PACKAGE.glob(pattern)) for pattern in built.SOURCES)


def test_the_fingerprint_follows_content_and_names(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "defs").mkdir()
    (tmp_path / "kernels" / "csrc").mkdir(parents=True)
    (tmp_path / "defs" / "a.py").write_text("one", encoding="utf-8")
    (tmp_path / "kernels" / "csrc" / "b.h").write_text("two", encoding="utf-8")
    monkeypatch.setattr(built, "PACKAGE", tmp_path)
    seen = [built.fingerprint()]
    assert built.fingerprint() == seen[0]
    (tmp_path / "kernels" / "csrc" / "b.h").write_text("three", encoding="utf-8")
    seen.append(built.fingerprint())
    (tmp_path / "defs" / "a.py").rename(tmp_path / "defs" / "c.py")
    seen.append(built.fingerprint())
    (tmp_path / "defs" / "d.py").touch()
    seen.append(built.fingerprint())
    (tmp_path / "unrelated.py").write_text("no matter", encoding="utf-8")
    assert built.fingerprint() == seen[-1]
    assert len(set(seen)) == 4


def test_the_fingerprint_is_quick() -> None:
    def once() -> float:
        began = time.perf_counter()
        built.fingerprint()
        return time.perf_counter() - began

    # 2 ms where files are cached; the margin is for machines that are busy with other tests.
    assert min(once() for _ in range(5)) < 0.05


def test_no_two_lists_have_one_digest() -> None:
    assert built.digest([b"ab", b"c"]) != built.digest([b"a", b"bc"])
    assert built.digest([b"ab"]) != built.digest([b"ab", b""])


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"ACTLAB_CACHE": "/mine"}, "/mine"),
        ({"ACTLAB_CACHE": "/mine", "XDG_CACHE_HOME": "/general"}, "/mine"),
        ({"XDG_CACHE_HOME": "/general"}, "/general/actlab"),
        ({"HOME": "/home/me"}, "/home/me/.cache/actlab"),
        ({"ACTLAB_CACHE": " ", "XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/actlab"),
    ],
)
def test_the_cache(monkeypatch, variables: dict[str, str], place: str) -> None:
    for name in ("ACTLAB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert built.cache_folder() == Path(place)


def test_the_kernels(monkeypatch) -> None:
    monkeypatch.delenv("ACTLAB_KERNELS", raising=False)
    assert built.kernels_folder() == PACKAGE / "kernels" / "lib"
    monkeypatch.setenv("ACTLAB_KERNELS", "/elsewhere")
    assert built.kernels_folder() == Path("/elsewhere")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"instruction_sets": 3}', "null", "\\"])
def test_a_manifest_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / built.MANIFEST).write_text(text, encoding="utf-8")
    assert built.read_manifest(tmp_path) is None
