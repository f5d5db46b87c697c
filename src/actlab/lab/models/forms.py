"""The forms in which a function can be had: whose code it is that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.functional import Backend, call
from actlab.lab.arm import Arm
from actlab.nn import Activation

Form = Literal["actlab", "formula", "eager", "torch", "compiled"]
"""``actlab``: what a user of this package gets, compiled kernels where they are built.
``formula``: what the package falls back on without them. ``eager``: the formula as one would type
it from the paper. ``torch``: PyTorch's own function. ``compiled``: ``torch.compile`` of that, or of
``eager`` where PyTorch has no such function."""

Function = Callable[..., Tensor]

TORCH: Mapping[str, Function] = MappingProxyType(
    {
        "celu": functional.celu,
        "elu": functional.elu,
        "gelu": functional.gelu,
        "hard_sigmoid": functional.hardsigmoid,
        "hard_swish": functional.hardswish,
        "leaky_relu": functional.leaky_relu,
        "log_sigmoid": functional.logsigmoid,
        "mish": functional.mish,
        "relu": torch.relu,
        "relu6": functional.relu6,
        "selu": functional.selu,
        "sigmoid": torch.sigmoid,
        "silu": functional.silu,
        "soft_sign": functional.softsign,
        "softplus": functional.softplus,
        "tanh": torch.tanh,
        "tanh_shrink": functional.tanhshrink,
    }
)
"""PyTorch's own functions by our name; their parameters are called and mean the same."""


def _elu(x: Tensor, alpha: float) -> Tensor:
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def _expolu(x: Tensor, a: float, b: float, p: float) -> Tensor:
    above = x - b + (2 * b) ** p / a
    return torch.where(x < -b, 0.0, torch.where(x <= b, (x + b) ** p / a, above))


def _powerlu(x: Tensor, p: float) -> Tensor:
    return torch.where(x < -1, 0.0, torch.where(x <= 1, ((x + 1) / 2) ** p, x))


def _ralu(x: Tensor, alpha: float) -> Tensor:
    square = x * x
    return x * (square + alpha) / (square + 1)


def _relu(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.0)


EAGER: Mapping[str, Function] = MappingProxyType(
    {"elu": _elu, "expolu": _expolu, "powerlu": _powerlu, "ralu": _ralu, "relu": _relu}
)


def function_in(arm: Arm, form: Form, dtype: torch.dtype) -> tuple[Function, list[Tensor]]:
    """An arm's function in a form, and the parameters that it learns.

    Args:
        arm: the function; where it learns, one set of parameters.
        form: whose code runs.
        dtype: of what it learns.

    Raises:
        ValueError: there is no such form of the function.
    """
    if form == "compiled":
        plain, _ = function_in(arm, "torch" if arm.name in TORCH else "eager", dtype)
        # Compiled programs are kept by code, not by function, and only so many of them.
        torch.compiler.reset()
        return cast("Function", torch.compile(plain, dynamic=False, fullgraph=True)), []
    if form == "eager" or (form == "torch" and not arm.learn):
        known = EAGER if form == "eager" else TORCH
        if arm.name not in known or arm.learn:
            raise _missing(arm, form, known)
        return partial(known[arm.name], **arm.params), []
    if form == "torch":
        if arm.name not in ("prelu", "leaky_relu"):
            raise _missing(arm, form, ("prelu", "leaky_relu"))
        weight = nn.Parameter(torch.full((1,), *arm.params.values(), dtype=dtype))
        return partial(_prelu, weight), [weight]
    backend: Backend = "formula" if form == "formula" else None
    if not arm.learn:
        return partial(call, arm.name, backend=backend, **arm.params), []
    module = arm.module().to(dtype)
    if isinstance(module, Activation):
        module.backend = backend
    learned: list[Tensor] = [p for p in module.parameters() if p.requires_grad]
    return module, learned


def _prelu(weight: Tensor, x: Tensor) -> Tensor:
    return functional.prelu(x, weight)


def _missing(arm: Arm, form: str, known: Mapping[str, Function] | tuple[str, ...]) -> ValueError:
    learning = " that learns" if arm.learn else ""
    return ValueError(
        f"form {form!r} has no {arm.name}{learning}; it has {', '.join(sorted(known))}"
        + (", none of which learn" if form == "eager" else "")
    )
