"""Modules in programs that ``torch.fx`` records."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.fx import Proxy

__all__ = ["Proxy", "recorded"]


def recorded(module: nn.Module, x: Proxy) -> Any:
    """One call of the module as a whole, as torch's own modules are recorded.

    Its parameters stay where they are, and what it does in training and evaluation too.
    """
    tracer: Any = x.tracer
    return tracer.create_proxy("call_module", tracer.path_of_module(module), (x,), {})
