"""Hooks of a run that is looked at; copies of a model and files it is saved to get none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle


class Hook:
    """A hook that is left out of copies and pickles of its module.

    A bound method in its place would take what it belongs to along: whatever watches the model.
    """

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def __copy__(self) -> Callable[..., None]:
        return nothing

    def __deepcopy__(self, memo: Any) -> Callable[..., None]:
        return nothing

    def __reduce__(self) -> Any:
        return inert, ()


def nothing(*args: Any, **kwargs: Any) -> None:
    """What a copied hook does."""


def inert() -> Callable[..., None]:
    """What a hook is loaded as."""
    return nothing


def around(
    module: nn.Module, before: Callable[..., Any], after: Callable[..., Any]
) -> list[RemovableHandle]:
    """Have one function called before a module runs, and one after, also where it fails.

    Args:
        module: the module. before: gets it, its arguments and its keywords.
        after: gets these and the output.
    """
    return [
        module.register_forward_pre_hook(Hook(before), with_kwargs=True),
        module.register_forward_hook(Hook(after), with_kwargs=True, always_call=True),
    ]
