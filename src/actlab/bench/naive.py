"""The textbook formula in plain torch, as somebody would type it from the paper."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from actlab.core import Activation


class NaiveMaths:
    """``core.maths.Maths`` without any of its promises: the shortest torch expression each."""

    pi = math.pi

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        if not isinstance(yes, Tensor) and not isinstance(no, Tensor):
            yes = torch.full((), float(yes))
        return torch.where(condition, yes, no)

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        return x

    def absolute(self, x: Any) -> Any:
        return abs(x)

    def exp(self, x: Any) -> Any:
        return torch.exp(x) if isinstance(x, Tensor) else math.exp(x)

    def expm1(self, x: Any) -> Any:
        return torch.expm1(x)

    def scaled_expm1(self, scale: Any, x: Any) -> Any:
        return scale * torch.expm1(x)

    def scaled_exp(self, scale: Any, x: Any) -> Any:
        return scale * self.exp(x)

    def log(self, x: Any) -> Any:
        return torch.log(x) if isinstance(x, Tensor) else math.log(x)

    def log1p(self, x: Any) -> Any:
        return torch.log1p(x)

    def sqrt(self, x: Any) -> Any:
        return torch.sqrt(x) if isinstance(x, Tensor) else math.sqrt(x)

    def tanh(self, x: Any) -> Any:
        return torch.tanh(x)

    def sin(self, x: Any, rate: Any = 1) -> Any:
        return torch.sin(rate * x)

    def cos(self, x: Any, rate: Any = 1) -> Any:
        return torch.cos(rate * x)

    def arctan(self, x: Any) -> Any:
        return torch.atan(x)

    def erf(self, x: Any) -> Any:
        return torch.erf(x)

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + torch.exp(-x))

    def normal_cdf(self, x: Any) -> Any:
        return 0.5 * (1 + torch.erf(x / math.sqrt(2)))

    def normal_density(self, x: Any) -> Any:
        return torch.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        return base**p / divisor

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        return p * base ** (p - 1) / divisor

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        return ((x + b) / unit) ** p / divisor

    def slope_of_power(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        return p * ((x + b) / unit) ** (p - 1) / (unit * divisor)

    def power_times_log(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        base = (x + b) / unit
        return base**p * self.log(base) / divisor

    def lower_power(self, y: Any, p: Any) -> Any:
        return y ** (1 - 1 / p)

    def stored(self, x: Any) -> Any:
        return x

    def widened(self, x: Any) -> Any:
        return x

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    def lost(self, x: Any) -> Any:
        return 0.0

    def exact(self, x: Any) -> Any:
        return True

    def iterate(self, step: Callable[..., Any], state: Any, times: int) -> Any:
        for _ in range(times):
            state = step(*state)
        return state


def naive(definition: Activation) -> Callable[..., Tensor]:
    """``f(x, **params)`` by the textbook, differentiated by autograd alone.

    Example:
        >>> from actlab import registry
        >>> naive(registry.get("powerlu"))(torch.tensor([-2.0, 0.0, 3.0]), p=2.0)
        tensor([0.0000, 0.2500, 3.0000])
    """
    formula = definition.textbook or definition.forward
    m = NaiveMaths()

    def function(x: Tensor, **params: Any) -> Tensor:
        return formula(m, x, **params)

    return function
