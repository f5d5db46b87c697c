"""Where in the user's code a call was made."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import torch

from actlab import core

Location: TypeAlias = tuple[str, str, int, int]
"""File, function, line, and instruction."""

NOWHERE: Location = ("", "", 0, 0)

LIBRARIES = (f"{Path(torch.__file__).parent}/", f"{Path(core.__file__).parents[1]}/")
MODULES = f"{Path(torch.__file__).parent}/nn/modules/module.py"


def location() -> Location:
    """The innermost line that belongs neither to torch's machinery nor to actlab.

    Code of torch's own layers counts as the user's only where nothing else does.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(LIBRARIES):
            return code.co_filename, code.co_qualname, frame.f_lineno, frame.f_lasti
        frame = frame.f_back
    return NOWHERE


def recomputed() -> bool:
    """Whether the call lies inside an activation checkpoint that the module itself has opened.

    What a checkpoint encloses runs once more in backward, without the module's ``forward``
    around it. A module that is called inside the checkpoint runs again as a whole, which is fine.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if path == MODULES and frame.f_code.co_name == "_call_impl":
            return False
        if path.endswith("torch/utils/checkpoint.py"):
            return True
        frame = frame.f_back
    return False


def shown(place: Location) -> str:
    """``net.py:57``, for tables."""
    return f"{Path(place[0]).name}:{place[2]}" if place[0] else ""
