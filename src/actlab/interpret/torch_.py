"""The torch interpreter: formulas as plain differentiable torch operations.

Everything is elementwise and free of data-dependent Python control flow, so autograd,
functorch, forward mode, ``torch.compile`` and export all see ordinary operations. The
derivatives that autograd forms of these compositions are as accurate as the values: where
torch's own rule is not (``expm1`` and ``tanh`` recompute their slope from a rounded output),
the primitive is composed so that its rule is.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from actlab.interpret.array_powers import MAX_EXPONENT, ArrayPowers
from actlab.interpret.arrays import DENSITY_AT_0, LARGE_FACTOR, SQRT_HALF, within
from actlab.interpret.double_arithmetic import is_number

MIN_HALVED = 1e-30
"""Below this size e**x - 1 is x, and halving x might lose a digit of a subnormal number."""


class TorchMaths(ArrayPowers):
    """``core.maths.Maths`` over tensors of one dtype; Python numbers stay Python numbers.

    Args:
        like: a tensor of the dtype and device to compute in.
        storage: the dtype that results are rounded to afterwards.
        differentiable: whether autograd will differentiate the operations; if not, cheaper
            forms with the same values are used.
    """

    xp = torch
    pi = math.pi

    def __init__(self, like: Tensor, *, storage: torch.dtype, differentiable: bool) -> None:
        self.dtype = like.dtype
        self.device = like.device
        self.storage = storage
        self.narrow = storage != like.dtype
        self.differentiable = differentiable

    def array(self, x: Any) -> Tensor:
        if is_number(x):
            return torch.full((), x, dtype=self.dtype, device=self.device)
        return x

    def pow(self, base: Tensor, p: Any) -> Tensor:
        return torch.pow(base, p)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        if is_number(yes) and is_number(no):
            yes = self.array(yes)
        return torch.where(condition, yes, no)

    def guard(self, x: Tensor, meant: Any, otherwise: Any) -> Tensor:
        if not self.differentiable:
            return x
        if isinstance(meant, bool):
            return x if meant else otherwise
        return torch.where(within(x, meant), x, otherwise)

    def absolute(self, x: Tensor) -> Tensor:
        return torch.abs(x)

    def exp(self, x: Tensor) -> Tensor:
        return torch.exp(x)

    def expm1(self, x: Tensor) -> Tensor:
        if not self.differentiable:
            return torch.expm1(x)
        # As below, and on both sides of 0.
        small = torch.abs(x) <= 1
        far = torch.exp(torch.where(small, 1.0, x)) - 1
        half = torch.tanh(0.5 * torch.where(small, x, 0.0))
        near = torch.where(torch.abs(x) < MIN_HALVED, x, 2 * half / (1 - half))
        return torch.where(small, near, far)

    def scaled_expm1(self, scale: Any, x: Tensor) -> Tensor:
        if not self.differentiable:
            return scale * torch.expm1(x)
        # torch's rule for expm1 is output + 1, which cancels for very negative x, and compiled
        # graphs may evaluate expm1 itself as exp(x) - 1, which cancels near 0.
        tail = x < -1
        far = self.scaled_exp(scale, torch.where(tail, x, -1.0)) - scale
        half = torch.tanh(0.5 * torch.where(tail, -1.0, x))
        near = torch.where(x > -MIN_HALVED, x, 2 * half / (1 - half))
        return torch.where(tail, far, scale * near)

    def scaled_exp(self, scale: Any, x: Tensor) -> Tensor:
        direct = scale * torch.exp(x)
        if self.narrow and is_number(scale) and abs(scale) < 1e200:
            return direct
        half = torch.exp(0.5 * x)
        return torch.where(x < -MAX_EXPONENT, (scale * half) * half, direct)

    def log(self, x: Any) -> Any:
        return math.log(x) if is_number(x) else torch.log(x)

    def log1p(self, x: Tensor) -> Tensor:
        return torch.log1p(x)

    def sqrt(self, x: Any) -> Any:
        return math.sqrt(x) if is_number(x) else torch.sqrt(x)

    def tanh(self, x: Tensor) -> Tensor:
        if not self.differentiable:
            return torch.tanh(x)
        positive = x > 0
        minus = torch.where(positive, -2 * x, 2 * x)
        size = -self.scaled_expm1(1.0, minus) / (1 + torch.exp(minus))
        return torch.where(positive, size, -size)

    def sin(self, x: Tensor, rate: Any = 1) -> Tensor:
        angle, lost = self._angle(x, rate)
        direct = torch.sin(angle)
        if lost is None:
            return direct
        whole = direct * torch.cos(lost) + torch.cos(angle) * torch.sin(lost)
        return torch.where(lost == 0, direct, whole)  # the sum would lose the sign of -0.0

    def cos(self, x: Tensor, rate: Any = 1) -> Tensor:
        angle, lost = self._angle(x, rate)
        if lost is None:
            return torch.cos(angle)
        return torch.cos(angle) * torch.cos(lost) - torch.sin(angle) * torch.sin(lost)

    def arctan(self, x: Tensor) -> Tensor:
        return torch.atan(x)

    def erf(self, x: Tensor) -> Tensor:
        return torch.erf(x)

    def sigmoid(self, x: Tensor) -> Tensor:
        # torch.sigmoid rounds differently in its vectorised and its scalar loop.
        positive = x > 0
        decay = torch.exp(torch.where(positive, -x, x))
        return torch.where(positive, 1 / (1 + decay), decay / (1 + decay))

    def normal_cdf(self, x: Tensor) -> Tensor:
        return 0.5 * torch.erfc(-SQRT_HALF * x)

    def normal_density(self, x: Tensor) -> Tensor:
        return DENSITY_AT_0 * torch.exp(-0.5 * (x * x))

    def stored(self, x: Any) -> Tensor:
        return self.array(x).detach().to(self.storage).to(self.dtype)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    def lost(self, x: Any) -> Any:
        return 0.0

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        for _ in range(times):
            state = step(*state)
        return state

    def _no_angle(self, x: Tensor, rate: Any) -> Tensor:
        """0 with the slopes that ``rate * x`` has; NaN for an infinite ``x``."""
        if not self.differentiable:
            return x * 0.0
        angle = (x - x.detach()) * (rate if is_number(rate) else rate.detach())
        return angle if is_number(rate) else angle + (rate - rate.detach()) * x.detach()

    def _angle(self, x: Tensor, rate: Any) -> tuple[Tensor, Tensor | None]:
        """``rate * x``, and what rounding took from it (None where that is nothing)."""
        product = self.array(rate * x)
        inside = torch.abs(product) < math.inf
        angle = torch.where(inside, product, self._no_angle(x, rate))
        if is_number(rate) and abs(math.frexp(rate)[0]) == 0.5:
            return angle, None
        # Scaled, so that no part of a part of a factor overflows.
        scale = self.where(torch.abs(x) > LARGE_FACTOR, 1 / LARGE_FACTOR, 1.0)
        lost = self.product_error(x * scale, self.array(rate)) / scale
        return angle, torch.where(inside, lost, 0.0).detach()
