"""Facts about the files themselves: size, names, no mutable state, nothing left unpackaged."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST = 300
"""Lines of a file; the next idea gets a file of its own."""

VAGUE = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"})

BUILDERS = frozenset(
    {"Counter", "OrderedDict", "bytearray", "defaultdict", "deque", "dict", "list", "set"}
)
MUTABLE = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_long() -> None:
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCE + TESTS}
    assert len(lines) > 500
    assert {short(path): count for path, count in lines.items() if count > LONGEST} == {}


def vague(path: Path) -> bool:
    """Whether a file or one of its folders has a name that could be anything's."""
    parts = {part.removesuffix(".py").removeprefix("test_") for part in path.parts}
    return bool(parts & VAGUE)


def test_names_say_what_is_inside() -> None:
    assert [short(path) for path in SOURCE + TESTS if vague(path.relative_to(ROOT))] == []
    assert vague(Path("lab/utils.py"))
    assert vague(Path("helpers/chart.py"))


def state(source: str) -> list[str]:
    """What a module keeps that can change: ``global`` statements and mutable variables.

    A name in capitals is a constant by agreement; any other name at module level bound to a
    list, dict or set is a registry in the making.
    """
    tree = ast.parse(source)
    found = [f"global {', '.join(n.names)}" for n in ast.walk(tree) if isinstance(n, ast.Global)]
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        built = isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in BUILDERS
        if isinstance(value, MUTABLE) or built:
            names = [ast.unparse(target) for target in targets]
            found += [name for name in names if not name.isupper() and name != "__all__"]
    return found


def test_modules_keep_no_state() -> None:
    found = {short(path): state(path.read_text(encoding="utf-8")) for path in SOURCE}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "registry = {}",
        "cache: dict[str, int] = dict()",
        "seen = collections.defaultdict(list)",
        "names = [n for n in range(3)]",
        "def f():\n    global counter\n    counter = 1",
    ],
)
def test_state_is_found(source: str) -> None:
    assert state(source)


def test_every_data_file_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["actlab"]
    package = ROOT / "src" / "actlab"
    packaged = {path for pattern in patterns for path in package.glob(pattern)}
    data = {
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path.name[0] != "."
    }
    assert data == packaged


def test_every_package_says_so() -> None:
    # A folder with modules and no __init__.py is left out of the wheel.
    folders = {path.parent for path in SOURCE}
    assert [short(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_torch_is_not_needed_to_build() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert [r.split(">")[0] for r in project["build-system"]["requires"]] == ["setuptools"]


def test_every_dependency_is_pinned_for_development() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {requirement.split(">")[0].lower() for requirement in wanted}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert names <= set(pins)
