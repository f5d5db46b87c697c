"""From where in the code of a module a call was made."""

from __future__ import annotations

import functools
import itertools
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import TypeAlias

import torch
from torch import nn

from actlab import core

Step: TypeAlias = tuple[str, int, int, int]
"""A function of the user's and the call in it: line from its first, and columns.

Not the instruction: interpreters carry out one call by different ones once it has run often.
"""

Location: TypeAlias = tuple[Step, ...]
"""The steps from a call outwards to the code of the module that it is in."""

LIBRARIES = (f"{Path(torch.__file__).parent}/", f"{Path(core.__file__).parents[1]}/")
REDIRECT = str(Path(__file__).with_name("redirect.py"))
COMPILER = f"{Path(torch.__file__).parent}/_dynamo/"
CHECKPOINT = f"{Path(torch.__file__).parent}/utils/checkpoint.py"

CALL: CodeType = nn.Module._call_impl.__code__
"""The frame in which torch runs a module: what is inside belongs to that module's code."""


def library(frame: FrameType) -> bool:
    """Whether a frame runs code of torch's or actlab's."""
    return frame.f_code.co_filename.startswith(LIBRARIES)


def location(frame: FrameType | None, own_call: bool = False) -> tuple[Location, str]:
    """The way from a frame outwards to the module whose code it is in.

    Args:
        frame: where to begin. own_call: the frame is inside the call of a module, and the code
            that calls this module is meant.

    Returns:
        The steps, and file and line of the innermost for tables.
    """
    steps: list[Step] = []
    shown = ""
    while frame is not None:
        if frame.f_code is CALL:
            if not own_call:
                break
            own_call = False
        elif begins(frame) and not own_call:
            break
        elif not own_call and not library(frame):
            code = frame.f_code
            steps.append(_call(code, frame.f_lasti))
            shown = shown or f"{Path(code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return tuple(steps), shown


@functools.lru_cache(maxsize=4096)
def _call(code: CodeType, instruction: int) -> Step:
    line, _, left, right = next(itertools.islice(code.co_positions(), instruction // 2, None))
    return code.co_qualname, (line or 0) - code.co_firstlineno, left or 0, right or 0


def begins(frame: FrameType) -> bool:
    """Whether a pass through redirected code begins here, by ``forward`` called without hooks."""
    code = frame.f_code
    return code.co_name == "run" and code.co_filename == REDIRECT and "inner" in frame.f_locals


def recomputed(frame: FrameType | None) -> bool:
    """Whether a call lies inside an activation checkpoint that the module's own code has opened.

    What a checkpoint encloses runs once more in backward, without the module's ``forward``
    around it. A module that is called inside the checkpoint runs again as a whole, which is fine.
    """
    while frame is not None and frame.f_code is not CALL:
        if frame.f_code.co_filename == CHECKPOINT:
            return True
        frame = frame.f_back
    return False


def methods_on_the_way(owner: nn.Module, frame: FrameType | None) -> set[str]:
    """The methods of a module through which its forward has come here."""
    found: set[str] = set()
    while frame is not None and frame.f_code is not CALL:
        code = frame.f_code
        if code.co_argcount and frame.f_locals.get(code.co_varnames[0]) is owner:
            method = getattr(type(owner), code.co_name, None)
            inner = getattr(method, "__wrapped__", method)
            if getattr(inner, "__code__", None) is code:
                found.add(code.co_name)
        frame = frame.f_back
    return found - {"forward"}


def compiled(frame: FrameType | None) -> bool:
    """Whether a call was made by code that torch.compile may have rewritten."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(COMPILER):
            return True
        frame = frame.f_back
    return False


def running(frame: FrameType | None) -> nn.Module | None:
    """The module whose code a frame is in, whether the model knows of it or not."""
    while frame is not None and frame.f_code is not CALL:
        frame = frame.f_back
    return frame.f_locals["self"] if frame is not None else None


def here() -> FrameType:
    """The frame of the caller."""
    return sys._getframe(1)
