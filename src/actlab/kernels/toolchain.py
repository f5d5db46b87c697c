"""What compiling kernels needs from the machine: a C++ compiler, torch's headers, flags.

The standard library only: ``setup.py`` comes here where nothing else is installed.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import re
import shlex
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLAGS = (
    *("-std=c++20", "-O3", "-fPIC", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math"),
    # Contracting a * b + c would give other bits where the processor has no fused operation.
    *("-ffp-contract=off", "-fvisibility=hidden"),
)
"""Of every unit, for every processor."""

AVX2 = ("-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2")
AVX512 = (
    *("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", *AVX2),
    "-mprefer-vector-width=512",
)
INSTRUCTION_SETS = {"default": (), "avx2": AVX2, "avx512": AVX512}
"""Flags by name; the names are those of ``torch.backends.cpu.get_cpu_capability()``."""

SANITIZER_FLAGS = ("-g", "-O1", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all")
"""After the others. At -O3 a sanitized unit takes minutes and finds nothing more."""

STABLE_ABI = "-DTORCH_TARGET_VERSION=0x020b000000000000"
"""Only what torch 2.11 has, so that the result works with 2.11 and everything later."""

OLDEST_TORCH = (2, 11)

COMPILERS = ("g++", "clang++", "c++")

GET_COMPILER = (
    "install one (Debian and Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; "
    "macOS: xcode-select --install) or name one in CXX; GCC 10 and Clang 13 are new enough"
)
GET_TORCH = "pip install 'torch>=2.11', or name the folder of the torch package in ACTLAB_TORCH"

PROBE = """
#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
template <std::floating_point T> constexpr T twice(T x) { return x + x; }
static_assert(std::bit_cast<std::uint32_t>(twice(0.5f)) == 0x3f800000u);
"""
"""A little of what the kernels and torch's headers use of C++20."""


class BuildError(RuntimeError):
    """Kernels cannot be compiled here; the message says why and what to do."""


@dataclass(frozen=True)
class Compiler:
    """A C++20 compiler: the words that call it, and how it introduces itself."""

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Torch:
    """The folder of a torch package that has headers and libraries, and its version."""

    folder: Path
    version: str

    @property
    def include(self) -> Path:
        return self.folder / "include"

    @property
    def lib(self) -> Path:
        return self.folder / "lib"


def instruction_sets() -> tuple[str, ...]:
    """The names of the instruction sets that kernels are compiled for on this processor."""
    is_x86_64 = platform.machine().lower() in ("x86_64", "amd64")
    return tuple(INSTRUCTION_SETS) if is_x86_64 else ("default",)


def compile_flags(instruction_set: str, sanitize: str = "") -> tuple[str, ...]:
    """The flags of every unit for an instruction set."""
    return (*FLAGS, *INSTRUCTION_SETS[instruction_set], *sanitizer_flags(sanitize))


def sanitizer_flags(sanitize: str) -> tuple[str, ...]:
    """The flags for sanitizers such as ``address,undefined``; none for an empty string."""
    if not sanitize:
        return ()
    if not re.fullmatch(r"[a-z][a-z-]*(,[a-z][a-z-]*)*", sanitize):
        raise ValueError(
            f"sanitizers are words joined by commas, such as address,undefined; got {sanitize!r}"
        )
    return (*SANITIZER_FLAGS, f"-fsanitize={sanitize}")


def missing() -> str:
    """What this machine lacks for compiling kernels and how to get it; empty when nothing."""
    for find in (find_compiler, find_torch):
        try:
            find()
        except BuildError as error:
            return str(error)
    return ""


def find_compiler() -> Compiler:
    """The compiler in ``CXX``, else the first of g++, clang++ and c++ that knows C++20.

    Raises:
        BuildError: there is none, or the one in ``CXX`` does not do.
    """
    named = os.environ.get("CXX", "").strip()
    commands = [tuple(shlex.split(named))] if named else [(name,) for name in COMPILERS]
    troubles = []
    for command in commands:
        trouble = _trouble_with(command)
        if not trouble:
            return Compiler(command, _version(command))
        troubles.append(trouble)
    if named:
        raise BuildError(f"the compiler that CXX names does not do: {troubles[0]}; {GET_COMPILER}")
    raise BuildError(f"no C++20 compiler was found ({', '.join(troubles)}): {GET_COMPILER}")


def _trouble_with(command: tuple[str, ...]) -> str:
    """Why a command is not a C++20 compiler; empty when it is."""
    if shutil.which(command[0]) is None:
        return f"there is no {command[0]}"
    try:
        tried = run([*command, "-std=c++20", "-fsyntax-only", "-x", "c++", "-"], given=PROBE)
    except OSError as error:
        return f"{command[0]} does not run ({error})"
    return f"{command[0]} does not know C++20" if tried.returncode else ""


@functools.cache
def _version(command: tuple[str, ...]) -> str:
    lines = run([*command, "--version"]).stdout.splitlines()
    return lines[0].strip() if lines else command[0]


def run(command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in English, its output caught."""
    return subprocess.run(
        command,
        input=given,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def find_torch() -> Torch:
    """The torch package to compile against: that of the environment built for, not imported.

    Looked for in ``ACTLAB_TORCH``; on the Python path; in the running interpreter's prefix,
    which pip's isolated builds hide from the path; in an active environment; in ``.venv``.

    Raises:
        BuildError: there is none with headers and libraries, or the one in ``ACTLAB_TORCH``
            does not do.
    """
    named = os.environ.get("ACTLAB_TORCH", "").strip()
    troubles = []
    for folder in [Path(named)] if named else dict.fromkeys(_torch_folders()):
        trouble, version = _examine(folder)
        if not trouble:
            return Torch(folder.resolve(), version)
        if folder.exists() or named:
            troubles.append(trouble)
    if named:
        raise BuildError(f"the torch that ACTLAB_TORCH names does not do: {troubles[0]}")
    why = f"no torch to compile against ({'; '.join(troubles)})" if troubles else "torch is missing"
    raise BuildError(f"{why}: {GET_TORCH}")


def _torch_folders() -> Iterator[Path]:
    """Where a torch package may be, nearest to the target environment first."""
    try:
        found = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        found = None
    if found is not None and found.origin:
        yield Path(found.origin).parent
    for scheme in ("purelib", "platlib"):
        yield Path(sysconfig.get_path(scheme)) / "torch"
    if sys.prefix == sys.base_prefix:
        yield Path(site.getusersitepackages()) / "torch"
    for environment in (os.environ.get("VIRTUAL_ENV"), ".venv"):
        if environment:
            for packages in ("lib*/python*/site-packages", "Lib/site-packages"):
                yield from sorted(Path(environment).glob(f"{packages}/torch"))


def _examine(folder: Path) -> tuple[str, str]:
    """Why a torch package does not do (empty when it does), and its version."""
    try:
        text = (folder / "version.py").read_text(encoding="utf-8")
    except OSError:
        return f"{folder} holds no torch package", ""
    found = re.search(r"__version__ = ['\"]((\d+)\.(\d+)[^'\"]*)['\"]", text)
    if found is None:
        return f"{folder} does not tell its version", ""
    if (int(found[2]), int(found[3])) < OLDEST_TORCH:
        return f"torch {found[1]} in {folder} is older than 2.11", ""
    if not (folder / "include/torch/csrc/stable/library.h").is_file():
        return f"torch {found[1]} in {folder} has no headers", ""
    if not any((folder / "lib").glob("libtorch_cpu.*")):
        return f"torch {found[1]} in {folder} has no libraries in {folder / 'lib'}", ""
    return "", found[1]
