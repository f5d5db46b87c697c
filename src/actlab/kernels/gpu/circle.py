"""Sine and cosine of a product that is not rounded, in double, in the Triton language.

The approximations and the reduction are those of ``csrc/maths_circle.h`` and ``csrc/circle.cpp``.
Angles beyond 2^20 are reduced by whole numbers, in a branch that blocks without any leave out.
"""

from __future__ import annotations

import triton
import triton.language as tl

from actlab.kernels.gpu.maths import line, number, product_of, spread, sum_of

WORDS = tl.constexpr(
    (
        0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
        0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484,
        0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F,
        0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B,
        0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB, 0xF0CFBC209AF4361D,
    )
)  # fmt: skip
"""2 / pi in words of 64 bits behind the binary point: as many as products below 2^1024 meet."""


@triton.jit
def scaled_digits(x):
    """The size of a finite number as a whole number below 2^53 times a power of two."""
    bits = x.to(tl.uint64, bitcast=True)
    exponent = ((bits >> 52) & 0x7FF).to(tl.int32)
    fraction = bits & 0x000FFFFFFFFFFFFF
    normal = exponent > 0
    return tl.where(normal, fraction | 0x0010000000000000, fraction), tl.where(
        normal, exponent - 1075, -1074
    )


@triton.jit
def step(total, a, b, carry):
    """``total + a b + carry``: its lower word and its upper one."""
    low = a * b
    high = tl.umulhi(a, b)
    first = total + low
    high += (first < low).to(tl.uint64)
    second = first + carry
    return second, high + (second < carry).to(tl.uint64)


@triton.jit
def shifted(low, high, shift):
    """64 bits of two words, from a place below 64 on."""
    above = tl.where(shift == 0, 0, high << ((64 - shift) & 63))
    return (low >> shift) | above


@triton.jit
def chosen(word, w4, w5, w6, w7):
    """The word of a place from 4 to 7."""
    return tl.where(word == 4, w4, tl.where(word == 5, w5, tl.where(word == 6, w6, w7)))


@triton.jit
def upper(word):
    return (word >> 32).to(tl.float64)


@triton.jit
def lower(word):
    return (word & 0xFFFFFFFF).to(tl.float64)


@triton.jit
def turned_far(x, rate):
    """Quarter turns of ``|rate x|`` beyond 2^20, and the rest of the angle as two numbers."""
    a, a_exponent = scaled_digits(x)
    b, b_exponent = scaled_digits(rate)
    p_low, p_high = a * b, tl.umulhi(a, b)
    exponent = a_exponent + b_exponent
    # Words before the first would add whole turns only; those after the last too little to be seen.
    first = tl.where(exponent < 2, 0, (exponent - 2) >> 6)
    zero = a * 0
    t0, t1, t2, t3, t4, t5 = zero, zero, zero, zero, zero, zero
    for f in tl.static_range(15):
        here = first == f
        t0 = tl.where(here, tl.full((), WORDS[f + 5], tl.uint64), t0)
        t1 = tl.where(here, tl.full((), WORDS[f + 4], tl.uint64), t1)
        t2 = tl.where(here, tl.full((), WORDS[f + 3], tl.uint64), t2)
        t3 = tl.where(here, tl.full((), WORDS[f + 2], tl.uint64), t3)
        t4 = tl.where(here, tl.full((), WORDS[f + 1], tl.uint64), t4)
        t5 = tl.where(here, tl.full((), WORDS[f], tl.uint64), t5)
    w0, carry = step(zero, p_low, t0, zero)
    w1, carry = step(zero, p_low, t1, carry)
    w2, carry = step(zero, p_low, t2, carry)
    w3, carry = step(zero, p_low, t3, carry)
    w4, carry = step(zero, p_low, t4, carry)
    w5, w6 = step(zero, p_low, t5, carry)
    w1, carry = step(w1, p_high, t0, zero)
    w2, carry = step(w2, p_high, t1, carry)
    w3, carry = step(w3, p_high, t2, carry)
    w4, carry = step(w4, p_high, t3, carry)
    w5, carry = step(w5, p_high, t4, carry)
    w6, w7 = step(w6, p_high, t5, carry)
    # Bits behind the binary point; above it are quarter turns.
    point = 64 * (first + 6) - exponent
    word, shift = point >> 6, (point & 63).to(tl.uint64)
    v1 = chosen(word, w1, w2, w3, w4)
    v2 = chosen(word, w2, w3, w4, w5)
    v3 = chosen(word, w3, w4, w5, w6)
    v4 = chosen(word, w4, w5, w6, w7)
    v5 = chosen(word, w5, w6, w7, zero)
    quarters = shifted(v4, v5, shift)
    r0, r1, r2 = shifted(v3, v4, shift), shifted(v2, v3, shift), shifted(v1, v2, shift)
    over_half = (r0 >> 63) != 0
    quarters += over_half.to(tl.uint64)
    flip = tl.where(over_half, zero - 1, zero)  # 1 - rest but for the last of 192 bits
    r0, r1, r2 = r0 ^ flip, r1 ^ flip, r2 ^ flip
    # The digits as two numbers: sums of halves of the words, which are exact.
    most, rest = sum_of(upper(r0) * 2.3283064365386963e-10, lower(r0) * 5.421010862427522e-20)
    next, least = sum_of(upper(r1) * 1.262177448353619e-29, lower(r1) * 2.938735877055719e-39)
    least += upper(r2) * 6.842277657836021e-49 + lower(r2) * 1.5930919111324523e-58
    middle, lost = sum_of(rest, next)
    high, low = sum_of(most, middle)
    low += lost + least
    value, little = product_of(high, number(high, 1.5707963267948966))
    little += high * 6.123233995736766e-17 + low * 1.5707963267948966
    value, little = sum_of(value, little)
    return tl.where(over_half, -value, value), tl.where(over_half, -little, little), quarters


