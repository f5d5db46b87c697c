"""Special values: NaN, infinities, signed zeros, and cotangents that are not finite."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from actlab.testing.comparison import compare, expect_same_bits
from actlab.testing.inputs import finite_inputs, noise
from actlab.testing.oracle import exact
from actlab.testing.parameters import few_sets, parameter_sets
from actlab.testing.subject import Subject, pullback
from actlab.testing.ulp import FORMATS, steps

INF = math.inf


def saving_forms(subject: Subject, params: Mapping[str, float]) -> list[str]:
    """The forms that backward can work from for these parameters."""
    form = subject.activation.from_output
    if form is None:
        return ["input"]
    needed = {**form.accurate_in, **form.domains}
    allowed = all(domain.contains(params[name]) for name, domain in needed.items())
    return ["input", "output"] if allowed else ["input"]


def nan(subject: Subject, dtype: torch.dtype) -> None:
    """NaN in, NaN out: value and slope, eager and composite, from input and from output."""
    x = subject.tensor([math.nan, 0.5], dtype)
    for params, how, y, slope in _both_ways(subject, x):
        if not y[0].isnan() or y[1].isnan():
            raise AssertionError(f"{subject.label(params)}: f([nan, 0.5]) is {y.tolist()}, {how}")
        if not slope[0].isnan() or slope[1].isnan():
            raise AssertionError(
                f"{subject.label(params)}: the slope at [nan, 0.5] is {slope.tolist()}, {how}"
            )


def infinities(subject: Subject, dtype: torch.dtype) -> None:
    """At the infinities values and slopes are the limits, and NaN only where there is none."""
    ends = [-INF, INF]
    for params, how, y, slope in _both_ways(subject, subject.tensor(ends, dtype)):
        for what, got in (("value", y), ("slope", slope)):
            if what == "slope" and "output" in how and not all(y.isfinite()):
                continue
            kept = [k for k, end in enumerate(ends) if _settles(subject, what, end, params)]
            compare(
                subject,
                what,
                [ends[k] for k in kept],
                got[kept],
                params,
                how=f"at the infinities, {how}",
            )
            for k in {0, 1} - set(kept):
                if not got[k].isnan():
                    raise AssertionError(
                        f"{subject.label(params)} {what} at {ends[k]}: there is no limit, and so "
                        f"it should be NaN; got {got[k].item()!r} {how}"
                    )


def _settles(subject: Subject, what: str, end: float, params: Mapping[str, float]) -> bool:
    """Whether a result tends to something: it does not swing between far places."""
    places = [math.copysign(1e5 * (1 + 0.37 * k), end) for k in range(12)]
    far = [exact(subject.activation, what, place, params) for place in places]
    rises = [right - left for left, right in itertools.pairwise(far)]
    swings = min(rises) < 0 < max(rises)
    if not (swings and max(far) - min(far) > 1e-3 * max(map(abs, far))):
        return True
    farther = [exact(subject.activation, what, 1e5 * place, params) for place in places]
    return max(map(abs, farther)) < 1e-3 * max(map(abs, far))  # it swings about 0, and dies out


def signed_zero(subject: Subject, dtype: torch.dtype) -> None:
    """Where f(0) = 0, a signed zero maps to the zero of the sign that its neighbours have."""
    form = FORMATS[dtype]
    for params in parameter_sets(subject.activation):
        if exact(subject.activation, "value", 0.0, params) != 0:
            continue
        got = subject(subject.tensor([-0.0, 0.0], dtype), params).tolist()
        for x, y in zip((-0.0, 0.0), got, strict=True):
            side = math.copysign(form.smallest, x)
            beside = exact(subject.activation, "value", side, params)
            if y != 0 or (beside and math.copysign(1, y) != math.copysign(1, beside)):
                raise AssertionError(f"{subject.label(params)} {form.name}: f({x!r}) is {y!r}")


def dead_cotangent(subject: Subject, dtype: torch.dtype) -> None:
    """A NaN or infinite cotangent on an element of slope exactly 0 gives 0."""
    for params in parameter_sets(subject.activation):
        places = [-INF, INF, *finite_inputs(subject.activation, params, dtype, spread=4)]
        x_dead = [x for x in places if exact(subject.activation, "slope", x, params) == 0]
        if not x_dead:
            continue
        x = subject.tensor(x_dead, dtype)
        for cotangent in (math.nan, INF, -INF):
            given = torch.full_like(x, cotangent)
            for save in saving_forms(subject, params):
                if save == "output" and not _output_knows(subject, x, params):
                    continue
                got = subject.gradient(x, params, cotangent=given, save=save)
                _expect_zero(subject, params, x, got, cotangent, f"from the {save}")
            if subject.activation.traits.dead is not None and subject.traces:
                flat = subject.tensor(
                    [x for x in x_dead if _is_flat(subject, x, params, dtype)], dtype
                )
                _, pull = pullback(functools.partial(subject, params=params), flat)
                got = pull(torch.full_like(flat, cotangent))
                _expect_zero(subject, params, flat, got, cotangent, "by torch.func.vjp")


def _is_flat(subject: Subject, x: float, params: Mapping[str, float], dtype: torch.dtype) -> bool:
    """Whether the slope is 0 beside x too: torch's rules cannot know of an extremum."""
    sides = [steps(x, k, FORMATS[dtype]) for k in (-1, 1)]
    beside = [side for side in sides if side != x]  # an infinity has one side only
    return any(exact(subject.activation, "slope", side, params) == 0 for side in beside)


def _output_knows(subject: Subject, x: Tensor, params: Mapping[str, float]) -> bool:
    """Whether a slope of 0 shows in the output: the same output always has slope 0."""
    return bool((subject(x, params) == 0).all())


def _expect_zero(
    subject: Subject, params: Mapping[str, float], x: Tensor, got: Tensor, given: float, how: str
) -> None:
    wrong = [(a, g) for a, g in zip(x.tolist(), got.tolist(), strict=True) if g != 0]
    if wrong:
        raise AssertionError(
            f"{subject.label(params)} {x.dtype}: cotangent {given} at dead x = {wrong[0][0]!r} "
            f"gives {wrong[0][1]!r}, not 0, {how} ({len(wrong)} of {len(got)} elements)"
        )


def lone_nan(subject: Subject, dtype: torch.dtype) -> None:
    """One NaN in a tensor changes no other element, of the value or of the gradient."""
    for params in few_sets(subject.activation):
        clean = subject.tensor(noise((130,), dtype), dtype)
        for place in (0, 63, 129):
            x = clean.clone()
            x[place] = math.nan
            others = torch.arange(130) != place
            expect_same_bits(
                subject(x, params)[others],
                subject(clean, params)[others],
                f"{subject.label(params)}: NaN at {place} changes other values",
            )
            for save in saving_forms(subject, params):
                expect_same_bits(
                    subject.gradient(x, params, save=save)[others],
                    subject.gradient(clean, params, save=save)[others],
                    f"{subject.label(params)}: NaN at {place} changes other gradients ({save})",
                )


def _both_ways(subject: Subject, x: Tensor) -> Iterator[tuple[dict[str, float], str, Tensor, Any]]:
    """Value and slope, eager by each saving form, and by plain operations."""
    for params in parameter_sets(subject.activation):
        y = subject(x, params)
        for save in saving_forms(subject, params):
            yield params, f"from the {save}", y, subject.gradient(x, params, save=save)
        if not subject.traces:
            continue
        y, pull = pullback(functools.partial(subject, params=params), x)
        yield params, "by torch.func.vjp", y, pull(torch.ones_like(y))
