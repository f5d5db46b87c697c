"""The torch interpreter: formulas as plain differentiable torch operations.

Everything is elementwise and free of data-dependent Python control flow, so autograd,
functorch, forward mode, ``torch.compile`` and export all see ordinary operations. The
derivatives that autograd forms of these compositions are as accurate as the values: where
torch's own rule is not (``expm1`` and ``tanh`` recompute their slope from a rounded output),
the primitive is composed so that its rule is.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from actlab.interpret.double_arithmetic import SAFE_POWER, number_power, product_error

Number = int | float

SQRT_HALF = 0.7071067811865476
DENSITY_AT_0 = 0.3989422804014327
MAX_EXPONENT = 700.0
"""exp neither overflows nor underflows within +-700."""

MIN_HALVED = 1e-30
"""Below this size e**x - 1 is x, and halving x might lose a digit of a subnormal number."""

NO_EXPONENT = -800.0
"""exp is 0 from here down."""

PLAIN_POWER = 2.0**20
"""Below this exponent, rounding ``x + b`` once in double cannot be seen in a float32 result."""


def is_number(value: Any) -> bool:
    """Whether a formula's operand is a Python number rather than a tensor."""
    return isinstance(value, (int, float))


def within(x: Any, meant: Any) -> Any:
    """The condition of a guard, which may be given as a pair of ends."""
    if isinstance(meant, tuple):
        low, high = meant
        return (x >= low) & (x <= high)
    return meant


