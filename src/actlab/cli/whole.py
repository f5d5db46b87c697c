"""Whole numbers on the command line, taken as they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter


def whole_number(type_: Any, tokens: Sequence[Any]) -> int:
    """An integer from its digits; ``1.5`` is refused, not rounded."""
    text = tokens[0].value
    if not re.fullmatch(r"[+-]?\d+", text):
        raise ValueError(f"must be a whole number, got {text!r}")
    return int(text)


WholeNumber: TypeAlias = Annotated[int, Parameter(converter=whole_number)]
