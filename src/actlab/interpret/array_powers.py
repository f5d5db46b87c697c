"""Powers over arrays, with bases and exponents that no rounding disturbs."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from actlab.interpret.double_arithmetic import (
    SAFE_POWER,
    is_number,
    number_power,
    product_error,
)

MAX_EXPONENT = 700.0
"""exp neither overflows nor underflows within +-700."""

NO_EXPONENT = -800.0
"""exp is 0 from here down."""

PLAIN_POWER = 2.0**20
"""Below this exponent, rounding ``x + b`` once in double cannot be seen in a float32 result."""


class ArrayPowers:
    """The powers of ``core.maths.Maths`` over arrays of a library, which ``xp`` stands for.

    ``xp`` is ``torch``, ``numpy`` or ``jax.numpy``: of the same functions, these have the same
    names. A subclass supplies the rest of the primitives.
    """

    xp: Any
    narrow: bool
    differentiable: bool
    where: Callable[..., Any]

    def array(self, x: Any) -> Any:
        """A number as an array; arrays stay as they are."""
        raise NotImplementedError

    def pow(self, base: Any, p: Any) -> Any:
        """``base**p``, as the library computes it."""
        raise NotImplementedError

    def product_error(self, x: Any, y: Any) -> Any:
        """``x * y`` less its rounded value, exactly."""
        return product_error(x, y)

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        if is_number(base) and is_number(p) and is_number(divisor):
            return number_power(base, p, divisor)
        return self._divided_power(self.array(base), None, p, divisor)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        base = self.array(base)
        alive = base > 0
        slope = self._power_slope(self.xp.where(alive, base, 1.0), None, p, p, divisor)
        flat = self.where(p == 1, 1 / divisor, math.inf)
        return self.xp.where(alive, slope, self.where(p > 1, 0.0, flat))

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        if self._is_plain(p):
            return self._divided_power(self._clamped(x, b, unit), None, p, divisor)
        alive, base, ratio = self._base(x, b, p, unit)
        return self.xp.where(alive, self._divided_power(base, ratio, p, divisor), 0.0)

    def slope_of_power(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        if self._is_plain(p) and p > 1:
            return self._power_slope(self._clamped(x, b, unit), None, p, p / unit, divisor)
        alive, base, ratio = self._base(x, b, p, unit)
        return self.xp.where(alive, self._power_slope(base, ratio, p, p / unit, divisor), 0.0)

    def power_times_log(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        alive, base, ratio = self._base(x, b, p, unit)
        log = self.xp.log(base) if ratio is None else self.xp.log(base) + ratio
        return self.xp.where(alive, self._divided_power(base, ratio, p, divisor) * log, 0.0)

    def lower_power(self, y: Any, p: Any) -> Any:
        if is_number(p):
            if p == 2:
                return self.xp.sqrt(y)
            exact = 1 - 1 / Fraction(p)
            exponent = float(exact)
            power, lost = self.pow(y, exponent), float(exact - Fraction(exponent))
        else:
            inverse = 1 / p
            exponent = 1 - inverse
            power = self.pow(y, exponent)
            remainder = (1 - inverse * p) - self.product_error(inverse, p)
            lost = ((1 - exponent) - inverse) - remainder / p
        return power if self.narrow else power + power * (lost * self.xp.log(y))

    def _forgives(self, p: Any) -> bool:
        """Whether rounding a power's base in double cannot be seen in the result."""
        return self.narrow and is_number(p) and p < PLAIN_POWER

    def _is_plain(self, p: Any) -> bool:
        """Whether a power may be taken of the clamped sum itself: 0**p is 0."""
        return not self.differentiable and self._forgives(p)

    def _clamped(self, x: Any, b: Any, unit: float) -> Any:
        base = self.xp.clip(self.array(x) + b, 0.0, None)
        return base / unit if unit != 1 else base

    def _base(self, x: Any, b: Any, p: Any, unit: float) -> tuple[Any, Any, Any]:
        """Where ``x + b > 0``, the base ``(x + b) / unit`` and its relative rounding error.

        Elements without a base get base 1 and error 0. The error is None when the result
        is rounded to a narrower dtype and the exponent is too small to magnify it so far.
        """
        x = self.array(x)
        total = x + b
        alive = total > 0
        safe = self.xp.where(alive, total, float(unit))
        base = safe / unit if unit != 1 else safe
        if self._forgives(p):
            return alive, base, None
        shadow = total - x
        lost = (x - (total - shadow)) + (b - shadow)
        return alive, base, self.xp.where(alive, lost, 0.0) / safe

    def _power_slope(self, base: Any, ratio: Any, p: Any, factor: Any, divisor: Any) -> Any:
        """``factor * base**(p - 1) / divisor``."""
        # p - 1 is exact from 0.5 on; below, its rounding would be magnified by log(base).
        if is_number(p):
            if p >= 0.5:
                return self._divided_power(base, ratio, p - 1, divisor, factor)
            return self._divided_power(base, ratio, p, divisor, factor) / base
        steep = p < 0.5
        exponent = self.xp.where(steep, p, p - 1)
        power = self._divided_power(base, ratio, exponent, divisor, factor)
        return power / self.xp.where(steep, base, 1.0)

    def _divided_power(self, base: Any, ratio: Any, p: Any, divisor: Any, factor: Any = 1) -> Any:
        """``factor * base**p / divisor``, where the power alone may leave the range."""
        power = self._power(base, ratio, p)
        direct = power if is_number(factor) and factor == 1 else factor * power
        if not (is_number(divisor) and divisor == 1):
            direct = direct / divisor
        elif direct is power:
            return power
        if self.narrow and is_number(divisor) and 1e-60 < divisor < 1e60:
            return direct
        half = self._power(base, ratio, 0.5 * p)
        inside = (power > 1 / SAFE_POWER) & (power < SAFE_POWER)
        return self.xp.where(inside, direct, factor * half / divisor * half)

    def _power(self, base: Any, ratio: Any, p: Any) -> Any:
        """``(base * (1 + ratio))**p`` for ``base > 0`` and ``|ratio|`` within rounding error."""
        if is_number(p) and p in (0, 1, 2, 3, 4):
            if p == 0:
                return self.xp.ones_like(base)
            square = base * base
            power = {1: base, 2: square, 3: square * base, 4: square * square}[int(p)]
            if ratio is None:
                return power
            return self.xp.where(self.xp.isinf(power), power, power + power * (p * ratio))
        if self.differentiable and not self.narrow and is_number(p):
            # a library's rule has the exponent p - 1, which is exact only from p = 0.5 on.
            while 1e-9 < p < 0.5:
                base, p, ratio = self.xp.sqrt(base), 2 * p, None if ratio is None else 0.5 * ratio
        power = self.pow(base, p)
        if ratio is None:
            return power
        rest = self.xp.exp(self.xp.clip(p * ratio, NO_EXPONENT, MAX_EXPONENT))
        return self.xp.where(self.xp.isinf(power), power, power * rest)