class TorchMaths:
    """``core.maths.Maths`` over tensors of one dtype; Python numbers stay Python numbers.

    Args:
        like: a tensor of the dtype and device to compute in.
        storage: the dtype that results are rounded to afterwards.
        differentiable: whether autograd will differentiate the operations; if not, cheaper
            forms with the same values are used.
    """

    pi = math.pi

    def __init__(self, like: Tensor, *, storage: torch.dtype, differentiable: bool) -> None:
        self.dtype = like.dtype
        self.device = like.device
        self.storage = storage
        self.narrow = storage != like.dtype
        self.differentiable = differentiable

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        if is_number(yes) and is_number(no):
            yes = self._tensor(yes)
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
        return self.scaled_expm1(1.0, x)

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
        size = -self.expm1(minus) / (1 + torch.exp(minus))
        return torch.where(positive, size, -size)

    def sigmoid(self, x: Tensor) -> Tensor:
        # torch.sigmoid rounds differently in its vectorised and its scalar loop.
        positive = x > 0
        decay = torch.exp(torch.where(positive, -x, x))
        return torch.where(positive, 1 / (1 + decay), decay / (1 + decay))

    def normal_cdf(self, x: Tensor) -> Tensor:
        return 0.5 * torch.erfc(-SQRT_HALF * x)

    def normal_density(self, x: Tensor) -> Tensor:
        return DENSITY_AT_0 * torch.exp(-0.5 * (x * x))

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        if is_number(base) and is_number(p) and is_number(divisor):
            return number_power(base, p, divisor)
        return self._divided_power(self._tensor(base), None, p, divisor)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        base = self._tensor(base)
        alive = base > 0
        slope = self._power_slope(torch.where(alive, base, 1.0), None, p, p, divisor)
        flat = self.where(p == 1, 1 / divisor, math.inf)
        return torch.where(alive, slope, self.where(p > 1, 0.0, flat))

    def power_of_sum(self, x: Tensor, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Tensor:
        if self._is_plain(p):
            return self._divided_power(self._clamped(x, b, unit), None, p, divisor)
        alive, base, ratio = self._base(x, b, p, unit)
        return torch.where(alive, self._divided_power(base, ratio, p, divisor), 0.0)

    def slope_of_power(
        self, x: Tensor, b: Any, p: Any, unit: float = 1, divisor: Any = 1
    ) -> Tensor:
        if self._is_plain(p) and p > 1:
            return self._power_slope(self._clamped(x, b, unit), None, p, p / unit, divisor)
        alive, base, ratio = self._base(x, b, p, unit)
        return torch.where(alive, self._power_slope(base, ratio, p, p / unit, divisor), 0.0)

    def power_times_log(
        self, x: Tensor, b: Any, p: Any, unit: float = 1, divisor: Any = 1
    ) -> Tensor:
        alive, base, ratio = self._base(x, b, p, unit)
        log = torch.log(base) if ratio is None else torch.log(base) + ratio
        return torch.where(alive, self._divided_power(base, ratio, p, divisor) * log, 0.0)

    def lower_power(self, y: Tensor, p: Any) -> Tensor:
        if is_number(p):
            if p == 2:
                return torch.sqrt(y)
            exact = 1 - 1 / Fraction(p)
            exponent = float(exact)
            power, lost = torch.pow(y, exponent), float(exact - Fraction(exponent))
        else:
            inverse = 1 / p
            exponent = 1 - inverse
            power = torch.pow(y, exponent)
            remainder = (1 - inverse * p) - product_error(inverse, p)
            lost = ((1 - exponent) - inverse) - remainder / p
        return power if self.narrow else power + power * (lost * torch.log(y))

    def stored(self, x: Any) -> Tensor:
        return self._tensor(x).detach().to(self.storage).to(self.dtype)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    def lost(self, x: Any) -> Any:
        return 0.0

    def iterate(self, step: Any, state: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        for _ in range(times):
            state = step(*state)
        return state

    def _tensor(self, x: Any) -> Tensor:
        if is_number(x):
            return torch.full((), x, dtype=self.dtype, device=self.device)
        return x

    def _forgives(self, p: Any) -> bool:
        """Whether rounding a power's base in double cannot be seen in the result."""
        return self.narrow and is_number(p) and p < PLAIN_POWER

    def _is_plain(self, p: Any) -> bool:
        """Whether a power may be taken of the clamped sum itself: 0**p is 0."""
        return not self.differentiable and self._forgives(p)

    def _clamped(self, x: Any, b: Any, unit: float) -> Tensor:
        base = torch.clamp(self._tensor(x) + b, min=0.0)
        return base / unit if unit != 1 else base

    def _base(self, x: Any, b: Any, p: Any, unit: float) -> tuple[Tensor, Tensor, Tensor | None]:
        """Where ``x + b > 0``, the base ``(x + b) / unit`` and its relative rounding error.

        Elements without a base get base 1 and error 0. The error is None when the result
        is rounded to a narrower dtype and the exponent is too small to magnify it so far.
        """
        x = self._tensor(x)
        total = x + b
        alive = total > 0
        safe = torch.where(alive, total, float(unit))
        base = safe / unit if unit != 1 else safe
        if self._forgives(p):
            return alive, base, None
        shadow = total - x
        lost = (x - (total - shadow)) + (b - shadow)
        return alive, base, torch.where(alive, lost, 0.0) / safe

    def _power_slope(
        self, base: Tensor, ratio: Tensor | None, p: Any, factor: Any, divisor: Any
    ) -> Tensor:
        """``factor * base**(p - 1) / divisor``."""
        # p - 1 is exact from 0.5 on; below, its rounding would be magnified by log(base).
        if is_number(p):
            if p >= 0.5:
                return self._divided_power(base, ratio, p - 1, divisor, factor)
            return self._divided_power(base, ratio, p, divisor, factor) / base
        steep = p < 0.5
        exponent = torch.where(steep, p, p - 1)
        power = self._divided_power(base, ratio, exponent, divisor, factor)
        return power / torch.where(steep, base, 1.0)

    def _divided_power(
        self, base: Tensor, ratio: Tensor | None, p: Any, divisor: Any, factor: Any = 1
    ) -> Tensor:
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
        return torch.where(inside, direct, factor * half / divisor * half)

    def _power(self, base: Tensor, ratio: Tensor | None, p: Any) -> Tensor:
        """``(base * (1 + ratio))**p`` for ``base > 0`` and ``|ratio|`` within rounding error."""
        if is_number(p) and p in (0, 1, 2, 3, 4):
            if p == 0:
                return torch.ones_like(base)
            square = base * base
            power = {1: base, 2: square, 3: square * base, 4: square * square}[int(p)]
            return power if ratio is None else power + power * (p * ratio)
        if self.differentiable and not self.narrow and is_number(p):
            # torch's rule has the exponent p - 1, which is exact only from p = 0.5 on.
            while 1e-9 < p < 0.5:
                base, p, ratio = torch.sqrt(base), 2 * p, None if ratio is None else 0.5 * ratio
        power = torch.pow(base, p)
        if ratio is None:
            return power
        rest = torch.exp(torch.clamp(p * ratio, NO_EXPONENT, MAX_EXPONENT))
        return torch.where(torch.isinf(power), power, power * rest)
