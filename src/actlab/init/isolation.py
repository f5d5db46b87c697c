"""Running a model without leaving traces in it, and with every operation in sight."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

SMALL = 1 << 22
"""Elements of a parameter without gradients up to which a copy is kept for the time of a run."""


DEPTH: ContextVar[int] = ContextVar("DEPTH", default=0)
"""How many runs that leave no trace are under way, each inside the one before.

What watches a model's own runs keeps out of these.
"""


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """While active, what is computed is of no run that somebody watches."""
    token = DEPTH.set(DEPTH.get() + 1)
    try:
        yield
    finally:
        DEPTH.reset(token)


@contextlib.contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Put buffers and the state of random generators back on leaving.

    Parameters that the model writes to, as codebooks are, are put back too if they are small:
    those that want no gradient and are no larger than all buffers may well be.
    """
    buffers = [
        (module, name, buffer, None if buffer is None else buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
    ]
    plain = (module for module in model.modules() if isinstance(module._buffers, dict))
    names = {module: set(module._buffers) for module in plain}
    written = [
        (parameter, parameter.detach().clone(), parameter._version)
        for parameter in model.parameters()
        if not parameter.requires_grad and parameter.numel() <= SMALL
    ]
    devices = {p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng(devices=sorted(devices)), apart():
            yield
    finally:
        with torch.no_grad():
            for module, name, buffer, value in buffers:
                module._buffers[name] = buffer
                if buffer is not None and value is not None:
                    buffer.copy_(value)
            for module, known in names.items():
                for name in module._buffers.keys() - known:
                    del module._buffers[name]
            for parameter, value, version in written:
                if parameter._version != version:
                    parameter.copy_(value)


class Aware(TorchDispatchMode):
    """Changes nothing; while it is active, actlab's functions look for a watcher."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled in sight of it, and guarding imports the compiler

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def in_sight() -> Iterator[None]:
    """While active, torch takes no path that hides operations from a function mode."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    # Compiled code shows no operations. Asking where nothing is compiled imports the compiler.
    compiled = "torch._dynamo" in sys.modules
    eager = torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext()
    try:
        with eager, Aware():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
