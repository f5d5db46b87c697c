"""What a piece of code does, as a hash that comments and formatting do not change."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from actlab.records.identity import canonical_json

FOLLOWED = ("actlab.lab.models", "actlab.lab.datasets", "actlab.lab.tasks")
"""Packages whose code decides what a run gives; imports from them count as the task's own."""


def source_of(thing: Callable[..., Any] | ModuleType, owner: str) -> str:
    """Hash of the source file in which something is defined.

    Args:
        thing: a function or a module.
        owner: what an error message calls it.

    Raises:
        ValueError: it has no source file, so a changed version could not be told from the old.
    """
    try:
        file = inspect.getsourcefile(thing)
        module = thing if isinstance(thing, ModuleType) else inspect.getmodule(thing)
        text = inspect.getsource(module or thing)
    except (OSError, TypeError) as error:
        raise ValueError(
            f"{owner}: its source file cannot be read, so a changed version could not be told "
            "from the old one; define it in a module"
        ) from error
    if file is None:
        raise ValueError(f"{owner}: it must be defined in a Python source file")
    return code_hash(text)


def code_hash(text: str) -> str:
    """sha256 of what a source text does: comments, formatting and docstrings do not count."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, documented) and body and _is_text(body[0]):
            node.body = body[1:]
    # The dump itself differs between versions of Python; what it is made from does not.
    return hashlib.sha256(ast.unparse(tree).encode("utf-8")).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def code_of(thing: Callable[..., Any] | ModuleType, owner: str) -> str:
    """Hash of the source file of a task and of the laboratory's code that it imports.

    Args, raises: as ``source_of``.
    """
    found: dict[str, str] = {"": source_of(thing, owner)}
    module = thing if isinstance(thing, ModuleType) else inspect.getmodule(thing)
    waiting = [] if module is None else _followed(module)
    while waiting:
        name = waiting.pop()
        if name not in found:
            module = importlib.import_module(name)
            found[name] = source_of(module, name)
            waiting += _followed(module)
    return hashlib.sha256(canonical_json(found).encode("ascii")).hexdigest()


def _followed(module: ModuleType) -> list[str]:
    """The laboratory's modules that a module imports anywhere in its source."""
    names = []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith(FOLLOWED) and _is_module(name)]


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
