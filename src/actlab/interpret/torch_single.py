"""Formulas in single precision as plain differentiable torch operations, for compilers.

To compilers double precision is twice the work and more: they keep the masks of its comparisons
for backward, which costs more than computing them again from ``x``. Where a definition says that
its formula is accurate in the dtype's own precision (``core.Direct``), it is shown to them so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from actlab.interpret.double_arithmetic import is_number
from actlab.interpret.torch_ import TorchMaths

NEAR, NEAR_HALF = -0.6931472, -0.25
"""Above these numbers e**x - 1 is a polynomial, for float32 and for half types.

From -ln 2 on e**x is at least 1/2, and e**x - 1 would show its error twice.
"""

CUBIC = (
    0.00014991385978646576, 0.0013488377444446087, 0.008317273110151291, 0.04166363552212715,
    0.16666646301746368,
)  # fmt: skip
"""(e**x - 1 - x - x**2 / 2) / x**3 as a polynomial for NEAR <= x <= 0: to 0.006 ulp of the sum."""

CUBIC_HALF = (0.007621333934366703, 0.04154689610004425, 0.1666603535413742)
"""The same for NEAR_HALF <= x <= 0: to 0.09 ulp."""


class SingleMaths(TorchMaths):
    """``core.maths.Maths`` over float32 tensors, with powers only as squares.

    Args:
        like: a float32 tensor.
        storage: the dtype that results are rounded to: float32 or a half type.
    """

    def __init__(self, like: Tensor, *, storage: torch.dtype) -> None:
        super().__init__(like, storage=storage, differentiable=True)
        self.half = storage != torch.float32

    def exact(self, x: Any) -> bool:
        # As a normal number, which is all that formulas multiply and divide by.
        digits, exponent = math.frexp(x)
        return digits * 2.0**24 % 1.0 == 0.0 and -125 <= exponent <= 128

    def absolute(self, x: Any) -> Any:
        return abs(x) if is_number(x) else torch.abs(x)

    def erf(self, x: Tensor) -> Tensor:
        # In float32 Inductor vectorises a formula with an absolute error, which loses small x.
        return torch.erf(x.to(torch.float64)).to(x.dtype)

    def widened(self, x: Tensor) -> Tensor:
        return x if self.half else x.to(torch.float64)

    def scaled_expm1(self, scale: Any, x: Tensor) -> Tensor:
        # Compilers may evaluate expm1 itself as exp(x) - 1, which cancels near 0.
        # On a GPU they may flush to 0 what e**x has below the normal numbers.
        single = self.half or self.device.type == "cpu"
        power = torch.exp(x if single else x.to(torch.float64))
        near = self._near_half(x) if self.half else self._near(x)
        value = torch.where(x > (NEAR_HALF if self.half else NEAR), near, power - 1)
        slope = power
        if not is_number(scale) or scale != 1:
            value, slope = scale * value, scale * slope
        # A value without slope, less 0 with the slope of scale * e**x: autograd would else
        # differentiate the polynomial, at more than its cost and with more error.
        return value.detach() - (slope.detach() - slope)

    def _near(self, x: Tensor) -> Tensor:
        """``e**x - 1`` for NEAR <= x <= 0, within 0.95 ulp; 0 for -0.0."""
        square = x * x
        half = 0.5 * square
        total = x + half
        lost = half - (total - x)
        return total + (lost + square * (x * _polynomial(CUBIC, x)))

    def _near_half(self, x: Tensor) -> Tensor:
        """``e**x - 1`` for NEAR_HALF <= x <= 0, within 0.75 ulp of float32; 0 for -0.0."""
        square = x * x
        return x + (0.5 * square + square * (x * _polynomial(CUBIC_HALF, x)))

    def power_of_sum(self, x: Tensor, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Tensor:
        # (total + lost)^2 but for lost^2; `unit` and `divisor` are powers of two.
        total = x + b
        shadow = total - x
        lost = ((x - (total - shadow)) + (b - shadow)).detach()
        scaled = total * (1 / (divisor * unit * unit))
        return torch.where(total > 0, scaled * total + scaled * (2 * lost), 0.0)


def _polynomial(coefficients: Sequence[float], x: Tensor) -> Any:
    total: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total
