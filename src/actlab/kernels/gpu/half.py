"""What printed kernels call for half types: float32, within 2^-21 of the result.

A half type has at most 11 digits, so that this is a thousandth of its last place. Polynomials are
minimax fits of relative error below 2^-23. Quotients are Triton's own, within 2 units in the last
place of float32; square roots are approximate instructions, which flush subnormal numbers, on
arguments that are scaled away from these. Clamping stands for comparisons: it costs one
instruction, and what it makes of NaN is replaced by the kernels.
"""

from __future__ import annotations

import triton
import triton.language as tl

from actlab.kernels.gpu.maths import exponent32, line, number

# What follows is compiled by Triton: plain names are the interface, as in ``maths``.


@triton.jit
def scalar_h(c: tl.constexpr):
    return tl.full((), c, tl.float32)


@triton.jit
def clamped(x, low: tl.constexpr, high: tl.constexpr):
    return tl.minimum(tl.maximum(x, number(x, low)), number(x, high))


@triton.jit
def signed(magnitude, x):
    """``magnitude`` with the sign of ``x``."""
    sign = x.to(tl.uint32, bitcast=True) & 0x80000000
    return (magnitude.to(tl.uint32, bitcast=True) | sign).to(tl.float32, bitcast=True)


@triton.jit
def parts_h(x):
    """``x = n ln 2 + r``: the bits of n and twice the bias, and ``e^r - 1``."""
    n, bits = exponent32(x)
    r = tl.fma(n, number(x, -0.6931471824645996), x)
    p = line(r, 0.0013946552062407136, 0.008366644382476807)
    p = tl.fma(p, r, number(x, 0.04166628047823906))
    p = tl.fma(p, r, number(x, 0.16666541993618011))
    return bits, tl.fma(r * r, tl.fma(p, r, number(x, 0.5)), r)


@triton.jit
def scaled_h(bits, t):
    """``2^n (1 + t)``, rounded once more where it is subnormal."""
    half = bits >> 1
    first = (half << 23).to(tl.float32, bitcast=True)
    second = ((bits - half) << 23).to(tl.float32, bitcast=True)
    return tl.fma(t, first, first) * second


@triton.jit
def exp_h(x):
    bits, t = parts_h(clamped(x, -105.0, 89.0))
    return scaled_h(bits, t)


@triton.jit
def scaled_exp_h(scale, x):
    return scale * exp_h(x)


@triton.jit
def expm1_h(x):
    bits, t = parts_h(clamped(x, -30.0, 89.0))
    power = ((bits - 128) << 23).to(tl.float32, bitcast=True)  # 2^(n - 1)
    any = 2.0 * tl.fma(power, t, power - 0.5)
    return tl.where(tl.abs(x) < 2.9802322387695312e-08, x, any)


@triton.jit
def log_parts_h(x):
    """``x = 2^n (1 + f)`` with ``1/sqrt(2) <= 1 + f < sqrt(2)``: n and f, for x > 0."""
    small = x < 1.1754943508222875e-38
    normal = tl.where(small, x * 16777216.0, x)
    bits = normal.to(tl.uint32, bitcast=True) + 0x004AFB0D
    m = ((bits & 0x007FFFFF) + 0x3F3504F3).to(tl.float32, bitcast=True)
    n = (bits >> 23).to(tl.int32).to(tl.float32)
    return n - tl.where(small, number(x, 151.0), number(x, 127.0)), m - 1.0


@triton.jit
def log_one_h(f):
    """``log(1 + f)`` for the f of ``log_parts_h``."""
    p = line(f, 0.08734750747680664, -0.14307482540607452)
    p = tl.fma(p, f, number(f, 0.14917989075183868))
    p = tl.fma(p, f, number(f, -0.165705144405365))
    p = tl.fma(p, f, number(f, 0.19962070882320404))
    p = tl.fma(p, f, number(f, -0.25001755356788635))
    p = tl.fma(p, f, number(f, 0.33333951234817505))
    p = tl.fma(p, f, number(f, -0.49999991059303284))
    return tl.fma(f * f, p, f)


