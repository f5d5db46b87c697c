"""Dependencies point down: who may import whom, in one table, read from the source."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src" / "actlab"

LAYERS = (
    ("_version",),
    ("core",),
    ("defs",),
    ("registry",),
    ("interpret",),
    ("describe",),
    ("numpy", "jax"),
    ("kernels",),
    ("functional",),
    ("analysis",),
    ("nn",),
    ("hf", "keras"),
    ("init",),
    ("surgery",),
    ("testing",),
    ("records", "stats", "figures"),
    ("diagnose",),
    ("lab", "bench"),
    ("report", "explore"),
    ("cli",),
)
"""Lowest first. A module may import its own package and those of lower layers, nothing else."""

FACADES = frozenset({"__init__", "__main__"})
"""The package's face and ``python -m actlab``; they may name anything."""

HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}

MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    """The package or module directly below actlab that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(source: str) -> set[str]:
    """Every module that a source imports, deferred and type-checking imports included."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide what they name"
            assert node.module is not None
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def violations(part: str, source: str) -> list[str]:
    """The imports of a source in ``part`` that do not point down."""
    wrong = []
    for name in sorted(imported(source)):
        root, _, rest = name.partition(".")
        if root != "actlab":
            continue
        target = rest.partition(".")[0]
        # `from actlab import Activation`: a name of the face, which names what lies above too.
        allowed = target == part or (target in HEIGHT and HEIGHT[target] < HEIGHT[part])
        if not allowed:
            wrong.append(name)
    return wrong


def test_every_module_has_a_layer() -> None:
    assert {part_of(path) for path in MODULES} == {*HEIGHT, *FACADES}


def test_imports_point_down() -> None:
    found = {
        str(path.relative_to(ROOT)): violations(part_of(path), path.read_text(encoding="utf-8"))
        for path in MODULES
        if part_of(path) not in FACADES
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("core", "from actlab import registry"),
        ("core", "import actlab.defs.relu"),
        ("defs", "from actlab import Activation"),
        ("describe", "from actlab.analysis.gain import own_init"),
        ("kernels", "def f():\n    from actlab.functional import call"),
        ("records", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import actlab.lab"),
        ("report", "from actlab.cli.plot import draw"),
    ],
)
def test_an_import_that_points_up_is_found(part: str, source: str) -> None:
    assert len(violations(part, source)) == 1


def foreign(part: str) -> dict[str, set[str]]:
    """What each module of a package imports from outside the standard library."""
    every = {p.name: imported(p.read_text(encoding="utf-8")) for p in MODULES if part_of(p) == part}
    return {
        path: {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
        for path, names in every.items()
    }


def test_core_imports_the_standard_library_only() -> None:
    found = {path: {n for n in names if not n.startswith("actlab.")}
             for path, names in foreign("core").items()}  # fmt: skip
    assert found
    assert {path: names for path, names in found.items() if names} == {}


def test_definitions_import_nothing_but_the_vocabulary() -> None:
    # And each other: SELU is a multiple of ELU, and says so. The standard library costs nothing.
    found = {path: {n for n in names if not n.startswith(("actlab.core.", "actlab.defs."))}
             for path, names in foreign("defs").items()}  # fmt: skip
    assert len(found) > 80
    assert {path: names for path, names in found.items() if names} == {}
