"""Names that follow from content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

ID_DIGITS = 32


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces, ASCII only, no NaN or infinity.

    Fields are delimited by JSON itself, so ``["a_b", "c"]`` and ``["a", "b_c"]`` stay apart.

    Raises:
        TypeError: something JSON cannot hold, or a key that is not a string.
        ValueError: NaN or infinity.
    """
    _check_keys(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def content_id(value: Any) -> str:
    """The first 128 bits, in hexadecimal, of the sha256 of the canonical JSON text."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()[:ID_DIGITS]


def _check_keys(value: Any) -> None:
    """JSON would turn the key 1 into "1", so that two different values shared one text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"keys must be strings, got {key!r}")
            _check_keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check_keys(inner)
