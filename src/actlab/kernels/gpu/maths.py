"""Exponentials and logarithms in the Triton language: what printed kernels call.

Written in fused multiply-adds, additions, bit operations and IEEE divisions alone: nothing here
is an approximate instruction, and nothing flushes subnormal numbers. The polynomials are those of
``csrc/maths_double.h`` and ``csrc/maths_single.h``, which say how they were fitted and how far off
they are; only the double-double logarithm is of its own here. Launches ask for no contraction, so
that a result does not depend on the kernel around it.
"""

from __future__ import annotations

import triton
import triton.language as tl

# What follows is compiled by Triton: plain names are the interface, so nothing is annotated but
# what has to be known at compile time.


@triton.jit
def number(x, c: tl.constexpr):
    """A literal in the dtype of ``x``: as an operand of a call it would become float32."""
    return tl.full(x.shape, c, x.dtype)


@triton.jit
def scalar(c: tl.constexpr):
    """A literal in double, for the same reason."""
    return tl.full((), c, tl.float64)


@triton.jit
def spread(x, value):
    """A parameter in the shape of ``x``, whatever its sign of zero."""
    return tl.where(x == x, value, value)


@triton.jit
def line(x, c1: tl.constexpr, c0: tl.constexpr):
    """``c1 x + c0``."""
    return tl.fma(x, number(x, c1), number(x, c0))


@triton.jit
def sign_of(magnitude, x):
    """``magnitude`` with the sign of ``x``, in double."""
    sign = x.to(tl.uint64, bitcast=True) & 0x8000000000000000
    return (magnitude.to(tl.uint64, bitcast=True) | sign).to(tl.float64, bitcast=True)


@triton.jit
def sum_of(a, b):
    """``a + b``, and what it lost."""
    value = a + b
    shadow = value - a
    return value, (a - (value - shadow)) + (b - shadow)


@triton.jit
def product_of(a, b):
    """``a * b``, and what it lost."""
    value = a * b
    return value, tl.fma(a, b, -value)


# e^x = 2^n e^r. Adding `whole` rounds to whole numbers, whose low bits are n and twice the bias.


@triton.jit
def exponent64(x):
    total = tl.fma(x, number(x, 1.4426950408889634), number(x, 6755399441057790.0))
    return total - 6755399441057790.0, total.to(tl.uint64, bitcast=True)


@triton.jit
def power2_64(bits):
    half = bits >> 1
    first = (half << 52).to(tl.float64, bitcast=True)
    return first, ((bits - half) << 52).to(tl.float64, bitcast=True)


@triton.jit
def half_power2_64(bits):
    return ((bits - 1024) << 52).to(tl.float64, bitcast=True)


@triton.jit
def reduced64(x, n):
    high = tl.fma(n, number(x, -0.6931471805598903), x)
    value = tl.fma(n, number(x, -5.497923018708371e-14), high)
    return value, tl.fma(n, number(x, -5.497923018708371e-14), high - value)


@triton.jit
def tail64(r, small):
    """``e^r - 1 - r + small`` for ``|r| <= ln(2) / 2``."""
    r2 = r * r
    r4 = r2 * r2
    p23 = line(r, 0.16666666666666602, 0.5)
    p45 = line(r, 0.008333333333388442, 0.04166666666662)
    p67 = line(r, 0.00019841269709204823, 0.0013888888920498947)
    p89 = line(r, 2.755742519987848e-06, 2.4801516361585436e-05)
    p1011 = line(r, 2.5045863093729047e-08, 2.76222212631258e-07)
    p611 = tl.fma(r4, p1011, tl.fma(r2, p89, p67))
    return tl.fma(r2, tl.fma(r4, p611, tl.fma(r2, p45, p23)), small)


@triton.jit
def exponential64(x, small, factor):
    """``factor e^(x + small)``; anything beyond ``|x| < 1400``."""
    n, bits = exponent64(x)
    first, second = power2_64(bits)
    r, lost = reduced64(x, n)
    r = r + small
    first = factor * first
    return tl.fma(tail64(r, r), first, first) * second


