"""Telling a tracer which activation a call applied.

A tracer of operations sees the many operations of a formula and not the function they make up.
It sets ``WATCHER`` while it runs a model (and keeps a dispatch mode active, so that calls take
the general path, the only one that looks), and is handed every call instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

from torch import Tensor

from actlab.core import Activation

Watcher: TypeAlias = Callable[[Activation, Tensor, Mapping[str, Any], Callable[[], Tensor]], Tensor]
"""``watcher(activation, x, params, compute)`` returns what ``compute()`` returns."""

WATCHER: ContextVar[Watcher | None] = ContextVar("WATCHER", default=None)
"""Who is told of calls, in this thread or task; None for nobody."""


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """While active, nobody is told of calls."""
    token = WATCHER.set(None)
    try:
        yield
    finally:
        WATCHER.reset(token)
