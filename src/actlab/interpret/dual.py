"""Dual numbers over any interpreter: forward differentiation of a formula.

A dual number carries a value and its derivative in one chosen variable. Over mpmath they check
every declared derivative to 50 digits; over torch they give the parameter gradients; over the
graph a printed derivative.
A tangent of None stands for an exact zero, so that nothing is computed for constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actlab.interpret.dual_number import Dual
from actlab.interpret.dual_number import parts as _parts
from actlab.interpret.dual_number import plus as _plus
from actlab.interpret.dual_number import times as _times

__all__ = ["Dual", "DualMaths", "partial_formula", "slope_formula"]


class DualMaths:
    """``core.maths.Maths`` over dual numbers of the interpreter ``m``."""

    def __init__(self, m: Any) -> None:
        self.m = m
        self.pi = m.pi

    def where(self, condition: Any, yes: Any, no: Any) -> Dual:
        (yes, yes_rise), (no, no_rise) = _parts(yes), _parts(no)
        tangent = None
        if yes_rise is not None or no_rise is not None:
            tangent = self.m.where(
                condition,
                0 if yes_rise is None else yes_rise,
                0 if no_rise is None else no_rise,
            )
        return Dual(self.m, self.m.where(condition, yes, no), tangent)

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Dual:
        value, tangent = _parts(x)
        if isinstance(meant, tuple):
            meant = tuple(_parts(end)[0] for end in meant)
        if tangent is not None:
            inside = (
                (value >= meant[0]) & (value <= meant[1]) if isinstance(meant, tuple) else meant
            )
            tangent = self.m.where(inside, tangent, 0)
        return Dual(self.m, self.m.guard(value, meant, _parts(otherwise)[0]), tangent)

    def absolute(self, x: Any) -> Dual:
        value, tangent = _parts(x)
        if tangent is not None:
            tangent = self.m.where(value < 0, -tangent, tangent)
        return Dual(self.m, self.m.absolute(value), tangent)

    def _chain(self, x: Any, value: Any, slope: Any) -> Dual:
        tangent = _parts(x)[1]
        return Dual(self.m, value, None if tangent is None else slope() * tangent)

    def exp(self, x: Any) -> Dual:
        value = self.m.exp(_parts(x)[0])
        return self._chain(x, value, lambda: value)

    def expm1(self, x: Any) -> Dual:
        at = _parts(x)[0]
        return self._chain(x, self.m.expm1(at), lambda: self.m.exp(at))

    def scaled_expm1(self, scale: Any, x: Any) -> Dual:
        (factor, rise), at = _parts(scale), _parts(x)[0]
        value = self.m.scaled_expm1(factor, at)
        result = self._chain(x, value, lambda: self.m.scaled_exp(factor, at))
        result.tangent = _plus(result.tangent, _times(self.m.expm1(at), rise))
        return result

    def scaled_exp(self, scale: Any, x: Any) -> Dual:
        (factor, rise), at = _parts(scale), _parts(x)[0]
        value = self.m.scaled_exp(factor, at)
        result = self._chain(x, value, lambda: value)
        result.tangent = _plus(result.tangent, _times(self.m.exp(at), rise))
        return result

    def log(self, x: Any) -> Dual:
        at = _parts(x)[0]
        return self._chain(x, self.m.log(at), lambda: 1 / at)

    def log1p(self, x: Any) -> Dual:
        at = _parts(x)[0]
        return self._chain(x, self.m.log1p(at), lambda: 1 / (1 + at))

    def sqrt(self, x: Any) -> Dual:
        value = self.m.sqrt(_parts(x)[0])
        return self._chain(x, value, lambda: 0.5 / value)

    def tanh(self, x: Any) -> Dual:
        at = _parts(x)[0]
        return self._chain(
            x,
            self.m.tanh(at),
            lambda: 4 * self.m.sigmoid(2 * at) * self.m.sigmoid(-2 * at),
        )

    def sin(self, x: Any, rate: Any = 1) -> Dual:
        return self._of_angle(self.m.sin, lambda at, pace: self.m.cos(at, pace), x, rate)

    def cos(self, x: Any, rate: Any = 1) -> Dual:
        return self._of_angle(self.m.cos, lambda at, pace: -self.m.sin(at, pace), x, rate)

    def _of_angle(self, function: Any, slope: Any, x: Any, rate: Any) -> Dual:
        (at, rise), (pace, pace_rise) = _parts(x), _parts(rate)
        tangent = None
        if rise is not None or pace_rise is not None:
            turn = _plus(_times(pace, rise), _times(at, pace_rise))
            tangent = slope(at, pace) * turn
        return Dual(self.m, function(at, pace), tangent)

    def arctan(self, x: Any) -> Dual:
        at = _parts(x)[0]
        # With 1/x where x is large: no square leaves the range.
        return self._chain(x, self.m.arctan(at), lambda: self._arctan_slope(at))

    def _arctan_slope(self, at: Any) -> Any:
        far = self.m.absolute(at) > 1
        near_at, inverse = self.m.where(far, 0, at), 1 / self.m.where(far, at, 1)
        square = inverse * inverse
        return self.m.where(far, square / (1 + square), 1 / (1 + near_at * near_at))

    def erf(self, x: Any) -> Dual:
        at = _parts(x)[0]
        root = self.m.sqrt(2)
        return self._chain(x, self.m.erf(at), lambda: 2 * root * self.m.normal_density(root * at))

    def sigmoid(self, x: Any) -> Dual:
        at = _parts(x)[0]
        value = self.m.sigmoid(at)
        return self._chain(x, value, lambda: value * self.m.sigmoid(-at))

    def normal_cdf(self, x: Any) -> Dual:
        at = _parts(x)[0]
        return self._chain(x, self.m.normal_cdf(at), lambda: self.m.normal_density(at))

    def normal_density(self, x: Any) -> Dual:
        at = _parts(x)[0]
        value = self.m.normal_density(at)
        return self._chain(x, value, lambda: -at * value)

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Dual:
        (base, rise), (p, p_rise), (divisor, divisor_rise) = map(_parts, (base, p, divisor))
        m = self.m
        value = m.power(base, p, divisor)
        tangent = None
        if rise is not None:
            tangent = m.power_slope(base, p, divisor) * rise
        if p_rise is not None:
            logarithm = m.log(m.where(base > 0, base, base * 0 + 1))
            tangent = _plus(tangent, value * logarithm * p_rise)
        if divisor_rise is not None:
            tangent = _plus(tangent, -value / divisor * divisor_rise)
        return Dual(m, value, tangent)

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Dual:
        (x, x_rise), (b, b_rise), (p, p_rise) = map(_parts, (x, b, p))
        divisor, divisor_rise = _parts(divisor)
        m = self.m
        value = m.power_of_sum(x, b, p, unit, divisor)
        rise = _plus(x_rise, b_rise)
        tangent = None
        if rise is not None:
            tangent = m.slope_of_power(x, b, p, unit, divisor) * rise
        if p_rise is not None:
            tangent = _plus(tangent, m.power_times_log(x, b, p, unit, divisor) * p_rise)
        if divisor_rise is not None:
            tangent = _plus(tangent, -value / divisor * divisor_rise)
        return Dual(m, value, tangent)

    def slope_of_power(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Dual:
        return self._lowered(self.m.slope_of_power, x, b, p, unit, divisor)

    def power_times_log(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Dual:
        result = self._lowered(self.m.power_times_log, x, b, p, unit, divisor)
        if result.tangent is not None:
            rise = _plus(_parts(x)[1], _parts(b)[1])
            below = self.m.power_of_sum(
                _parts(x)[0], _parts(b)[0], _constant(p) - 1, unit, _constant(divisor)
            )
            result.tangent = result.tangent + below / unit * rise
        return result

    def _lowered(self, power: Any, x: Any, b: Any, p: Any, unit: float, divisor: Any) -> Dual:
        """A multiple of t^p or of t^(p - 1) with t = (x + b) / unit: differentiated, the power
        is one lower and its coefficient the exponent that was."""
        (x, x_rise), (b, b_rise) = _parts(x), _parts(b)
        p, divisor = _constant(p), _constant(divisor)
        rise = _plus(x_rise, b_rise)
        value = power(x, b, p, unit, divisor)
        if rise is None:
            return Dual(self.m, value)
        return Dual(self.m, value, p / unit * power(x, b, p - 1, unit, divisor) * rise)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Dual:
        base, rise = _parts(base)
        p, divisor = _constant(p), _constant(divisor)
        m = self.m
        tangent = None
        if rise is not None:
            straight = (p >= 1) & (p <= 1)  # its slope is a constant, at base 0 too
            tangent = m.where(straight, 0, p * m.power_slope(base, p - 1, divisor)) * rise
        return Dual(m, m.power_slope(base, p, divisor), tangent)

    def lower_power(self, y: Any, p: Any) -> Dual:
        at, rise = _parts(y)
        p = _constant(p)
        value = self.m.lower_power(at, p)
        return Dual(self.m, value, None if rise is None else (1 - 1 / p) * value / at * rise)

    def fma(self, x: Any, y: Any, z: Any) -> Dual:
        (x, x_rise), (y, y_rise), (z, z_rise) = map(_parts, (x, y, z))
        product = _plus(_times(y, x_rise), _times(x, y_rise))
        return Dual(self.m, self.m.fma(x, y, z), _plus(product, z_rise))

    def stored(self, x: Any) -> Any:
        return self.m.stored(_parts(x)[0])

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        # Values and tangents are one state of twice the length: neither is settled alone.
        count = len(state)
        started = _flattened(state)

        def both(*parts: Any) -> tuple[Any, ...]:
            duals = (Dual(self.m, parts[k], parts[count + k]) for k in range(count))
            return _flattened(step(*duals))

        ended = self.m.iterate(both, started, times)
        return tuple(Dual(self.m, ended[k], ended[count + k]) for k in range(count))


def _flattened(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values, then tangents."""
    pairs = [_parts(part) for part in state]
    return (*(v for v, _ in pairs), *(0 if rise is None else rise for _, rise in pairs))


def _constant(value: Any) -> Any:
    """The value of what must not vary."""
    if isinstance(value, Dual) and value.tangent is not None:
        raise NotImplementedError("this power is differentiated in x only, not in p or divisor")
    return _parts(value)[0]


def partial_formula(formula: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The derivative of a formula in one parameter, as a formula, by dual numbers."""

    def partial(m: Any, x: Any, **params: Any) -> Any:
        params[name] = Dual(m, params[name], 1)
        result = formula(DualMaths(m), x, **params)
        rise = result.tangent if isinstance(result, Dual) else None
        return 0 if rise is None else rise

    return partial


def slope_formula(formula: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative of a formula in x, as a formula, by dual numbers."""

    def slope(m: Any, x: Any, **params: Any) -> Any:
        result = formula(DualMaths(m), Dual(m, x, 1), **params)
        rise = result.tangent if isinstance(result, Dual) else None
        return 0 if rise is None else rise

    return slope
