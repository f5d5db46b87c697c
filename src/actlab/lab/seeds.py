"""Random numbers that depend on named axes only, so that all arms of a seed share them."""

from __future__ import annotations

import hashlib

import numpy as np

from actlab.records.identity import canonical_json


def derive(*axes: str | int) -> int:
    """A 128-bit seed from named axes; JSON keeps ``("a_b", "c")`` and ``("a", "b_c")`` apart.

    Args:
        axes: names and numbers, such as ``"test", 3, "weights", 0``.
    """
    digest = hashlib.sha256(canonical_json(list(axes)).encode("ascii")).digest()
    return int.from_bytes(digest[:16], "big")


def generator(*axes: str | int) -> np.random.Generator:
    """A generator for these axes alone; its stream is the same on every platform."""
    return np.random.Generator(np.random.Philox(key=derive(*axes)))
