"""Where a result is a difference of larger terms: the magnitude its ulp is taken at.

No formula in floating point can keep relative accuracy where its terms cancel. The promise is
then in units of the sum of their magnitudes. Only results whose terms a definition states, or
which are listed here, are measured so, and each by the terms of the formula as its source
writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import mpmath
from mpmath import mpf

from actlab.core import Activation
from actlab.interpret.mp import MpMaths

Scale = Callable[..., Any]


def _ralu_value(x, alpha):
    return abs(x) * (x * x + abs(alpha)) / (x * x + 1)


def _ralu_slope(x, alpha):
    t = x * x
    return 1 + abs((alpha - 1) * (1 - t)) / (1 + t) ** 2


def _ralu_traced(x, alpha):
    # f = x (x^2 + alpha) / (x^2 + 1) by the rule for products and quotients.
    t = x * x
    return (t + abs(alpha)) / (t + 1) + 2 * t * (1 + (t + abs(alpha)) / (t + 1)) / (t + 1)


def _expolu_above(x, a, b, p):
    return x + b + _top(a, b, p) if x > b else mpf(0)


def _expolu_b_above(x, a, b, p):
    return 1 + 2 * p / a * (2 * b) ** (p - 1) if x > b > 0 else mpf(0)


def _top(a, b, p):
    return (2 * b) ** p / a if b > 0 else mpf(0)


def _gelu_slope(x):
    density = mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2 + abs(x) * density


def _gelu_tanh_slope(x):
    root = mpmath.sqrt(2 / mpmath.pi)
    weight = 1 / (1 + mpmath.exp(-2 * root * (x + mpf(0.044715) * x**3)))
    rise = 2 * root * (1 + 3 * mpf(0.044715) * x * x)
    return weight * (1 + abs(x) * (1 - weight) * rise)


def _silu_slope(x):
    weight = 1 / (1 + mpmath.exp(-x))
    return weight * (1 + abs(x) * (1 - weight))


def _mish_slope(x):
    weight = mpmath.tanh(mpmath.log1p(mpmath.exp(x)))
    return weight + abs(x) * (1 - weight**2) / (1 + mpmath.exp(-x))


SCALES: Mapping[tuple[str, str], Scale] = MappingProxyType(
    {
        ("ralu", "value"): _ralu_value,
        ("ralu", "slope"): _ralu_slope,
        ("ralu", "traced slope"): _ralu_traced,
        ("expolu", "value"): _expolu_above,
        ("expolu", "d/db"): _expolu_b_above,
        ("gelu", "slope"): _gelu_slope,
        ("gelu_tanh", "slope"): _gelu_tanh_slope,
        ("silu", "slope"): _silu_slope,
        ("mish", "slope"): _mish_slope,
    }
)
"""(activation, result) to the sum of the magnitudes of its terms."""


def magnitude_of_terms(
    activation: Activation, what: str, x: float, params: Mapping[str, float]
) -> Any:
    """The sum of the magnitudes of a result's terms, or None for an ordinary result."""
    plain = what.removeprefix("traced ")
    exactly = {key: mpf(value) for key, value in params.items()}
    stated = activation.terms.get(what) or activation.terms.get(plain)
    listed = SCALES.get((activation.name, what)) or SCALES.get((activation.name, plain))
    with mpmath.workdps(60):
        if stated is not None:
            return abs(mpf(stated(MpMaths(), mpf(x), **exactly)))
        return None if listed is None else listed(mpf(x), **exactly)