@triton.jit
def log_h(x):
    n, f = log_parts_h(x)
    any = tl.fma(n, number(x, 0.6931471824645996), log_one_h(f))
    any = tl.where(x < float("inf"), any, x)
    return tl.where(x > 0.0, any, tl.where(x == 0.0, float("-inf"), float("nan")))


@triton.jit
def log1p_h(x):
    u = 1.0 + x
    lost = tl.where(x < 1.0, x - (u - 1.0), 0.0)
    # Next to u = 1 the sum has lost what matters; elsewhere it is less than what is promised.
    return tl.where(tl.abs(x) < 5.9604645e-08, x, log_h(u) + lost)


@triton.jit
def sqrt_h(x):
    small = x < 1e-30
    root = tl.sqrt(tl.where(small, x * 18446744073709551616.0, x))
    return tl.where(small, root * 2.3283064365386963e-10, root)


@triton.jit
def tanh_h(x):
    t = expm1_h(-2.0 * tl.abs(x))
    return signed(tl.abs(t) / (2.0 + t), x)


@triton.jit
def reciprocal_h(d):
    """``1 / d`` for 1 <= d < 2^100, the approximation refined once."""
    any = 1.0 / d
    return tl.fma(tl.fma(-d, any, number(d, 1.0)), any, any)


@triton.jit
def sigmoid_h(x):
    e = exp_h(-tl.abs(x))
    return tl.where(x < 0.0, e, number(x, 1.0)) * reciprocal_h(1.0 + e)


@triton.jit
def gaussian_h(a, scale):
    """``scale exp(-a^2 / 2)``, the square with what it loses."""
    square = a * a
    lost = tl.fma(a, a, -square)
    square = tl.minimum(square, number(a, 220.0))
    lost = tl.where(square < 220.0, lost, 0.0)
    return scale * exp_h(-0.5 * square) * tl.fma(lost, number(a, -0.5), number(a, 1.0))


@triton.jit
def normal_density_h(x):
    return gaussian_h(x, number(x, 0.3989422804014327))


@triton.jit
def normal_tail_h(a):
    """``P(Z > a)`` for a >= 0."""
    t = reciprocal_h(tl.fma(tl.minimum(a, number(a, 16.0)), number(a, 0.3), number(a, 1.0)))
    p = line(t, 0.03842540085315704, -0.16939479112625122)
    p = tl.fma(p, t, number(a, 0.22913166880607605))
    p = tl.fma(p, t, number(a, -0.07704470306634903))
    p = tl.fma(p, t, number(a, 0.1429063081741333))
    p = tl.fma(p, t, number(a, 0.09452608972787857))
    p = tl.fma(p, t, number(a, 0.12196046113967896))
    p = tl.fma(p, t, number(a, 0.11948209255933762))
    p = tl.fma(p, t, number(a, 7.495441423088778e-06))
    return gaussian_h(a, p)


@triton.jit
def normal_cdf_h(x):
    tail = normal_tail_h(tl.abs(x))
    return tl.where(x > 0.0, 1.0 - tail, tail)


@triton.jit
def erf_h(x):
    a = tl.abs(x)
    w = a * a
    p = line(w, -0.0006374355871230364, 0.005060662981122732)
    p = tl.fma(p, w, number(x, -0.02680790424346924))
    p = tl.fma(p, w, number(x, 0.11282838135957718))
    p = tl.fma(p, w, number(x, -0.3761258125305176))
    p = tl.fma(p, w, number(x, 1.1283791065216064))
    far = tl.fma(normal_tail_h(a * 1.4142135623730951), number(x, -2.0), number(x, 1.0))
    return signed(tl.where(a < 0.83, a * p, far), x)
