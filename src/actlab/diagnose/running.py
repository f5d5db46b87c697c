"""The call of a module that is under way: whose it is, and whether it still is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

import torch
from torch import nn

from actlab.surgery.location import CALL
from actlab.surgery.tree import COMPILED


@dataclass(slots=True)
class Running:
    """A call of a module that is under way.

    Args:
        frame: that in which torch carries it out. It ends without a word where the call is
            interrupted: torch runs no hooks then.
    """

    frame: FrameType
    thread: int = field(default_factory=threading.get_ident)

    def elsewhere(self) -> bool:
        """Whether it is a call of another thread."""
        return self.thread != threading.get_ident()

    def over(self) -> bool:
        """Whether it has ended, as seen from its thread."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame is self.frame:
                return False
            frame = frame.f_back
        return True


def calling() -> FrameType:
    """The frame in which torch calls the module whose hook is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not CALL:
        frame = frame.f_back
    return frame if frame is not None else sys._getframe(1)


def entries(outer: nn.Module, model: nn.Module) -> Iterator[nn.Module]:
    """A model, and its parts that a training step may call without calling the model.

    Args:
        outer: the model as it is called. model: the same without wrappers.
    """
    compiled = COMPILED in outer._modules
    yield outer if compiled else model
    if compiled or model._compiled_call_impl is not None:
        return
    waiting = list(model.children())
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, nn.ModuleList | nn.ModuleDict):
            waiting += part.children()
        elif not isinstance(part, torch.jit.ScriptModule) and next(part.children(), None):
            yield part
