"""What kernels do around a formula: addresses, parameters, rounding, dead elements."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def place(i, shape, strides, DIMS: tl.constexpr):
    """The offset of element ``i``, for sizes and strides from the innermost dimension outwards."""
    if DIMS == 1:
        offset = i * strides[0]
    else:
        rest = i
        offset = i * 0
        for d in tl.static_range(DIMS - 1):
            following = rest // shape[d]
            offset += (rest - following * shape[d]) * strides[d]
            rest = following
        offset += rest * strides[DIMS - 1]
    return offset


@triton.jit
def single(x):
    """In float32. By bits, or compilers compare and select in half types, which takes longer."""
    if x.dtype == tl.bfloat16:
        wide = (x.to(tl.uint16, bitcast=True).to(tl.uint32) << 16).to(tl.float32, bitcast=True)
    else:
        wide = x.to(tl.float32)
    return wide


@triton.jit
def like(result, x):
    """``x`` in the dtype of a result."""
    if result.dtype == tl.float32:
        wide = single(x)
    else:
        wide = x.to(result.dtype)
    return wide


@triton.jit
def parameter(pointer, number, KIND: tl.constexpr, channel, mask):
    """A parameter in double: a number (0), one for all (1), one per channel (2)."""
    if KIND == 0:
        value = tl.full((), number, tl.float64)
    elif KIND == 1:
        value = tl.load(pointer).to(tl.float64)
    else:
        value = tl.load(pointer + channel, mask=mask, other=1.0).to(tl.float64)
    return value


@triton.jit
def rounded(value, dtype: tl.constexpr):
    """Rounded once, ties to even, from double to half types too.

    Hardware converts double to half types by way of float32. Rounding to float32 with an odd last
    bit first keeps the second rounding from going wrong.
    """
    if value.dtype == tl.float64 and (dtype == tl.float16 or dtype == tl.bfloat16):
        single = value.to(tl.float32)
        bits = single.to(tl.int32, bitcast=True)
        back = single.to(tl.float64)
        inexact = (back != value) & (tl.abs(value) < float("inf")) & ((bits & 1) == 0)
        step = tl.where(tl.abs(back) < tl.abs(value), 1, -1)
        bits = tl.where(inexact, bits + step, bits)
        result = bits.to(tl.float32, bitcast=True).to(dtype)
    else:
        result = value.to(dtype)
    return result


@triton.jit
def passed(cotangent, slope, dtype: tl.constexpr):
    """``cotangent * slope``; a dead element passes 0, whatever comes in, infinite or NaN.

    Dead is what has a slope that ``dtype`` rounds to 0. One that is not 0 passes what is finite.
    """
    infinite = (tl.abs(cotangent) < float("inf")) == 0  # or NaN
    dead = tl.abs(slope) <= rounds_to_zero(slope, dtype)
    let_in = tl.where(dead & infinite, 0.0, cotangent)
    return tl.fma(let_in, slope, tl.full(slope.shape, 0.0, slope.dtype))


@triton.jit
def rounds_to_zero(like, dtype: tl.constexpr):
    """The largest number that ``dtype`` rounds to 0, if the numbers of ``like`` know it."""
    if dtype == tl.float16:
        limit = tl.full(like.shape, 2.9802322387695312e-08, like.dtype)
    elif dtype == tl.bfloat16:
        limit = tl.full(like.shape, 4.591774807899561e-41, like.dtype)
    elif dtype == tl.float32 and like.dtype == tl.float64:
        limit = tl.full(like.shape, 7.006492321624085e-46, like.dtype)
    else:
        limit = tl.full(like.shape, 0.0, like.dtype)
    return limit


@triton.jit
def every(condition, mask):
    """Whether a condition, on one parameter for all or on each element's own, holds everywhere."""
    if len(condition.shape) == 0:
        holds = condition.to(tl.int32)
    else:
        holds = tl.min((condition | (mask == 0)).to(tl.int32))
    return holds


# A parameter as a tensor of this dtype would hold it, and what a kernel's precision loses of it.


@triton.jit
def stored(value, dtype: tl.constexpr):
    return rounded(value, dtype).to(tl.float64)


@triton.jit
def lost(value, dtype: tl.constexpr):
    if dtype == tl.float64:
        result = value * 0.0
    else:
        result = value - value.to(tl.float32).to(tl.float64)
    return result


@triton.jit
def exact(value, dtype: tl.constexpr):
    if dtype == tl.float64:
        result = value == value
    else:
        result = value == value.to(tl.float32).to(tl.float64)
    return result
