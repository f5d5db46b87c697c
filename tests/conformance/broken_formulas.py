"""Formulas with one fault each, for the suite to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from actlab.defs import expolu, powerlu
from actlab.interpret.torch_ import TorchMaths

Formula = Callable[..., Any]


def powerlu_sign(m, x, *, p):
    ramp = m.power_of_sum(m.guard(x, (x >= -1) & (x <= 1), 0), 1, p, unit=2)
    return m.where(x < -1, 0, m.where(x <= 1, -ramp, x))


def powerlu_bound(m, x, *, p):
    ramp = m.power_of_sum(m.guard(x, (x >= -1) & (x <= 1), 0), 1, p, unit=2)
    return m.where(x < -0.96875, 0, m.where(x <= 1, ramp, x))


def powerlu_exponent(m, x, *, p):
    return powerlu.derivative(m, x, p=p + 1)


def powerlu_without_two_sum(m, x, *, p):
    base = (m.guard(x, (x >= -1) & (x <= 1), 0) + 1) / 2
    return m.where(x < -1, 0, m.where(x <= 1, m.power(base, p), x))


def powerlu_without_guard(m, x, *, p):
    return m.where(x < -1, 0, m.where(x <= 1, m.power_of_sum(x, 1, p, unit=2), x))


def powerlu_upper_slope_at_joint(m, x, *, p):
    return m.where(x < 1, powerlu.derivative(m, x, p=p), 1)


def powerlu_almost_dead(m, x, *, p):
    return m.where(x <= -1, 1e-30, powerlu.derivative(m, x, p=p))


def expolu_shifted_line(m, x, *, a, b, p):
    return m.where(
        x > b, expolu.forward(m, x, a=a, b=b, p=p) + 1e-3, expolu.forward(m, x, a=a, b=b, p=p)
    )


def elu_without_guard(m, x, *, alpha):
    return m.where(x <= 0, alpha * m.expm1(x), x)


def elu_without_expm1(m, x, *, alpha):
    return m.where(x <= 0, alpha * (m.exp(m.guard(x, x <= 0, 0)) - 1), x)


def elu_slope_of_relu_at_0(m, x, *, alpha):
    return m.where(x >= 0, 1, m.scaled_exp(alpha, m.guard(x, x <= 0, 0)))


def in_single(formula: Formula) -> Formula:
    """The formula in float32 arithmetic."""
    return lambda m, x, **params: formula(
        TorchMaths(x.float(), storage=m.storage, differentiable=m.differentiable),
        x.float(),
        **{k: v.float() if isinstance(v, torch.Tensor) else v for k, v in params.items()},
    ).to(x.dtype)


def by_length(formula: Formula) -> Formula:
    """Another rounding for long tensors than for short ones."""

    def wrong(m, x, **params):
        value = formula(m, x, **params)
        return value * (1 + 2**-7) if x.numel() > 64 else value

    return wrong


def by_layout(formula: Formula) -> Formula:
    """Another result for the elements at odd positions in memory."""

    def wrong(m, x, **params):
        value = formula(m, x, **params)
        odd = torch.arange(value.numel()).reshape(value.shape) % 2
        return value * (1 + 2**-7 * odd)

    return wrong


def writing(formula: Formula) -> Formula:
    """The right result, and the input written over by itself."""

    def wrong(m, x, **params):
        value = formula(m, x, **params)
        if not m.differentiable:
            x.mul_(1)
        return value

    return wrong


def wrong_partial(m, y, *, a, b, p):
    return -expolu.a_partial_from_output(m, y, a=a, b=b, p=p)


def unmasked_partial(m, y, *, p):
    # Right on the ramp, where the definition checks it; off the ramp a guard does not select.
    ramp = m.guard(y, (y > 0) & (y <= 1), 1)
    return ramp * m.log(ramp) / p
