"""The NumPy interpreter: values of formulas on arrays, in double precision, rounded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actlab.core.spec import Formula
from actlab.interpret.arrays import ArrayMaths

BLOCK = 32768
"""Elements computed at a time, so that a formula's operations find them in the cache."""

LANES = 64
"""Blocks are filled up to a multiple of this: loops may round a scalar tail in another way."""


class NumpyMaths(ArrayMaths):
    """``core.maths.Maths`` over arrays of NumPy."""

    def __init__(self, storage: np.dtype[Any]) -> None:
        super().__init__(np, storage, differentiable=False)

    def erf(self, x: Any) -> Any:
        from scipy import special  # costs more than NumPy itself

        return special.erf(x)

    def erfc(self, x: Any) -> Any:
        from scipy import special

        return special.erfc(x)


def evaluate(
    formula: Formula, x: np.ndarray[Any, Any], params: Mapping[str, float | np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    """A formula at every element of an array.

    Args:
        formula: what to compute.
        x: of any shape and strides; float64, float32, float16 or bfloat16.
        params: numbers, and arrays of doubles that broadcast to the shape of ``x``.

    Returns:
        A new array of the shape and dtype of ``x``; NaN where ``x`` is NaN.
    """
    fortran = x.flags.f_contiguous and not x.flags.c_contiguous
    spread = {
        name: value if isinstance(value, float) else np.broadcast_to(value, x.shape)
        for name, value in params.items()
    }
    if fortran:
        turned = {k: v if isinstance(v, float) else v.T for k, v in spread.items()}
        return evaluate(formula, x.T, turned).T
    flat = x.reshape(-1)
    held = {k: v if isinstance(v, float) else v.reshape(-1) for k, v in spread.items()}
    out = np.empty(flat.shape, x.dtype)
    maths = NumpyMaths(x.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, len(flat), BLOCK):
            part = slice(start, start + BLOCK)
            wide = _filled(flat[part].astype(np.float64))
            given = {k: v if isinstance(v, float) else _filled(v[part]) for k, v in held.items()}
            value = np.where(np.isnan(wide), np.nan, formula(maths, wide, **given))
            out[part] = rounded(value[: len(flat[part])], x.dtype)
    return out.reshape(x.shape)


def _filled(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The block, lengthened with its last number to a multiple of ``LANES``."""
    return np.pad(block, (0, -len(block) % LANES), mode="edge")


def rounded(wide: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Round doubles once to a narrower dtype, ties to even.

    Doubles become bfloat16 through float32, which would round twice: the last bit of the
    float32 is made odd wherever it is not exact.
    """
    if dtype.name != "bfloat16":
        return wide.astype(dtype)
    single = wide.astype(np.float32)
    bits = single.view(np.int32)
    back = single.astype(np.float64)
    even_and_inexact = (back != wide) & np.isfinite(wide) & (bits & 1 == 0)
    step = np.where(np.abs(back) < np.abs(wide), 1, -1).astype(np.int32)
    return np.where(even_and_inexact, bits + step, bits).view(np.float32).astype(dtype)
