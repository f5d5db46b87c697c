"""Formulas as their sources write them, run by plain torch: what a reader would type."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """``if x > 0 return x else alpha * (exp(x) - 1)``, vectorised."""
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def powerlu(x: Tensor, p: float | Tensor) -> Tensor:
    """Nested ``where``."""
    ramp = torch.where(x <= 1, ((x + 1) / 2) ** p, x)
    return torch.where(x < -1, torch.zeros_like(x), ramp)


def ralu(x: Tensor, alpha: float) -> Tensor:
    """``x (x^2 + alpha) / (x^2 + 1)``."""
    return x * (x**2 + alpha) / (x**2 + 1)


def ralu_as_sum(x: Tensor, alpha: float) -> Tensor:
    """``x + (alpha - 1) x / (x^2 + 1)``."""
    return x + (alpha - 1) * x / (x**2 + 1)


def ralu_slope(x: Tensor, alpha: float) -> Tensor:
    """``(x^4 + (3 - alpha) x^2 + alpha) / (x^2 + 1)^2``."""
    return (x**4 + (3 - alpha) * x**2 + alpha) / (x**2 + 1) ** 2


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The derivative that autograd gives."""
    at = x.detach().clone().requires_grad_()
    y = function(at)
    (slope,) = torch.autograd.grad(y, at, torch.ones_like(y))
    return slope
