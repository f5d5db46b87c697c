"""Triton's interpreter, computing what GPUs compute where it does not by itself.

It takes a multiply-add in two roundings, where kernels rest on the hardware's single one. It cuts
digits off where float32 becomes bfloat16 instead of rounding to even. It makes a float of a
condition that is spread over a block. Where hardware approximates, in quotients and square roots of
float32 that ask for no more, it is exact: here these are as far off as PTX's documentation allows,
and square roots flush subnormal numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SPLIT = 134217729.0
LARGE = 2.0**996


def fused(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """``x * y + z`` of float32 or float64 arrays, rounded once but for rare ties."""
    if x.dtype == np.float32:
        wide = x.astype(np.float64) * y.astype(np.float64) + z.astype(np.float64)
        return wide.astype(np.float32)
    product = x * y
    rest = _product_error(x, y, product)
    total = product + z
    shadow = total - product
    lost = (product - (total - shadow)) + (z - shadow)
    exact = total + (lost + rest)
    sound = np.isfinite(exact) & (np.abs(x) < LARGE) & (np.abs(y) < LARGE)
    return np.where(sound & (lost + rest != 0), exact, total)


def _product_error(x: np.ndarray, y: np.ndarray, product: np.ndarray) -> np.ndarray:
    x_high = SPLIT * x - (SPLIT * x - x)
    y_high = SPLIT * y - (SPLIT * y - y)
    x_low, y_low = x - x_high, y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def to_brain(x: np.ndarray) -> np.ndarray:
    """The bits of the nearest bfloat16, ties to even, of float32 numbers."""
    bits = x.view(np.uint32)
    nearest = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)
    return np.where(np.isnan(x), np.uint16(0x7FC0), nearest)


def from_brain(bits: np.ndarray) -> np.ndarray:
    """bfloat16 numbers as float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


QUOTIENT_ULP, ROOT_ULP = 2, 1
"""What ``div.full.f32`` and ``sqrt.approx.ftz.f32`` may be off by."""


def astray(exact: np.ndarray, ulp: int) -> np.ndarray:
    """Normal float32 numbers up to so many units away, to either side and nothing else random."""
    bits = exact.view(np.uint32)
    step = ((bits * np.uint32(2654435761)) >> 16) % np.uint32(2 * ulp + 1)
    moved = (bits + step - np.uint32(ulp)).view(np.float32)
    size = np.abs(exact)
    ordinary = (size > 1.2e-38) & (size < 3e38) & (bits & 0x007FFFFF != 0)
    return np.where(ordinary, moved, exact)


def flushed(x: np.ndarray) -> np.ndarray:
    """Float32 numbers with zeros for the subnormal ones."""
    return np.where(np.abs(x) < np.float32(1.1754944e-38), x * np.float32(0), x)


def install() -> None:
    """Mend the interpreter, and let it compute what is selected away without a warning."""
    import triton.language as tl
    from triton.runtime import interpreter

    handle, builder = interpreter.TensorHandle, interpreter.InterpreterBuilder
    cast = builder.cast_impl

    def create_fma(self: Any, x: Any, y: Any, z: Any) -> Any:
        return handle(fused(x.data, y.data, z.data), z.dtype.scalar)

    def cast_impl(self: Any, x: Any, to: Any) -> Any:
        kind, target = x.dtype.scalar, to.scalar
        if kind == tl.bfloat16 and target.is_floating():
            wide = from_brain(np.ascontiguousarray(x.data))
            return cast(self, handle(wide, tl.float32), to)
        if target == tl.bfloat16 and kind in (tl.float32, tl.float64):
            single = np.ascontiguousarray(x.data.astype(np.float32))
            return handle(to_brain(single), tl.bfloat16)
        return cast(self, x, to)

    def create_fp_to_fp(self: Any, x: Any, to: Any, rounding: Any) -> Any:
        return cast_impl(self, x, to)

    def create_splat(self: Any, type: Any, arg: Any) -> Any:
        data = np.full(type.shape, arg.data.reshape(-1)[0], dtype=arg.data.dtype)
        return handle(data, arg.dtype.scalar)

    def create_fdiv(self: Any, x: Any, y: Any) -> Any:
        quotient = x.data / y.data
        if quotient.dtype == np.float32:
            quotient = astray(quotient, QUOTIENT_ULP)
        return handle(quotient, x.dtype.scalar)

    def create_sqrt(self: Any, x: Any) -> Any:
        if x.data.dtype != np.float32:
            return handle(np.sqrt(x.data), x.dtype.scalar)
        return handle(astray(np.sqrt(flushed(x.data)), ROOT_ULP), x.dtype.scalar)

    given = interpreter._implicit_cvt

    def _implicit_cvt(arg: Any) -> Any:
        if isinstance(arg, float):  # as a literal, -0.0 would become 0.0
            return tl.tensor(handle(np.array([arg]), tl.float64), tl.float64)
        return given(arg)

    interpreter._implicit_cvt = _implicit_cvt
    prepared = interpreter.InterpretedFunction.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        # The kernel has prepared the language for its own functions already; doing so in each of
        # them takes longer than all else together.
        if self.fn.__module__.startswith("actlab"):
            return self.rewrite()(*args, **kwargs)
        return prepared(self, *args, **kwargs)

    interpreter.InterpretedFunction.__call__ = call
    builder.create_fma = create_fma
    builder.cast_impl = cast_impl
    builder.create_fp_to_fp = create_fp_to_fp
    builder.create_fdiv = create_fdiv
    builder.create_sqrt = create_sqrt
    builder.create_splat = create_splat
    np.seterr(all="ignore")  # kernels compute branches that are not taken
