"""Powers in double, in the Triton language, with the rounding error of their base carried along.

They mirror ``interpret/torch_powers.py``, which explains the cases. ``TWICE`` is twice the exponent
where that is known to be a small whole number; products are taken then, and 0 stands for any
exponent.
"""

from __future__ import annotations

import triton
import triton.language as tl

from actlab.kernels.gpu.maths import (
    exponential64,
    log64,
    long_log64,
    number,
    product_of,
    spread,
    sum_of,
)

SAFE = 1e280
"""Powers in [1/SAFE, SAFE] may be divided directly."""


@triton.jit
def base64(x, b, unit: tl.constexpr):
    """Where ``x + b > 0``, the base ``(x + b) / unit`` and its relative rounding error."""
    total = x + b
    shadow = total - x
    lost = (x - (total - shadow)) + (b - shadow)
    alive = total > 0.0
    finite = alive & (total < float("inf"))
    safe = tl.where(alive, total, unit)
    return alive, safe / unit, tl.where(finite, lost / safe, 0.0)


@triton.jit
def by_products(base, root, TWICE: tl.constexpr):
    """``base^(TWICE / 2)``, given the square root of the base."""
    base2 = base * base
    base4 = base2 * base2
    base8 = base4 * base4
    result = number(base, 1.0)
    if TWICE & 1:
        result = root
    if TWICE & 2:
        result = result * base
    if TWICE & 4:
        result = result * base2
    if TWICE & 8:
        result = result * base4
    if TWICE & 16:
        result = result * base8
    return result


@triton.jit
def raised64(base, error, p, TWICE: tl.constexpr):
    """``(base (1 + error))^p`` for ``base > 0``."""
    if TWICE == 0:
        finite = base < float("inf")
        high, low = long_log64(tl.where(finite, base, 1.0))
        power, lost = product_of(spread(base, p), high)
        # Next to base 1 all of the logarithm may be in the error.
        power, lost = sum_of(power, tl.fma(spread(base, p), low + error, lost))
        any = exponential64(power, lost, number(base, 1.0))
        any = tl.where(power > 710.0, float("inf"), tl.where(power < -746.0, 0.0, any))
        far = tl.where(p > 0.0, float("inf"), tl.where(p < 0.0, 0.0, 1.0))
        result = tl.where(finite, any, far)
    else:
        result = by_products(base, tl.sqrt(base), TWICE)
        result = tl.where(result < float("inf"), tl.fma(result, p * error, result), result)
    return result


@triton.jit
def half_raised64(base, error, p):
    """``(base (1 + error))^(p / 2)``, of which the square may leave the range."""
    return raised64(base, error, 0.5 * p, 0)


@triton.jit
def scaled64(base, error, p, divisor, factor, TWICE: tl.constexpr):
    """``factor base^p / divisor``, where the power alone may leave the range."""
    power = raised64(base, error, p, TWICE)
    direct = factor * power / divisor
    if TWICE == 0:
        half = half_raised64(base, error, p)
        inside = (power > 1e-280) & (power < 1e280)
        result = tl.where(inside, direct, factor * half / divisor * half)
    else:
        result = direct
    return result


@triton.jit
def less_one64(base, error, p, divisor, factor, TWICE: tl.constexpr):
    """``factor base^(p - 1) / divisor``; below 1/2, ``p - 1`` would round."""
    if TWICE >= 2:
        if TWICE == 2:
            result = spread(base, factor / divisor)
        else:
            result = scaled64(base, error, p - 1.0, divisor, factor, TWICE - 2)
    else:
        steep = p < 0.5
        exponent = tl.where(steep, p, p - 1.0)
        power = scaled64(base, error, exponent, divisor, factor, 0)
        result = power / tl.where(steep, base, 1.0)
    return result


@triton.jit
def power(base, p, divisor, TWICE: tl.constexpr):
    alive = base > 0.0
    safe = tl.where(alive, base, 1.0)
    result = scaled64(safe, number(safe, 0.0), p, divisor, 1.0, TWICE)
    return tl.where(alive, result, tl.where(base <= 0.0, 0.0, base))


@triton.jit
def power_slope(base, p, divisor, TWICE: tl.constexpr):
    alive = base > 0.0
    safe = tl.where(alive, base, 1.0)
    slope = less_one64(safe, number(safe, 0.0), p, divisor, p, TWICE)
    flat = tl.where(p == 1.0, 1.0 / divisor, float("inf"))
    return tl.where(alive, slope, tl.where(p > 1.0, 0.0, flat))


@triton.jit
def power_of_sum(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base, error = base64(x, b, unit)
    return tl.where(alive, scaled64(base, error, p, divisor, 1.0, TWICE), 0.0)


@triton.jit
def slope_of_power(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base, error = base64(x, b, unit)
    return tl.where(alive, less_one64(base, error, p, divisor, p / unit, TWICE), 0.0)


@triton.jit
def power_times_log(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base, error = base64(x, b, unit)
    return tl.where(
        alive, scaled64(base, error, p, divisor, 1.0, TWICE) * (log64(base) + error), 0.0
    )


@triton.jit
def lower_power(y, p, TWICE: tl.constexpr):
    if TWICE == 4:
        result = tl.sqrt(y)
    else:
        inverse = 1.0 / p
        exponent = 1.0 - inverse
        # What the exponent has lost: 1 - 1/p exactly, less its rounded value.
        rest = tl.fma(spread(y, -inverse), spread(y, p), number(y, 1.0))
        lost = ((1.0 - exponent) - inverse) - rest / p
        result = raised64(y, number(y, 0.0), exponent, 0)
        result = tl.fma(result, lost * log64(y), result)
    return result


# In float32, for exponent 2, |x| <= b and divisors that are powers of two: see `core.Direct`.


@triton.jit
def power_32(base, unit: tl.constexpr, inverse):
    return tl.where(base > 0.0, base * base * inverse, tl.where(base <= 0.0, 0.0, base))


@triton.jit
def power_slope_32(base, unit: tl.constexpr, inverse):
    return tl.where(base > 0.0, base * (2.0 * inverse), 0.0)


@triton.jit
def power_of_sum_32(x, b, unit: tl.constexpr, inverse):
    s = x + b
    e = x - (s - b)
    u = s * (inverse / (unit * unit))
    return tl.fma(u, s, (u + u) * e)


@triton.jit
def slope_of_power_32(x, b, unit: tl.constexpr, inverse):
    return (x + b) * (2.0 * inverse / (unit * unit))


@triton.jit
def lower_power_32(y):
    return tl.sqrt_rn(y)
