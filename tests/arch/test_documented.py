"""Every public name is documented: it has a docstring, and its package a page of the reference."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from actlab import functional, get, names

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "api"
PACKAGES = sorted(path.stem for path in REFERENCE.glob("*.md") if path.stem != "index")

PUBLIC = ("actlab", "analysis", "core", "diagnose", "figures", "functional", "init", "lab",
          "jax", "nn", "numpy", "records", "stats", "surgery", "testing")  # fmt: skip
"""The packages whose names others may build on; the rest serve the command line."""

WITH_EXTRAS = {"hf": "transformers", "keras": "keras"}
"""Those that cannot be imported without a library; their pages are written by hand."""


def module_of(package: str):
    return importlib.import_module("actlab" if package == "actlab" else f"actlab.{package}")


def public(package: str) -> list[tuple[str, object]]:
    module = module_of(package)
    return [(name, getattr(module, name)) for name in module.__all__]


EVERYTHING = [(package, name, value) for package in PUBLIC for name, value in public(package)]
CALLABLE = [
    (package, name, value)
    for package, name, value in EVERYTHING
    if inspect.isfunction(value) or inspect.isclass(value)
]


def test_every_public_package_has_a_page() -> None:
    assert sorted([*PUBLIC, *WITH_EXTRAS]) == PACKAGES
    contents = (REFERENCE / "index.md").read_text(encoding="utf-8")
    for package in PACKAGES:
        assert f"({package}.md)" in contents
    for package in PUBLIC:
        text = (REFERENCE / f"{package}.md").read_text(encoding="utf-8")
        assert f".. automodule:: {module_of(package).__name__}\n   :members:" in text


@pytest.mark.parametrize("package", WITH_EXTRAS)
def test_pages_written_by_hand_name_everything(package: str) -> None:
    pytest.importorskip(WITH_EXTRAS[package], reason=f"needs {WITH_EXTRAS[package]}")
    text = (REFERENCE / f"{package}.md").read_text(encoding="utf-8")
    for name, value in public(package):
        assert f":: actlab.{package}.{name}(" in text
        assert len((inspect.getdoc(value) or "").split()) >= 4


def documented(value: object) -> bool:
    """Whether something has a docstring of its own."""
    text = inspect.getdoc(value) or ""
    # What a dataclass writes by itself says nothing.
    by_itself = inspect.isclass(value) and text.startswith(f"{value.__name__}(")
    return len(text.split()) >= 4 and not by_itself


def test_every_public_name_has_a_docstring() -> None:
    assert len(CALLABLE) > 150
    assert [f"{p}.{name}" for p, name, value in CALLABLE if not documented(value)] == []


def test_every_public_method_has_a_docstring() -> None:
    bare = [
        f"{package}.{owner}.{name}"
        for package, owner, value in CALLABLE
        if inspect.isclass(value) and value.__module__.startswith("actlab")
        for name, member in vars(value).items()
        if not name.startswith("_") and inspect.isfunction(member)
        if not inspect.getdoc(getattr(value, name))
    ]
    assert bare == []


def test_every_activation_says_when_to_use_it() -> None:
    for name in names():
        definition = get(name)
        assert definition.use.endswith("."), name
        assert definition.title, name
        assert "Reference:" in (inspect.getdoc(getattr(functional, name)) or ""), name
