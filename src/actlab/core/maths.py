"""The mathematics namespace ``m`` that every formula is written against.

A definition calls ``m.exp(x)`` and uses ``+ - * /`` and comparisons; it never learns what a
value is. Each interpreter (torch, mpmath, dual numbers, LaTeX) supplies its own ``m``, so one
formula is computed, checked to 50 digits, differentiated and printed.

The semantics below hold in every interpreter. They are what makes one formula safe everywhere:

* **NaN.** A NaN argument gives NaN. Every comparison with NaN is false, so a NaN input takes the
  last branch of nested ``where`` calls; the torch interpreter then makes value *and* slope NaN.
* **Unselected branches.** Both branches of ``where`` are evaluated. ``guard`` marks the inputs
  that a branch is meant for; on others it may yield a constant without slope, so that no branch
  overflows and nothing that happens in it reaches the gradient. What a guarded branch gives
  there is unspecified: a ``where`` has to select it away.
* **Powers** are powers of a non-negative base: 0 for a base of 0 or below. ``power_of_sum`` forms
  its base without rounding error and has slope 0 at base 0 for every exponent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Value = Any
"""A number of some interpreter: a float, a tensor, an ``mpf``, a dual number, an expression."""

Condition = Any
"""What comparing two values gives; combined with ``&`` only."""


class Maths(Protocol):
    """The primitives a formula may use, besides ``+ - * /``, negation and comparisons."""

    pi: Value
    """The circle's constant, as exactly as the interpreter can hold it."""

    def where(self, condition: Condition, yes: Value, no: Value) -> Value:
        """``yes`` where the condition holds, else ``no``; only the chosen one has a slope."""

    def guard(self, x: Value, meant: Condition, otherwise: Value) -> Value:
        """``x`` where it is meant to be used; elsewhere ``otherwise``, without slope, or ``x``.

        ``meant`` is a condition, or a pair ``(low, high)`` for ``low <= x <= high``.
        """

    def absolute(self, x: Value) -> Value:
        """``|x|``; used in conditions, where its slope does not matter."""

    def exp(self, x: Value) -> Value:
        """``e**x``."""

    def expm1(self, x: Value) -> Value:
        """``e**x - 1`` without cancellation near 0; its slope is accurate in both tails."""

    def scaled_expm1(self, scale: Value, x: Value) -> Value:
        """``scale * (e**x - 1)`` for x <= 0; its slope underflows no earlier than it must."""

    def scaled_exp(self, scale: Value, x: Value) -> Value:
        """``scale * e**x`` for x <= 0, without underflow before the product underflows."""

    def log(self, x: Value) -> Value:
        """Natural logarithm of ``x > 0``."""

    def log1p(self, x: Value) -> Value:
        """``log(1 + x)`` without cancellation near 0, for ``x > -1``."""

    def sqrt(self, x: Value) -> Value:
        """Square root of ``x >= 0``."""

    def tanh(self, x: Value) -> Value:
        """Hyperbolic tangent."""

    def sin(self, x: Value, rate: Value = 1) -> Value:
        """``sin(rate * x)``, the product formed without rounding error.

        A product of finite numbers that leaves the range of double counts as an angle of 0;
        an infinite ``x`` gives NaN, as there is no limit.
        """

    def cos(self, x: Value, rate: Value = 1) -> Value:
        """``cos(rate * x)``, the angle formed as for ``sin``."""

    def arctan(self, x: Value) -> Value:
        """Inverse tangent."""

    def erf(self, x: Value) -> Value:
        """Error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x."""

    def sigmoid(self, x: Value) -> Value:
        """``1 / (1 + e**-x)``, accurate in both tails."""

    def normal_cdf(self, x: Value) -> Value:
        """``P(Z <= x)`` of the standard normal law, accurate in both tails."""

    def normal_density(self, x: Value) -> Value:
        """``exp(-x**2 / 2) / sqrt(2 pi)``, accurate in both tails."""

    def power(self, base: Value, p: Value, divisor: Value = 1) -> Value:
        """``base**p / divisor`` for ``base >= 0, p > 0``; ``base**p`` alone may leave the range."""

    def power_slope(self, base: Value, p: Value, divisor: Value = 1) -> Value:
        """d/dbase of ``power``; at base 0 the slope from above: 0, ``1 / divisor`` or infinite."""

    def power_of_sum(
        self, x: Value, b: Value, p: Value, unit: float = 1, divisor: Value = 1
    ) -> Value:
        """``((x + b) / unit)**p / divisor``, the sum formed without rounding error.

        0 where ``x + b <= 0``. ``unit`` is a power of two. ``p > 0``, ``divisor > 0``.
        """

    def slope_of_power(
        self, x: Value, b: Value, p: Value, unit: float = 1, divisor: Value = 1
    ) -> Value:
        """d/dx of ``power_of_sum``; 0 where ``x + b <= 0``, for every ``p``."""

    def power_times_log(
        self, x: Value, b: Value, p: Value, unit: float = 1, divisor: Value = 1
    ) -> Value:
        """d/dp of ``power_of_sum``: ``t**p ln t / divisor``; 0 where ``x + b <= 0``."""

    def lower_power(self, y: Value, p: Value) -> Value:
        """``t**(p - 1)`` from ``y = t**p > 0``: ``y**(1 - 1/p)`` with the exponent not rounded."""

    def stored(self, x: Value) -> Value:
        """``x`` as the tensor's dtype would hold it; for conditions, without slope."""

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """``x * y + z``, rounded once where the interpreter can."""

    def lost(self, x: Value) -> Value:
        """What a kernel's precision loses of a number that depends on parameters alone."""

    def widened(self, x: Value) -> Value:
        """``x`` in a precision at least 2^12 times finer than the dtype's own."""

    def exact(self, x: Value) -> Condition:
        """Whether a kernel's precision holds a number that depends on parameters alone."""

    def iterate(
        self, step: Callable[..., tuple[Value, ...]], state: tuple[Value, ...], times: int
    ) -> tuple[Value, ...]:
        """``state`` after ``times`` applications of ``step``, or of fewer that change nothing."""
