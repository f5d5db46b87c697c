"""The oracle: formulas evaluated by mpmath to 50 significant digits and more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mpmath
from mpmath import mpf

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.dual import Dual, DualMaths

DIGITS = 50
WORKING_DIGITS = 90
"""Enough that 50 are left after any cancellation that double-precision inputs can cause."""


class MpMaths:
    """``core.maths.Maths`` over ``mpf``."""

    pi = mpmath.pi

    def where(self, condition: bool, yes: Any, no: Any) -> Any:
        chosen = yes if condition else no
        return mpf(chosen) if isinstance(chosen, (int, float)) else chosen

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        if isinstance(meant, tuple):
            meant = meant[0] <= x <= meant[1]
        return x if meant else mpf(otherwise)

    def absolute(self, x: Any) -> Any:
        return abs(x)

    def exp(self, x: Any) -> Any:
        return mpmath.exp(x)

    def expm1(self, x: Any) -> Any:
        return mpf(-1) if x == -mpmath.inf else mpmath.expm1(x)

    def scaled_expm1(self, scale: Any, x: Any) -> Any:
        return scale * self.expm1(x)

    def scaled_exp(self, scale: Any, x: Any) -> Any:
        return scale * mpmath.exp(x)

    def log(self, x: Any) -> Any:
        return mpmath.log(x)

    def log1p(self, x: Any) -> Any:
        return mpmath.log1p(x)

    def sqrt(self, x: Any) -> Any:
        return mpmath.sqrt(x)

    def tanh(self, x: Any) -> Any:
        return mpmath.tanh(x)

    def sin(self, x: Any, rate: Any = 1) -> Any:
        return _of_angle(mpmath.sin, x, rate)

    def cos(self, x: Any, rate: Any = 1) -> Any:
        return _of_angle(mpmath.cos, x, rate)

    def arctan(self, x: Any) -> Any:
        return mpmath.atan(x)

    def erf(self, x: Any) -> Any:
        return mpmath.erf(x)

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + mpmath.exp(-x))

    def normal_cdf(self, x: Any) -> Any:
        return mpmath.erfc(-x / mpmath.sqrt(2)) / 2

    def normal_density(self, x: Any) -> Any:
        return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        return mpf(base) ** p / divisor if base > 0 else mpf(0)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        if base > 0:
            return p * mpf(base) ** (p - 1) / divisor
        return mpf(0) if p > 1 else 1 / mpf(divisor) if p == 1 else mpmath.inf

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        base = _exact_base(x, b, unit)
        return base**p / divisor if base > 0 else mpf(0)

    def slope_of_power(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        base = _exact_base(x, b, unit)
        return p * base ** (p - 1) / (unit * divisor) if base > 0 else mpf(0)

    def power_times_log(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        base = _exact_base(x, b, unit)
        return base**p * _log(base) / divisor if base > 0 else mpf(0)

    def lower_power(self, y: Any, p: Any) -> Any:
        return mpf(y) ** (1 - 1 / mpf(p))

    def stored(self, x: Any) -> Any:
        return x

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    def lost(self, x: Any) -> Any:
        return mpf(0)

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        for _ in range(times):
            state = step(*state)
        return state


def _of_angle(function: Any, x: Any, rate: Any) -> Any:
    """A function of the angle ``rate * x`` with all its digits; see ``core.maths.Maths.sin``."""
    if not mpmath.isfinite(x):
        return mpmath.nan
    angle = mpmath.fmul(rate, x, exact=True)
    return function(angle if abs(float(angle)) < math.inf else mpf(0))


def _log(base: Any) -> Any:
    """The logarithm of a number that may have thousands of digits and lie next to 1."""
    distance = mpmath.fsub(base, 1, exact=True)
    return mpmath.log1p(distance) if abs(distance) < 0.5 else mpmath.log(+base)


def _exact_base(x: Any, b: Any, unit: float) -> Any:
    """``(x + b) / unit`` with all its digits; ``unit`` is a power of two."""
    return mpmath.ldexp(mpmath.fadd(x, b, exact=True), 1 - math.frexp(unit)[1])


def _evaluate(formula: Formula, x: float, params: Mapping[str, float]) -> Any:
    if math.isnan(x):
        return mpmath.nan
    with mpmath.workdps(WORKING_DIGITS):
        exact = {name: mpf(value) for name, value in params.items()}
        return +mpf(formula(MpMaths(), mpf(x), **exact))


def value(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """``f(x)`` as an ``mpf``; NaN at NaN, the limit at an infinity."""
    return _evaluate(activation.forward, x, params)


def slope(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """``f'(x)`` as an ``mpf``, by the declared derivative, joints included."""
    return _evaluate(activation.derivative, x, params)


def slope_by_rules(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """``f'(x)`` from the formula alone, by dual numbers: what the declared one must equal."""
    return _differentiate(activation.forward, x, params, None)


def curvature(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """``f''(x)`` as an ``mpf``: the declared derivative, differentiated by dual numbers."""
    return _differentiate(activation.derivative, x, params, None)


def partial(activation: Activation, x: float, params: Mapping[str, float], name: str) -> Any:
    """The derivative of ``f`` in the parameter ``name`` at ``x``, as an ``mpf``."""
    return _differentiate(activation.forward, x, params, name)


def _differentiate(
    formula: Formula, x: float, params: Mapping[str, float], name: str | None
) -> Any:
    def tangent(m: MpMaths, at: Any, **exact: Any) -> Any:
        inputs = {
            key: Dual(m, number, mpf(1) if key == name else None) for key, number in exact.items()
        }
        result = formula(DualMaths(m), Dual(m, at, mpf(1) if name is None else None), **inputs)
        return mpf(0) if result.tangent is None else result.tangent

    return _evaluate(tangent, x, params)
