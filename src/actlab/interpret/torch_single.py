"""Formulas in single precision as plain differentiable torch operations, for compilers.

To compilers double precision is twice the work and more: they keep the masks of its comparisons
for backward, which costs more than computing them again from ``x``. Where a definition says that
its formula is accurate in the dtype's own precision (``core.Direct``), it is shown to them so.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from actlab.interpret.torch_ import TorchMaths

NEAR_DOUBLE, NEAR_SINGLE = 2.0**-17, 0.25
"""Below these sizes e**x - 1 is a polynomial, in double for float32 and in single for halves."""

TERMS_DOUBLE, TERMS_SINGLE = 2, 7
"""So many terms of the exponential series are as accurate as the dtype that is stored."""


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

    def widened(self, x: Tensor) -> Tensor:
        return x if self.half else x.to(torch.float64)

    def scaled_expm1(self, scale: Any, x: Tensor) -> Tensor:
        # Compilers may evaluate expm1 itself as exp(x) - 1, which cancels near 0, and torch's
        # rule for it cancels for very negative x.
        size = NEAR_SINGLE if self.half else NEAR_DOUBLE
        near, x, small = x > -size, self.widened(x), self.widened(self.guard(x, x > -size, 0))
        series = torch.ones_like(small)
        for k in range(TERMS_SINGLE if self.half else TERMS_DOUBLE, 1, -1):
            series = 1 + small * (1 / k) * series
        return scale * torch.where(near, small * series, torch.exp(x) - 1)

    def power_of_sum(self, x: Tensor, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Tensor:
        # (total + lost)^2 but for lost^2; `unit` and `divisor` are powers of two.
        total = x + b
        shadow = total - x
        lost = ((x - (total - shadow)) + (b - shadow)).detach()
        scaled = total * (1 / (divisor * unit * unit))
        return torch.where(total > 0, scaled * total + scaled * (2 * lost), 0.0)
