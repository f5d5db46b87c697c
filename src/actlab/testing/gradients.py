"""Gradients by finite differences, of both orders, and with cotangents other than 1."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from actlab.testing.comparison import halves_by_terms, misses, promised_ulp, report
from actlab.testing.inputs import finite_inputs, noise, ordinary_inputs
from actlab.testing.oracle import exact
from actlab.testing.parameters import few_sets, parameter_sets
from actlab.testing.special import saving_forms
from actlab.testing.subject import Subject
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS

RTOL, ATOL = 1e-6, 1e-8
LARGE = 100.0
"""Finite differences of larger values round by more than ATOL."""


def first_order(subject: Subject) -> None:
    """torch.autograd.gradcheck at rtol 1e-6 over the input and every parameter."""
    for params in _smooth_sets(subject):
        x = _places(subject, params, 0.01)
        for save in saving_forms(subject, params):
            apply = functools.partial(subject, params=params, save=save)
            _run(gradcheck, subject, params, apply, (x,), f"save={save!r}")
        if params:
            for channels in (1, 3):
                apply = functools.partial(_with_tensors, subject, list(params))
                inputs = (x, *_tensors(params, channels))
                _run(gradcheck, subject, params, apply, inputs, f"{channels} value(s)")


def second_order(subject: Subject) -> None:
    """torch.autograd.gradgradcheck at rtol 1e-6 over the input and every parameter."""
    from_output = False
    for params in _smooth_sets(subject)[:4]:
        x = _places(subject, params, 0.1)
        for save in saving_forms(subject, params):
            # One set shows that the way back from the output is differentiable.
            if save == "output" and from_output:
                continue
            from_output = from_output or save == "output"
            apply = functools.partial(subject, params=params, save=save)
            _run(gradgradcheck, subject, params, apply, (x,), f"save={save!r}")
        if params:
            apply = functools.partial(_with_tensors, subject, list(params))
            inputs = (x, *_tensors(params, 3))
            _run(gradgradcheck, subject, params, apply, inputs, "a value per channel")


def cotangents(subject: Subject, dtype: torch.dtype) -> None:
    """Cotangent times slope, rounded as one result."""
    activation, form = subject.activation, FORMATS[dtype]
    for params in few_sets(activation, 6):
        # A slope that leaves the range of double makes a product that nothing can form.
        inputs = [
            x
            for x in finite_inputs(activation, params, dtype, spread=8)
            if abs(float(exact(activation, "slope", x, params))) < math.inf
        ]
        given = subject.tensor(noise((len(inputs),), dtype), dtype)
        got = subject.gradient(subject.tensor(inputs, dtype), params, cotangent=given, save="input")
        factor = dict(zip(inputs, given.double().tolist(), strict=True))

        def truth(x: float, params: Any = params, factor: Any = factor) -> Any:
            return _times(factor[x], exact(activation, "slope", x, params))

        def scale(x: float, params: Any = params, factor: Any = factor) -> Any:
            terms = magnitude_of_terms(activation, "slope", x, params)
            return None if terms is None else abs(factor[x]) * terms

        limit = promised_ulp(subject, "slope", dtype)
        if dtype == torch.float64:
            limit += 1  # the product rounds once more
        by_terms = halves_by_terms(subject)
        found = misses(inputs, got, truth, form, limit, scale, halves_by_terms=by_terms)
        heading = f"{subject.label(params)} {form.name} cotangent times slope"
        report(found, len(inputs), heading)


def _times(factor: float, slope: Any) -> Any:
    import mpmath

    with mpmath.workdps(90):
        return factor * slope


def _smooth_sets(subject: Subject) -> list[dict[str, float]]:
    """Parameter sets for which finite differences are accurate enough to judge by."""
    kept = []
    for params in parameter_sets(subject.activation):
        inside = all(
            param.domain.contains(params[param.name] - 0.01)
            and param.domain.contains(params[param.name] + 0.01)
            and abs(params[param.name]) <= 10
            for param in subject.activation.params
        )
        if inside and subject(_places(subject, params, 0.01), params).abs().max() < LARGE:
            kept.append(params)
    return kept[:6]


def _places(subject: Subject, params: Mapping[str, float], away: float) -> Tensor:
    inputs = ordinary_inputs(subject.activation, params, torch.float64, count=12, away=away)
    return subject.tensor(inputs, torch.float64).reshape(-1, 3).requires_grad_()


def _tensors(params: Mapping[str, float], channels: int) -> list[Tensor]:
    steps = 1 + 0.001 * torch.arange(channels, dtype=torch.float64)
    return [(value * steps).requires_grad_() for value in params.values()]


def _with_tensors(subject: Subject, names: list[str], x: Tensor, *values: Tensor) -> Tensor:
    return subject(x, dict(zip(names, values, strict=True)))


def _run(
    checker: Any,
    subject: Subject,
    params: Mapping[str, float],
    apply: Any,
    inputs: tuple[Tensor, ...],
    how: str,
) -> None:
    more = {"check_forward_ad": subject.traces} if checker is gradcheck else {}
    try:
        checker(apply, inputs, eps=1e-6, rtol=RTOL, atol=ATOL, check_batched_grad=True, **more)
    except RuntimeError as error:
        raise AssertionError(f"{subject.label(params)}, {how}: {error}") from error
