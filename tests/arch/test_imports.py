"""What an import brings along, seen from a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = frozenset(
    {"IPython", "jax", "jinja2", "keras", "matplotlib", "mpmath", "numpy", "pandas", "pydantic"}
    | {"rich", "scipy", "sympy", "torch", "transformers", "triton"}
)
"""Packages that cost time to import; whoever needs one imports it where it is needed."""

REPORT = "import json, sys; print(json.dumps(sorted({m.split('.')[0] for m in %s})))"


def brought_by(statements: str, after: str = "") -> set[str]:
    """Top-level packages that statements import in a fresh process, beyond those of ``after``."""
    script = "\n".join(
        [
            "import sys",
            after,
            "before = set(sys.modules)",
            statements,
            REPORT % "set(sys.modules) - before",
        ]
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_actlab_alone_is_light() -> None:
    assert not brought_by("import actlab") & HEAVY


def test_looking_at_definitions_needs_no_torch() -> None:
    asked = "import actlab; actlab.get('swish'); actlab.names(odd=True)"
    assert not brought_by(asked) & HEAVY


def test_core_and_definitions_need_only_python() -> None:
    brought = brought_by("import actlab.core, actlab.defs.powerlu, actlab.defs.expolu")
    assert brought <= {"actlab", "__mp_main__", *sys.stdlib_module_names}


@pytest.mark.parametrize("module", ["actlab.functional", "actlab.nn"])
def test_the_functions_need_only_torch(module: str) -> None:
    assert not brought_by(f"import {module}", after="import torch") & HEAVY


@pytest.mark.parametrize(("module", "only"), [("numpy", {"numpy"}), ("jax", set())])
def test_other_libraries_need_no_torch(module: str, only: set[str]) -> None:
    assert brought_by(f"import actlab.{module}") & HEAVY <= only


def test_describing_needs_no_torch() -> None:
    assert not brought_by("import actlab.describe, actlab.interpret.printed") & HEAVY


@pytest.mark.parametrize("words", [["--help"], ["--version"], [], ["list", "--help"]])
def test_help_needs_only_the_terminal(words: list[str]) -> None:
    asked = f"from actlab.cli.app import main\ntry: main({words!r})\nexcept SystemExit: pass"
    brought = brought_by(asked)
    assert "rich" in brought or words == ["--version"]
    assert not brought & (HEAVY - {"rich"})


@pytest.mark.parametrize("command", ["show", "analyse", "run", "report", "bench", "doctor", "new"])
def test_help_of_a_command_is_quick_too(command: str) -> None:
    asked = (
        f"from actlab.cli.app import main\ntry: main([{command!r}, '-h'])\nexcept SystemExit: pass"
    )
    assert not brought_by(asked) & {"torch", "matplotlib", "scipy"}


@pytest.mark.parametrize("words", [["list"], ["show", "powerlu"]])
def test_looking_needs_no_torch(words: list[str]) -> None:
    assert "torch" not in brought_by(f"from actlab.cli.app import main; main({words!r})")


def test_a_heavy_import_would_be_seen() -> None:
    assert "mpmath" in brought_by("import actlab.interpret.mp")