@triton.jit
def turned_near(angle, lost):
    """The same of an angle up to 2^20 and what it has lost."""
    total = tl.fma(angle, number(angle, 0.6366197723675814), number(angle, 6755399441055744.0))
    n = total - 6755399441055744.0
    # Taking away the first part of pi / 2 leaves no error.
    first = tl.fma(-n, number(n, 1.5707963267948966), angle)
    part, error = product_of(n, number(n, 6.123233995736766e-17))
    rest = tl.fma(-n, number(n, -1.4973849048591698e-33), -error)
    left, left_lost = sum_of(first, -part)
    all, all_lost = sum_of(left, lost)
    value, low = sum_of(all, (left_lost + all_lost) + rest)
    return value, low, total.to(tl.uint64, bitcast=True)


@triton.jit
def sine_of(r, low, quarters):
    """The sine of an angle that has been turned to within pi / 4 and a little."""
    z = r * r
    z2 = z * z
    s12 = line(z, 0.008333333333322118, -0.1666666666666663)
    s34 = line(z, 2.755731362135356e-06, -0.0001984126982958945)
    s56 = line(z, 1.589622984736555e-10, -2.5050747757659595e-08)
    s = tl.fma(z2, tl.fma(z2, s56, s34), s12)
    c12 = line(z, -0.0013888888888873056, 0.041666666666666595)
    c34 = line(z, -2.755731417926769e-07, 2.4801587288851606e-05)
    c56 = line(z, -1.1358536306852555e-11, 2.0875700837926955e-09)
    c = tl.fma(z2, tl.fma(z2, c56, c34), c12)
    half = 0.5 * z
    most = 1.0 - half
    rest = (1.0 - most) - half
    sin = r + tl.fma(r * z, s, tl.fma(-half, low, low))
    cos = most + tl.fma(z2, c, tl.fma(-r, low, rest))
    any = tl.where((quarters & 1) != 0, cos, sin)
    return tl.where((quarters & 2) != 0, -any, any)


@triton.jit
def turned_sine(x, rate, quarters: tl.constexpr):
    """``sin(rate x)`` so many quarter turns on; an angle that leaves the range of double is 0."""
    rate = spread(x, rate)
    angle, lost = product_of(x, rate)
    # Products this small lose what does not matter.
    lost = tl.where(tl.abs(angle) < 1.1830521861667747e-271, 0.0, lost)
    near = tl.abs(angle) <= 1048576.0
    value, low, turns = turned_near(tl.where(near, angle, 0.0), tl.where(near, lost, 0.0))
    result = sine_of(value, low, turns + quarters)
    far = (near == 0) & (tl.abs(angle) < float("inf"))
    if tl.max(far.to(tl.int32)) != 0:
        value, low, turns = turned_far(tl.where(far, x, 1.0), tl.where(far, rate, 1.0))
        # A negative angle: sin(-a) = -sin(a), cos(-a) = cos(a).
        back = tl.where((angle < 0.0) & (quarters == 0), 2, 0).to(tl.uint64)
        result = tl.where(far, sine_of(value, low, turns + quarters + back), result)
    if quarters == 0:
        result = tl.where(angle == 0.0, angle, result)  # the sign of a zero
    beyond = (near == 0) & (far == 0)
    at_zero = 0.0 * x if quarters == 0 else number(x, 1.0)
    result = tl.where(beyond, at_zero, result)
    return tl.where(tl.abs(x) < float("inf"), result, float("nan"))


@triton.jit
def sin64(x, rate):
    return turned_sine(x, rate, 0)


@triton.jit
def cos64(x, rate):
    return turned_sine(x, rate, 1)
