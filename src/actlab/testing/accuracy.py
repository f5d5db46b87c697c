"""Accuracy in ulp against the oracle: values, slopes, parameter derivatives."""

from __future__ import annotations

import functools
from typing import Any

import mpmath
import torch

from actlab.testing.comparison import HALF_TYPES, THROUGH_FLOAT32, compare
from actlab.testing.inputs import finite_inputs
from actlab.testing.oracle import exact
from actlab.testing.parameters import parameter_sets, storable_sets
from actlab.testing.subject import NotApplicableError, Subject, pullback


def value(subject: Subject, dtype: torch.dtype) -> None:
    """Values over finite inputs, for every parameter set."""
    for params in parameter_sets(subject.activation):
        inputs = finite_inputs(subject.activation, params, dtype)
        got = subject(subject.tensor(inputs, dtype), params)
        compare(subject, "value", inputs, got, params)


def gradient(subject: Subject, dtype: torch.dtype) -> None:
    """Slopes computed from the input."""
    for params in parameter_sets(subject.activation):
        inputs = finite_inputs(subject.activation, params, dtype)
        got = subject.gradient(subject.tensor(inputs, dtype), params, save="input")
        compare(subject, "slope", inputs, got, params, how="from the input")


def composite(subject: Subject, dtype: torch.dtype) -> None:
    """Values and slopes by plain differentiable operations, as transforms see them."""
    for params in parameter_sets(subject.activation):
        inputs = finite_inputs(subject.activation, params, dtype, spread=8)
        x = subject.tensor(inputs, dtype)
        got, pull = pullback(functools.partial(subject, params=params), x)
        compare(subject, "value", inputs, got, params, how="inside torch.func.vjp")
        slope, limit = pull(torch.ones_like(x)), traced_ulp(subject, dtype, through_float32=True)
        how, terms = "by torch.func.vjp", "traced slope"
        compare(subject, "slope", inputs, slope, params, how=how, limit=limit, terms=terms)


def partials(subject: Subject, dtype: torch.dtype) -> None:
    """Derivatives in the parameters, from the input, parameters being tensors of the dtype."""
    need_parameters(subject)
    for params in storable_sets(subject.activation, dtype):
        inputs = finite_inputs(subject.activation, params, dtype, spread=8)
        x = subject.tensor(inputs, dtype)
        for name, got in subject.partials(x, params, save="input").items():
            compare(subject, f"d/d{name}", inputs, got, params, how="from the input")


def tensor_parameters(subject: Subject, dtype: torch.dtype) -> None:
    """Values and slopes when the parameters are tensors, one value per channel."""
    need_parameters(subject)
    for params in storable_sets(subject.activation, dtype):
        inputs = finite_inputs(subject.activation, params, dtype, spread=8)
        x = subject.tensor(inputs, dtype)
        held: dict[str, Any] = {k: torch.full_like(x, v) for k, v in params.items()}
        got = subject(x[None], held)[0]
        compare(subject, "value", inputs, got, params, how="with tensor parameters")
        slope = subject.gradient(x[None], held, save="input")[0]
        compare(subject, "slope", inputs, slope, params, how="with tensor parameters")


def composite_partials(subject: Subject, dtype: torch.dtype) -> None:
    """Derivatives in the parameters by plain differentiable operations."""
    need_parameters(subject)
    for params in storable_sets(subject.activation, dtype):
        inputs = finite_inputs(subject.activation, params, dtype, spread=4)
        x = subject.tensor(inputs, dtype)[None]
        held = {k: torch.full_like(x[0], v) for k, v in params.items()}
        _, pull = pullback(functools.partial(subject, x), held)
        for name, got in pull(torch.ones_like(x)).items():
            what, how = f"d/d{name}", "by torch.func.vjp"
            if any(mpmath.isinf(exact(subject.activation, what, v, params)) for v in inputs):
                continue  # 0 * inf in torch's rules: such a derivative cannot pass through them
            limit = traced_ulp(subject, dtype, through_float32=True)
            compare(subject, what, inputs, got, params, how=how, limit=limit)


def traced_ulp(
    subject: Subject, dtype: torch.dtype, *, through_float32: bool = False
) -> float | None:
    """The error allowed for derivatives that torch's own rules form of a composition.

    In double each rule adds roundings of its own, so twice the promise; half-type gradients
    that torch converts (``through_float32``) are rounded twice. Otherwise the promise.
    """
    if dtype == torch.float64:
        return 2 * subject.activation.float64_ulp
    return THROUGH_FLOAT32 if through_float32 and dtype in HALF_TYPES else None


def need_parameters(subject: Subject) -> None:
    """Stop a check about parameters where there are none."""
    if not subject.activation.params:
        raise NotApplicableError("it has no parameters")
