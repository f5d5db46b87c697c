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
    """``cotangent * slope``; a dead element passes 0, whatever comes in, infinite or NaN."""
    infinite = (tl.abs(cotangent) < float("inf")) == 0  # or NaN
    dead = (slope == 0.0) | ((rounded(slope, dtype) == 0.0) & infinite)
    return tl.where(dead, 0.0, cotangent * slope + 0.0)


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