@triton.jit
def exp64(x):
    any = exponential64(x, number(x, 0.0), number(x, 1.0))
    return tl.where(x > 710.0, float("inf"), tl.where(x < -746.0, 0.0, any))


@triton.jit
def scaled_exp(scale, x):
    half = exp64(0.5 * x)
    return tl.where(x < -700.0, (scale * half) * half, scale * exp64(x))


@triton.jit
def expm1_64(x):
    n, bits = exponent64(x)
    r, lost = reduced64(x, n)
    power = half_power2_64(bits)
    any = 2.0 * tl.fma(tail64(r, lost), power, tl.fma(r, power, power - 0.5))
    any = tl.where(x > 710.0, float("inf"), tl.where(x < -40.0, -1.0, any))
    return tl.where(tl.abs(x) < 5.551115123125783e-17, x, any)


@triton.jit
def parts64(x, bias):
    """``x = 2^n m``, ``1/sqrt(2) <= m < sqrt(2)``, for normal x: m, -n, 2^(2 - n)."""
    shifted = x.to(tl.uint64, bitcast=True) + 0x00095F619980C433
    biased = ((shifted >> 52) | 0x4330000000000000).to(tl.float64, bitcast=True)
    m = ((shifted & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD).to(tl.float64, bitcast=True)
    inverse = (0x8000000000000000 - (shifted & 0xFFF0000000000000)).to(tl.float64, bitcast=True)
    return m, (4503599627370496.0 + bias) - biased, inverse


@triton.jit
def log_parts64(f, two_and_f, small):
    """``log(1 + f) + small = f - (half_square - cubes)``: half_square and cubes."""
    s = f / two_and_f
    half_square = 0.5 * f * f
    w = s * s
    w2 = w * w
    p12 = line(w, 0.39999999999413965, 0.6666666666666734)
    p34 = line(w, 0.2222219855378767, 0.2857142874256211)
    p56 = line(w, 0.1531402111612681, 0.18183565407241495)
    p57 = tl.fma(w2, number(w, 0.14796261218667198), p56)
    p = tl.fma(w2 * w2, p57, tl.fma(w2, p34, p12))
    return half_square, tl.fma(s * w, p, tl.fma(s, half_square, small))


@triton.jit
def normal64(x):
    """Subnormal numbers times 2^54, and the bias of the exponent then."""
    small = x < 2.2250738585072014e-308
    return tl.where(small, x * 1.8014398509481984e16, x), tl.where(
        small, number(x, 1077.0), number(x, 1023.0)
    )


@triton.jit
def log_result64(x, zero: tl.constexpr, same, result):
    any = tl.where(x < zero, float("nan"), result)
    return tl.where(same == 0.0, float("-inf"), any)


@triton.jit
def log64(x):
    normal, bias = normal64(x)
    m, minus_n, inverse = parts64(normal, bias)
    f = m - 1.0
    half_square, cubes = log_parts64(f, m + 1.0, minus_n * -5.497923018708371e-14)
    low = half_square - cubes
    result = tl.fma(minus_n, number(x, -0.6931471805598903), f - low)
    return log_result64(x, 0.0, normal, tl.where(x < float("inf"), result, x))


@triton.jit
def log1p_64(x):
    u = 1.0 + x
    m, minus_n, inverse = parts64(u, number(x, 1023.0))
    lost = (x - (u - 1.0)) * (0.25 * inverse)
    most = m - 1.0
    f = most + lost
    rest = (most - f) + lost
    small = tl.fma(minus_n, number(x, -5.497923018708371e-14), rest)
    half_square, cubes = log_parts64(f, 2.0 + f, small)
    low = half_square - cubes
    result = tl.fma(minus_n, number(x, -0.6931471805598903), f - low)
    return log_result64(x, -1.0, u, tl.where(u < float("inf"), sign_of(result, x), u))


@triton.jit
def long_log64(x):
    """The logarithm of a finite x > 0 as a sum of two numbers, to about 2^-66 of itself.

    ``2 atanh s`` with the quotient s and its cube to twice the digits.
    """
    normal, bias = normal64(x)
    m, minus_n, inverse = parts64(normal, bias)
    f = m - 1.0
    t = m + 1.0
    t_low = 1.0 - (t - m)
    s = f / t
    s_low = (tl.fma(-s, t, f) - s * t_low) / t
    w, w_low = product_of(s, s)
    w_low = tl.fma(2.0 * s, s_low, w_low)
    cube, cube_low = product_of(w, s)
    cube_low = cube_low + tl.fma(w, s_low, w_low * s)
    # (2/3) s^3 to twice the digits, and 2 s^5 (1/5 + s^2/7 + ...).
    third, third_low = product_of(cube, number(x, 0.6666666666666666))
    third_low = third_low + tl.fma(
        cube, number(x, 3.700743415417188e-17), cube_low * (0.6666666666666666)
    )
    q = line(w, 0.08, 0.08695652173913043)
    q = tl.fma(q, w, number(x, 0.09523809523809523))
    q = tl.fma(q, w, number(x, 0.10526315789473684))
    q = tl.fma(q, w, number(x, 0.11764705882352941))
    q = tl.fma(q, w, number(x, 0.13333333333333333))
    q = tl.fma(q, w, number(x, 0.15384615384615385))
    q = tl.fma(q, w, number(x, 0.18181818181818182))
    q = tl.fma(q, w, number(x, 0.2222222222222222))
    q = tl.fma(q, w, number(x, 0.2857142857142857))
    q = tl.fma(q, w, number(x, 0.4))
    fifth = q * (cube * w)
    # n ln 2, whose first part is exact.
    n_high = minus_n * -0.6931471805598903
    n_low, n_rest = product_of(minus_n, number(x, -5.497923018708371e-14))
    n_rest = tl.fma(minus_n, number(x, -1.94704509238075e-31), n_rest)
    high, e1 = sum_of(n_high, 2.0 * s)
    high, e2 = sum_of(high, third)
    high, e3 = sum_of(high, n_low)
    low = ((e1 + e2) + (e3 + n_rest)) + (2.0 * s_low + (third_low + fifth))
    return sum_of(high, low)


# The same for float32, where results are needed to that precision only.


@triton.jit
def tail32(r, small):
    r2 = r * r
    p23 = line(r, 0.1666666567325592, 0.5)
    p45 = line(r, 0.008333643898367882, 0.04166646674275398)
    p67 = line(r, 0.00019663518469315022, 0.0013935071183368564)
    return tl.fma(r2, tl.fma(r2, tl.fma(r2, p67, p45), p23), small)


@triton.jit
def exponent32(x):
    total = tl.fma(x, number(x, 1.4426950216293335), number(x, 12583166.0))
    return total - 12583166.0, total.to(tl.uint32, bitcast=True)


@triton.jit
def reduced32(x, n):
    high = tl.fma(n, number(x, -0.693145751953125), x)
    value = tl.fma(n, number(x, -1.428606765330187e-06), high)
    return value, tl.fma(n, number(x, -1.428606765330187e-06), high - value)


@triton.jit
def exp32(x):
    n, bits = exponent32(x)
    r, lost = reduced32(x, n)
    half = bits >> 1
    first = (half << 23).to(tl.float32, bitcast=True)
    second = ((bits - half) << 23).to(tl.float32, bitcast=True)
    any = tl.fma(tail32(r, r), first, first) * second
    return tl.where(x > 89.0, float("inf"), tl.where(x < -105.0, 0.0, any))


@triton.jit
def expm1_32(x):
    n, bits = exponent32(x)
    r, lost = reduced32(x, n)
    power = ((bits - 128) << 23).to(tl.float32, bitcast=True)
    t = r + tail32(r, lost)
    near = 2.0 * tl.fma(power, t, power - 0.5)
    far = 2.0 * tl.fma(power, 1.0 + t, number(x, -0.5))
    any = tl.where(x < -14.0, far, near)
    any = tl.where(x > 89.0, float("inf"), tl.where(x < -18.0, -1.0, any))
    return tl.where(tl.abs(x) < 2.9802322387695312e-08, x, any)
