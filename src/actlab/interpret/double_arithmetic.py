"""Double precision beyond the operators: powers of Python numbers, and what a product loses."""

from __future__ import annotations

import math
from typing import Any

SAFE_POWER = 1e280
"""Powers within [1/SAFE, SAFE] can be divided directly; others may leave the range first."""


def is_number(value: Any) -> bool:
    """Whether a formula's operand is a Python number rather than a tensor or an array."""
    return isinstance(value, (int, float))


def number_power(base: float, p: float, divisor: float) -> float:
    """``base**p / divisor`` of Python numbers; infinite when it overflows."""
    if base <= 0:
        return 0.0
    try:
        whole = math.pow(base, p)
        if 1 / SAFE_POWER < whole < SAFE_POWER or divisor == 1:
            return whole / divisor
        half = math.pow(base, 0.5 * p)
        return half / divisor * half
    except OverflowError:
        return math.inf


def product_error(x: Any, y: Any) -> Any:
    """``x * y`` less its rounded value, exactly (Dekker's product, double precision)."""
    factor = 134217729.0
    product = x * y
    x_high = factor * x - (factor * x - x)
    y_high = factor * y - (factor * y - y)
    x_low, y_low = x - x_high, y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
