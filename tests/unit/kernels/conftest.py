"""A toolbox in miniature: C++ that compiles in a moment, in place of the printed kernels."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path

import pytest

from actlab.core import Activation
from actlab.defs.elu import ELU
from actlab.defs.relu import RELU
from actlab.kernels import built, compile, objects, toolchain

LIBRARY = """
#include "listed.h"
extern "C" __attribute__((visibility("default"))) int count() { return listed; }
extern "C" __attribute__((visibility("default"))) const char* space() { return named; }
"""

HEADER = "extern const int listed; extern const char* const named;\n"


class Printer:
    """Prints a function for each definition, and a table that counts them."""

    def __init__(self) -> None:
        self.bodies = {"elu": "return 1;", "relu": "return 2;"}

    def functions_source(self, definition: Activation) -> str:
        return f"int {definition.name}() {{ {self.bodies[definition.name]} }}\n"

    def table_source(self, definitions: tuple[Activation, ...], namespace: str) -> str:
        declared = "".join(f"int {d.name}();\n" for d in definitions)
        total = "".join(f" + {d.name}()" for d in definitions)
        return (
            f'#include "listed.h"\n{declared}'
            f'const int listed = 0{total};\nconst char* const named = "{namespace}";\n'
        )


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Printer:
    """Two definitions whose C++ is tiny, and a cache and folders that are the test's own."""
    if trouble := toolchain.missing():
        pytest.skip(trouble)
    csrc = tmp_path / "csrc"
    csrc.mkdir()
    (csrc / "library.cpp").write_text(LIBRARY, encoding="utf-8")
    (csrc / "listed.h").write_text(HEADER, encoding="utf-8")
    fake = Printer()
    shipped = {"elu": ELU, "relu": RELU}
    monkeypatch.setattr(compile, "cpp", fake)
    monkeypatch.setattr(compile, "registry", types.SimpleNamespace(shipped=lambda: shipped))
    monkeypatch.setattr(compile, "CSRC", csrc)
    monkeypatch.setattr(objects, "CSRC", csrc)
    monkeypatch.setattr(built, "CSRC", csrc)
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ACTLAB_KERNELS", str(tmp_path / "kernels"))
    return fake


@pytest.fixture
def titles() -> tuple[list[str], Callable[[int, int, str], None]]:
    """A list, and a watcher that notes in it what was compiled."""
    noted: list[str] = []
    return noted, lambda done, total, title: noted.append(title)
