"""Activation functions kept in attributes of modules: ``self.activation = F.relu``."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any

from torch import Tensor, nn

from actlab.surgery.calls import NAMES
from actlab.surgery.dispatch import Shielded
from actlab.surgery.tree import Tree

FUNCTIONS = (FunctionType, BuiltinFunctionType, functools.partial, Shielded)


@dataclass(eq=False, frozen=True, slots=True)
class Held:
    """A function in an attribute of a module."""

    owner: nn.Module
    key: str
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """What the function is called."""
        inner = self.function
        while isinstance(inner, functools.partial | Shielded):
            inner = inner.func if isinstance(inner, functools.partial) else inner.function
        if inner in NAMES:
            return NAMES[inner]
        return getattr(inner, "__name__", type(inner).__name__)


def held_functions(tree: Tree) -> list[Held]:
    """Every function of one tensor that a module keeps in an attribute of its own."""
    return [
        Held(module, key, value)
        for module in tree.visible()
        for key, value in module.__dict__.items()
        if isinstance(value, FUNCTIONS) and not key.startswith("_") and key != "forward"
    ]


@contextlib.contextmanager
def intercepted(
    held: list[Held], called: Callable[[Held, Tensor, Callable[[Tensor], Any]], Any]
) -> Iterator[None]:
    """While active, calls of these functions with one tensor go through ``called``."""
    put = [(one, _passing(one, called)) for one in held]
    try:
        for one, passing in put:
            one.owner.__dict__[one.key] = passing
        yield
    finally:
        for one, passing in put:
            if one.owner.__dict__.get(one.key) is passing:  # else the model has put another there
                one.owner.__dict__[one.key] = one.function


def _passing(held: Held, called: Callable[..., Any]) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        if not args or not isinstance(args[0], Tensor):
            return held.function(*args, **kwargs)
        return called(held, args[0], lambda x: held.function(x, *args[1:], **kwargs))

    return functools.update_wrapper(function, held.function, updated=())
