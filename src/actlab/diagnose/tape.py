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


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation: what it takes, and the numbers of what it takes and what it makes."""

    func: Callable[..., Any]
    args: Any
    kwargs: Any
    taken: frozenset[int]
    made: tuple[int, ...]


class Tape:
    """Records what is done with one value.

    Measuring the slope of somebody's activation takes running it again. Its code may count,
    draw or remember, so it must not run once more than it would anyway; its operations may,
    those that the result depends on, and that write into nothing but each other's results.

    Args:
        x: the value.
    """

    def __init__(self, x: Tensor) -> None:
        self._version = _version(x)
        self.custom = self.writes = False
        self._steps: list[_Step] = []
        self._number: dict[int, int] = {id(x): 0}
        self._alive: list[Any] = [x]
        self._devices = [x.device] if x.is_cuda else []
        self._chance = self._drawn()

    def add(
        self, func: Callable[..., Any], args: Any, kwargs: Any, result: Any, frame: FrameType | None
    ) -> None:
        """Note an operation that was carried out, and from where."""
        given = tensors((args, kwargs))
        into = given[:1] if getattr(func, "__name__", "") == "__setitem__" else []
        made = into or tensors(result)
        written = [one for one in made for other in given if one is other]
        if not made or any(id(one) not in self._number for one in written):
            return  # something that the module keeps
        self.custom = self.custom or _in_custom(frame)
        self.writes = self.writes or bool(written)
        taken = frozenset(self._number[id(one)] for one in given if id(one) in self._number)
        patterns = self._pattern(args), self._pattern(kwargs)
        for one in made:
            self._number.setdefault(id(one), len(self._number))
        self._alive.append(result)
        numbers = tuple(self._number[id(one)] for one in made)
        self._steps.append(_Step(func, *patterns, taken, numbers))

    def function(self, y: Tensor) -> Callable[[Tensor], Tensor] | None:
        """What was recorded as a function of the value, out of place; None if it cannot be told.

        Args:
            y: the value that it led to.
        """
        last = self._number.get(id(y))
        if self.custom or last is None:
            return None
        steps, writes, devices = self._leading_to(last), self.writes, self._devices
        chance = not all(map(torch.equal, self._chance, self._drawn()))
        self._alive.clear()

        def function(x: Tensor) -> Tensor:
            made: dict[int, Any] = {0: x.clone() if writes else x}
            with torch.random.fork_rng(devices, enabled=chance):
                for step in steps:
                    result = step.func(*_put(step.args, made), **_put(step.kwargs, made))
                    made.update(zip(step.made, tensors(result), strict=False))
            return made[last]

        return function

    def _leading_to(self, last: int) -> list[_Step]:
        """The steps that a result depends on."""
        needed, found = {last}, []
        for step in reversed(self._steps):
            if needed & {*step.made}:
                needed |= step.taken
                found.append(step)
        return found[::-1]

    def _drawn(self) -> list[Tensor]:
        states = [torch.cuda.get_rng_state(device) for device in self._devices]
        return [torch.get_rng_state(), *states]

    def untouched(self, x: Tensor) -> bool:
        """Whether the value is what it was at first."""
        if self._version is None:
            return not self.writes
        return _version(x) == self._version

    def _pattern(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            number = self._number.get(id(value))
            return value if number is None else _Made(number)
        if type(value) in (list, tuple):
            return type(value)(self._pattern(item) for item in value)
        if isinstance(value, dict):
            return {key: self._pattern(item) for key, item in value.items()}
        return value


def _put(value: Any, made: dict[int, Any]) -> Any:
    if isinstance(value, _Made):
        return made[value.number]
    if type(value) in (list, tuple):
        return type(value)(_put(item, made) for item in value)
    if isinstance(value, dict):
        return {key: _put(item, made) for key, item in value.items()}
    return value


def _version(x: Tensor) -> int | None:
    return None if x.is_inference() else x._version


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
