"""Running a model without leaving traces in it, and with every operation in sight."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


@contextlib.contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Put buffers and the state of random generators back on leaving."""
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    devices = {p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng(devices=sorted(devices)):
            yield
    finally:
        with torch.no_grad():
            for module, name, buffer, value in buffers:
                module._buffers[name] = buffer
                buffer.copy_(value)


class _Aware(TorchDispatchMode):
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
        with eager, _Aware():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
