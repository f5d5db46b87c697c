"""Formulas over arrays: what the interpreters of NumPy and of JAX have in common.

Both libraries have the same functions under the same names, which ``xp`` stands for. Arithmetic
is in double precision. A subclass says what its library does differently.
"""

from __future__ import annotations

import math
from typing import Any

from actlab.interpret.array_powers import MAX_EXPONENT, ArrayPowers
from actlab.interpret.double_arithmetic import is_number

SQRT_HALF = 0.7071067811865476
DENSITY_AT_0 = 0.3989422804014327

LARGE_FACTOR = 2.0**500
"""Factors of a product are split into halves only below this size."""


def within(x: Any, meant: Any) -> Any:
    """The condition of a guard, which may be given as a pair of ends."""
    if isinstance(meant, tuple):
        low, high = meant
        if is_number(low) and low == -math.inf:
            return x <= high
        return (x >= low) & (x <= high)
    return meant


class ArrayMaths(ArrayPowers):
    """``core.maths.Maths`` over arrays of doubles; Python numbers stay Python numbers.

    Args:
        xp: ``numpy`` or ``jax.numpy``.
        storage: the dtype that results are rounded to afterwards.
        differentiable: whether the library will differentiate the operations.
    """

    pi = math.pi

    def __init__(self, xp: Any, storage: Any, *, differentiable: bool) -> None:
        self.xp = xp
        self.storage = storage
        self.narrow = xp.dtype(storage).itemsize < 8
        self.differentiable = differentiable

    def array(self, x: Any) -> Any:
        return self.xp.full((1,), x, dtype="float64") if is_number(x) else x

    def constant(self, x: Any) -> Any:
        """``x`` without slope."""
        return x

    def pow(self, base: Any, p: Any) -> Any:
        return self.xp.power(base, p)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        if is_number(yes) and is_number(no):
            yes = self.array(yes)
        return self.xp.where(condition, yes, no)

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        if not self.differentiable:
            return x
        if isinstance(meant, bool):
            return x if meant else otherwise
        return self.xp.where(within(x, meant), x, otherwise)

    def absolute(self, x: Any) -> Any:
        return self.xp.abs(x)

    def exp(self, x: Any) -> Any:
        return self.xp.exp(x)

    def expm1(self, x: Any) -> Any:
        return self.xp.expm1(x)

    def scaled_expm1(self, scale: Any, x: Any) -> Any:
        return scale * self.xp.expm1(x)

    def scaled_exp(self, scale: Any, x: Any) -> Any:
        direct = scale * self.xp.exp(x)
        if self.narrow and is_number(scale) and abs(scale) < 1e200:
            return direct
        half = self.xp.exp(0.5 * x)
        return self.xp.where(x < -MAX_EXPONENT, (scale * half) * half, direct)

    def log(self, x: Any) -> Any:
        return math.log(x) if is_number(x) else self.xp.log(x)

    def log1p(self, x: Any) -> Any:
        return self.xp.log1p(x)

    def sqrt(self, x: Any) -> Any:
        return math.sqrt(x) if is_number(x) else self.xp.sqrt(x)

    def tanh(self, x: Any) -> Any:
        return self.xp.tanh(x)

    def sin(self, x: Any, rate: Any = 1) -> Any:
        angle, lost = self._angle(x, rate)
        direct = self.xp.sin(angle)
        if lost is None:
            return direct
        whole = direct * self.xp.cos(lost) + self.xp.cos(angle) * self.xp.sin(lost)
        return self.xp.where(lost == 0, direct, whole)  # the sum would lose the sign of -0.0

    def cos(self, x: Any, rate: Any = 1) -> Any:
        angle, lost = self._angle(x, rate)
        if lost is None:
            return self.xp.cos(angle)
        product = self.xp.sin(angle) * self.xp.sin(lost)
        return self.xp.cos(angle) * self.xp.cos(lost) - product

    def arctan(self, x: Any) -> Any:
        return self.xp.arctan(x)

    def erf(self, x: Any) -> Any:
        raise NotImplementedError

    def erfc(self, x: Any) -> Any:
        """``1 - erf(x)`` without cancellation."""
        raise NotImplementedError

    def sigmoid(self, x: Any) -> Any:
        positive = x > 0
        decay = self.xp.exp(self.xp.where(positive, -x, x))
        return self.xp.where(positive, 1 / (1 + decay), decay / (1 + decay))

    def normal_cdf(self, x: Any) -> Any:
        return 0.5 * self.erfc(-SQRT_HALF * x)

    def normal_density(self, x: Any) -> Any:
        return DENSITY_AT_0 * self.xp.exp(-0.5 * (x * x))

    def stored(self, x: Any) -> Any:
        return self.constant(self.array(x)).astype(self.storage).astype("float64")

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    def lost(self, x: Any) -> Any:
        return 0.0

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        for _ in range(times):
            state = step(*state)
        return state

    def _angle(self, x: Any, rate: Any) -> tuple[Any, Any]:
        """``rate * x``, and what rounding took from it (None where that is nothing)."""
        x, product = self.array(x), self.array(rate * x)
        inside = self.xp.abs(product) < math.inf
        angle = self.xp.where(inside, product, self._no_angle(x, rate))
        if is_number(rate) and abs(math.frexp(rate)[0]) == 0.5:
            return angle, None
        # Scaled, so that no part of a part of a factor overflows.
        scale = self.xp.where(self.xp.abs(x) > LARGE_FACTOR, 1 / LARGE_FACTOR, 1.0)
        lost = self.product_error(self.constant(x * scale), self.constant(self.array(rate))) / scale
        return angle, self.xp.where(inside, lost, 0.0)

    def _no_angle(self, x: Any, rate: Any) -> Any:
        """0 with the slopes that ``rate * x`` has; NaN for an infinite ``x``."""
        if not self.differentiable:
            return x * 0.0
        still_x, still_rate = self.constant(x), self.constant(rate)
        angle = (x - still_x) * still_rate
        return angle if is_number(rate) else angle + (rate - still_rate) * still_x
