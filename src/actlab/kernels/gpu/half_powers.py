"""Powers for half types, in float32: the cases of ``powers``, without its second digits.

``TWICE`` is twice the exponent where that is known to be a small whole number, 0 for any exponent.
"""

from __future__ import annotations

import triton
import triton.language as tl

from actlab.kernels.gpu.half import log_h, log_parts_h, scaled_h, sqrt_h
from actlab.kernels.gpu.maths import line, number, spread, sum_of
from actlab.kernels.gpu.powers import by_products


@triton.jit
def raised_h(base, p, rest, TWICE: tl.constexpr):
    """``base^(p + rest)`` for ``base > 0``, ``rest`` being what p has lost."""
    if TWICE == 0:
        finite = base < float("inf")
        n, f = log_parts_h(tl.where(finite, base, 1.0))
        q = line(f, 0.1258353739976883, -0.20726893842220306)
        q = tl.fma(q, f, number(f, 0.21571584045886993))
        q = tl.fma(q, f, number(f, -0.23894494771957397))
        q = tl.fma(q, f, number(f, 0.28791624307632446))
        q = tl.fma(q, f, number(f, -0.3607036769390106))
        q = tl.fma(q, f, number(f, 0.48091062903404236))
        q = tl.fma(q, f, number(f, -0.7213473320007324))
        q = tl.fma(q, f, number(f, 1.4426950216293335))
        exponent = spread(base, p)
        small = tl.fma(exponent, f * q, rest * n)
        # The whole number nearest to the exponent of 2, and what is left of p n without an error.
        t = tl.minimum(tl.maximum(tl.fma(exponent, n, small), number(f, -160.0)), number(f, 130.0))
        total = t + 12583166.0
        whole = total - 12583166.0
        r = tl.fma(exponent, n, -whole) + small
        r = tl.minimum(tl.maximum(r, number(f, -1.0)), number(f, 1.0))
        e = line(r, 0.00015353257185779512, 0.001339900423772633)
        e = tl.fma(e, r, number(f, 0.00961843878030777))
        e = tl.fma(e, r, number(f, 0.05550331994891167))
        e = tl.fma(e, r, number(f, 0.24022647738456726))
        e = tl.fma(e, r, number(f, 0.6931471824645996))
        any = scaled_h(total.to(tl.uint32, bitcast=True), e * r)
        far = tl.where(p > 0.0, float("inf"), tl.where(p < 0.0, 0.0, 1.0))
        result = tl.where(finite, any, far)
    else:
        result = by_products(base, sqrt_h(base), TWICE)
    return result


@triton.jit
def less_one_h(base, p, factor, TWICE: tl.constexpr):
    """``factor base^(p - 1)``."""
    if TWICE == 2:
        result = spread(base, factor)
    elif TWICE > 2:
        result = factor * raised_h(base, p - 1.0, 0.0, TWICE - 2)
    else:
        lower = p - 1.0
        result = factor * raised_h(base, lower, p - (lower + 1.0), 0)
    return result


@triton.jit
def power_h(base, p, divisor, TWICE: tl.constexpr):
    alive = base > 0.0
    result = raised_h(tl.where(alive, base, 1.0), p, 0.0, TWICE) * (1.0 / divisor)
    return tl.where(alive, result, tl.where(base <= 0.0, 0.0, base))


@triton.jit
def power_slope_h(base, p, divisor, TWICE: tl.constexpr):
    alive = base > 0.0
    slope = less_one_h(tl.where(alive, base, 1.0), p, p / divisor, TWICE)
    flat = tl.where(p == 1.0, 1.0 / divisor, float("inf"))
    return tl.where(alive, slope, tl.where(p > 1.0, 0.0, flat))


@triton.jit
def base_h(x, b, unit: tl.constexpr):
    total = x + b
    alive = total > 0.0
    return alive, tl.where(alive, total, unit) * (1.0 / unit)


@triton.jit
def power_of_sum_h(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base = base_h(x, b, unit)
    return tl.where(alive, raised_h(base, p, 0.0, TWICE) * (1.0 / divisor), 0.0)


@triton.jit
def slope_of_power_h(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base = base_h(x, b, unit)
    return tl.where(alive, less_one_h(base, p, p / (unit * divisor), TWICE), 0.0)


@triton.jit
def power_times_log_h(x, b, p, unit: tl.constexpr, divisor, TWICE: tl.constexpr):
    alive, base = base_h(x, b, unit)
    power = raised_h(base, p, 0.0, TWICE) * (1.0 / divisor)
    # Next to base 1 all of the logarithm may be in what the sum has lost.
    total, lost = sum_of(x, spread(x, b))
    error = tl.where(alive & (total < float("inf")), lost / (base * unit), 0.0)
    return tl.where(alive, power * (log_h(base) + error), 0.0)


@triton.jit
def lower_power_h(y, p, TWICE: tl.constexpr):
    if TWICE == 4:
        result = sqrt_h(y)
    else:
        inverse = 1.0 / p
        exponent = 1.0 - inverse
        left = tl.fma(spread(y, -inverse), spread(y, p), number(y, 1.0)) / p
        result = raised_h(y, exponent, ((1.0 - exponent) - inverse) - left, 0)
    return result
