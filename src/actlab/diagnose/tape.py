"""The operations of a piece of code that ran once, to carry them out again without that code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from actlab.init.operations import tensors
from actlab.surgery.location import CALL

CUSTOM = torch.autograd.Function.apply.__func__.__code__  # type: ignore[attr-defined]
"""The frame in which torch runs an operation with a backward pass of its own."""


@dataclass(frozen=True, slots=True)
class _Made:
    """Stands for a value that an operation before made, or for the input."""

    number: int


class _Shape:
    """Stands for the shape of the input."""


Step = tuple[Callable[..., Any], Any, Any, tuple[int, ...]]


class Tape:
    """Records what is done with one value.

    Measuring the slope of somebody's activation takes running it again. Its code may count,
    draw or remember, so it must not run once more than it would anyway; its operations may.

    Args:
        x: the value.
    """

    def __init__(self, x: Tensor) -> None:
        self.shape = x.shape
        self.custom = self.writes = False
        self._steps: list[Step] = []
        self._number: dict[int, int] = {id(x): 0}
        self._alive: list[Any] = [x]

    def add(
        self, func: Callable[..., Any], args: Any, kwargs: Any, result: Any, frame: FrameType | None
    ) -> None:
        """Note an operation that was carried out, and from where."""
        made = tensors(result)
        if not made:
            return
        self.custom = self.custom or _in_custom(frame)
        self.writes = self.writes or any(one is other for one in made for other in tensors(args))
        step = (func, self._pattern(args), self._pattern(kwargs))
        for one in made:
            self._number.setdefault(id(one), len(self._number))
        self._alive.append(result)
        self._steps.append((*step, tuple(self._number[id(one)] for one in made)))

    def function(self, y: Tensor) -> Callable[[Tensor], Tensor] | None:
        """What was recorded as a function of the value, out of place; None if it cannot be told.

        Args:
            y: the value that it led to.
        """
        last = self._number.get(id(y))
        if self.custom or last is None:
            return None
        steps, writes = tuple(self._steps), self.writes
        self._alive.clear()

        def function(x: Tensor) -> Tensor:
            made: dict[int, Any] = {0: x.clone() if writes else x}
            for func, args, kwargs, numbers in steps:
                result = func(*_put(args, made, x), **_put(kwargs, made, x))
                made.update(zip(numbers, tensors(result), strict=True))
            return made[last]

        return function

    def _pattern(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            number = self._number.get(id(value))
            return value if number is None else _Made(number)
        if isinstance(value, torch.Size) and value == self.shape:
            return _Shape()
        if type(value) in (list, tuple):
            return type(value)(self._pattern(item) for item in value)
        if isinstance(value, dict):
            return {key: self._pattern(item) for key, item in value.items()}
        return value


def _put(value: Any, made: dict[int, Any], x: Tensor) -> Any:
    if isinstance(value, _Made):
        return made[value.number]
    if isinstance(value, _Shape):
        return x.shape
    if type(value) in (list, tuple):
        return type(value)(_put(item, made, x) for item in value)
    if isinstance(value, dict):
        return {key: _put(item, made, x) for key, item in value.items()}
    return value


def _in_custom(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not CALL:
        if frame.f_code is CUSTOM:
            return True
        frame = frame.f_back
    return False


def shadowed(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """A module's own code, on an object that takes its state over and keeps what is written."""

    def function(x: Tensor) -> Tensor:
        shadow = type(module).__new__(type(module))
        object.__setattr__(shadow, "__dict__", dict(module.__dict__))
        return type(module).forward(shadow, x.clone())

    return function
