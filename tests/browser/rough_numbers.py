"""Numbers that know how far double precision may be off: a bound on rounding, first order.

Each number carries its exact value and the error that rounding every operation so far may have
made, in units of 2^-53. For a formula that cancels, the bound says what any evaluation of it in
double precision must be allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
from mpmath import mpf

from actlab.core import Activation
from actlab.interpret.dual import slope_formula
from actlab.interpret.mp import WORKING_DIGITS, MpMaths

SUBNORMAL = mpf(2) ** -1021
"""What rounding to a subnormal number may do, in units of 2^-53."""

EXACTLY = MpMaths()


def _with_numbers(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def guarded(one: Any, other: Any) -> Any:
        # Dual numbers of rough ones have operations of their own.
        known = isinstance(other, (Rough, int, float)) or hasattr(other, "_mpf_")
        return operation(one, rough(other)) if known else NotImplemented

    return guarded


class Rough:
    """An exact value, and a bound on the error of its computation."""

    __slots__ = ("error", "value")

    def __init__(self, value: Any, error: Any = 0) -> None:
        self.value = value
        self.error = error

    @_with_numbers
    def __add__(self, other: Any) -> Any:
        value = self.value + other.value
        return Rough(value, self.error + other.error + abs(value))

    __radd__ = __add__

    @_with_numbers
    def __sub__(self, other: Any) -> Any:
        return self + -other

    @_with_numbers
    def __rsub__(self, other: Any) -> Any:
        return other + -self

    @_with_numbers
    def __mul__(self, other: Any) -> Any:
        value = self.value * other.value
        error = abs(self.value) * other.error + abs(other.value) * self.error
        return Rough(value, error + abs(value) + SUBNORMAL)

    __rmul__ = __mul__

    @_with_numbers
    def __truediv__(self, other: Any) -> Any:
        value = self.value / other.value
        error = (self.error + abs(value) * other.error) / abs(other.value)
        return Rough(value, error + abs(value) + SUBNORMAL)

    @_with_numbers
    def __rtruediv__(self, other: Any) -> Any:
        return other / self

    def __neg__(self) -> Any:
        return Rough(-self.value, self.error)

    @_with_numbers
    def __lt__(self, other: Any) -> bool:
        return self.value < other.value

    @_with_numbers
    def __le__(self, other: Any) -> bool:
        return self.value <= other.value

    @_with_numbers
    def __gt__(self, other: Any) -> bool:
        return self.value > other.value

    @_with_numbers
    def __ge__(self, other: Any) -> bool:
        return self.value >= other.value


def rough(number: Any) -> Rough:
    """A number without error, unless it is a rough one already."""
    return number if isinstance(number, Rough) else Rough(mpf(number))


class RoughMaths:
    """``core.maths.Maths`` over rough numbers."""

    pi = Rough(mpmath.pi, mpf(3))

    def where(self, condition: bool, yes: Any, no: Any) -> Any:
        return yes if condition else no

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        inside = meant[0] <= x <= meant[1] if isinstance(meant, tuple) else meant
        return x if inside else rough(otherwise)

    def stored(self, x: Any) -> Any:
        return x

    def lost(self, x: Any) -> Any:
        return rough(0)

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        for _ in range(times):
            state = step(*state)
        return state

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(EXACTLY, name)

        def call(*given: Any) -> Any:
            numbers = [one.value if isinstance(one, Rough) else one for one in given]
            value = mpf(function(*numbers))
            error = abs(value) + SUBNORMAL
            for place, one in enumerate(given):
                if isinstance(one, Rough) and one.error:
                    step = abs(one.value) * mpf(10) ** -30 + mpf(10) ** -400
                    moved = [*numbers[:place], one.value + step, *numbers[place + 1 :]]
                    error += abs((function(*moved) - value) / step) * one.error
            return Rough(value, error)

        return call


def curvature_magnitude(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """The larger of ``|f''(x)|`` and the bound on its rounding error in units of 2^-53."""
    with mpmath.workdps(WORKING_DIGITS):
        exact = {name: Rough(mpf(value)) for name, value in params.items()}
        formula = slope_formula(activation.derivative)
        result = rough(formula(RoughMaths(), Rough(mpf(x)), **exact))
        return max(abs(result.value), result.error)
