"""Accuracy of the derivatives that are computed from the stored output alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import torch
from mpmath import mpf

from actlab.core.spec import FromOutput
from actlab.interpret.mp import MpMaths
from actlab.testing.accuracy import need_parameters
from actlab.testing.comparison import misses, report
from actlab.testing.inputs import finite_inputs
from actlab.testing.oracle import exact
from actlab.testing.parameters import parameter_sets, storable_sets
from actlab.testing.subject import NotApplicableError, Subject
from actlab.testing.ulp import FORMATS, Format, rounded, ulp_error

LIMIT = 2.0
"""Units in the last place, wherever the stored output is a normal number."""

RALU_RELATIVE = {
    torch.float64: 1e-14,
    torch.float32: 4e-7,
    torch.float16: 3.4e-3,
    torch.bfloat16: 2e-2,
}
"""The largest errors measured for 0 <= alpha <= 5 when the form was chosen."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What backward has to work from: the output as it is stored."""

    subject: Subject
    params: Mapping[str, float]
    form: Format
    outputs: Mapping[float, float]

    def limit(self) -> float:
        """The error allowed, in ulp: in double the output itself is not correctly rounded."""
        ours = self.subject.activation.float64_ulp
        return max(LIMIT, ours) if self.form.dtype == torch.float64 else LIMIT

    def exact(self, what: str, x: float) -> Any:
        """An exact result for these parameters."""
        return exact(self.subject.activation, what, x, self.params)

    def is_normal(self, x: float) -> bool:
        """Whether the output is a finite normal number, or exactly zero as it should be."""
        y = abs(self.outputs[x])
        if y == 0:
            return self.exact("value", x) == 0
        return self.form.smallest_normal <= y <= self.form.largest

    def same_as_joint(self, x: float) -> Any | None:
        """The joint whose output cannot be told from this one, or None."""
        y, doubt = self.outputs[x], 0.5
        if self.form.dtype == torch.float64:
            doubt = self.subject.activation.float64_ulp
        for joint in self.subject.activation.joints:
            top = self.exact("value", joint.where(**self.params))
            if y == rounded(top, self.form) or 0 < ulp_error(y, top, self.form) <= doubt - 0.5:
                return joint
        return None


def gradient_from_output(subject: Subject, dtype: torch.dtype) -> None:
    """Slopes from the output: 2 ulp, or what functions.md says can be known from it."""
    for params in output_sets(subject):
        inputs = finite_inputs(subject.activation, params, dtype)
        x = subject.tensor(inputs, dtype)
        stored = _stored(subject, params, inputs, dtype)
        got = subject.gradient(x, params, save="output")
        limit = stored.limit()
        found = misses(inputs, got, lambda x, s=stored: s.exact("slope", x), stored.form, limit)
        found = [
            miss for miss in found if miss.error > limit and not _excused(stored, miss.x, miss.got)
        ]
        heading = f"{subject.label(params)} {stored.form.name} slope from the output"
        report(found, len(inputs), heading)


def partials_from_output(subject: Subject, dtype: torch.dtype) -> None:
    """Derivatives in well-conditioned parameters, where the output is a normal number."""
    need_parameters(subject)
    form = subject.activation.from_output
    names = set() if form is None else set(form.partials) - form.ill_conditioned
    if not names:
        raise NotApplicableError("no parameter has a well-conditioned derivative from the output")
    for params in storable_sets(subject.activation, dtype):
        everything = finite_inputs(subject.activation, params, dtype, spread=8)
        stored = _stored(subject, params, everything, dtype)
        inputs = [x for x in everything if stored.is_normal(x) and stored.same_as_joint(x) is None]
        grads = subject.partials(subject.tensor(inputs, dtype), params, save="output")
        for name in sorted(names):
            _compare_partial(stored, name, inputs, grads[name])


def sensitive_partials(subject: Subject, dtype: torch.dtype) -> None:
    """Derivatives in ill-conditioned parameters: 0 where they are 0, else near, everywhere.

    Such a derivative is y times a logarithm of y; the rounding of y moves it by a few ulp of y
    times that logarithm, whatever its own size.
    """
    form = subject.activation.from_output
    names = set() if form is None else set(form.partials) & form.ill_conditioned
    if not names:
        raise NotApplicableError("no parameter has an ill-conditioned derivative from the output")
    for params in output_sets(subject, storable_sets(subject.activation, dtype)):
        everything = finite_inputs(subject.activation, params, dtype, spread=8)
        stored = _stored(subject, params, everything, dtype)
        inputs = [x for x in everything if stored.is_normal(x) and stored.same_as_joint(x) is None]
        grads = subject.partials(subject.tensor(inputs, dtype), params, save="output")
        for name in sorted(names):
            for x, got in zip(inputs, grads[name].double().tolist(), strict=True):
                truth = stored.exact(f"d/d{name}", x)
                if not abs(got - truth) <= _sensitivity(stored, x, truth):
                    raise AssertionError(
                        f"{subject.label(params)} {stored.form.name} d/d{name} from the output "
                        f"at x = {x!r}: got {got!r}, exactly {mpmath.nstr(truth, 20)}"
                    )


def _sensitivity(stored: Stored, x: float, truth: Any) -> Any:
    """How far rounding the output may move a derivative that is 0 or y times its logarithm."""
    own = stored.limit() * mpf(2) ** stored.form.unit_exponent(truth)
    if truth == 0:
        return mpf(0)
    y = abs(mpf(stored.outputs[x]))
    logarithms = 4 + sum(abs(mpmath.log(v)) for v in (y, *stored.params.values()) if v > 0)
    return own + stored.limit() * logarithms * mpf(2) ** stored.form.unit_exponent(y)


def _compare_partial(stored: Stored, name: str, inputs: Sequence[float], got: Any) -> None:
    limit, what = stored.limit(), f"d/d{name}"
    found = misses(inputs, got, lambda x: stored.exact(what, x), stored.form, limit)
    found = [miss for miss in found if miss.error > limit]
    label = stored.subject.label(stored.params)
    report(found, len(inputs), f"{label} {stored.form.name} {what} from the output")


def output_sets(
    subject: Subject, sets: Sequence[dict[str, float]] | None = None
) -> list[dict[str, float]]:
    """Parameter sets (all the suite has, unless given) for which the output form is allowed."""
    form = subject.activation.from_output
    if form is None:
        raise NotApplicableError("its slope cannot be computed from its output")
    return [
        params
        for params in (parameter_sets(subject.activation) if sets is None else sets)
        if all(
            domain.contains(params[name])
            for name, domain in {**form.accurate_in, **form.domains}.items()
        )
    ]


def _stored(
    subject: Subject, params: Mapping[str, float], inputs: list[float], dtype: torch.dtype
) -> Stored:
    outputs = subject(subject.tensor(inputs, dtype), params).double().tolist()
    return Stored(subject, params, FORMATS[dtype], dict(zip(inputs, outputs, strict=True)))


def _excused(stored: Stored, x: float, got: float) -> bool:
    """Whether the stored output leaves no way to do better."""
    y, form = stored.outputs[x], stored.form
    truth = stored.exact("slope", x)
    if got != got:
        return False
    if abs(y) > form.largest:
        return True
    if stored.subject.activation.name == "elu":
        return abs(got - truth) <= _elu_error(stored, truth)
    if abs(y) < form.smallest_normal:
        return abs(got - truth) <= _slope_at_smallest(stored) * (1 + mpf(2) ** (1 - form.digits))
    if stored.subject.activation.name == "ralu":
        # Beyond alpha = 5 the root grows ill-conditioned; only the size of the slope is sure.
        alpha = stored.params["alpha"]
        return alpha > 5 or abs(got - truth) <= RALU_RELATIVE[form.dtype] * abs(truth)
    joint = stored.same_as_joint(x)
    if joint is None:
        return False
    at = joint.where(**stored.params)
    step = max(abs(at), 1e-30) * 1e-12
    sides = [joint.slope_at(**stored.params)]
    sides += [stored.exact("slope", at + side) for side in (-step, step)]
    return min(ulp_error(got, side, form) for side in sides) <= stored.limit()


def _elu_error(stored: Stored, truth: Any) -> Any:
    """Half an ulp of alpha (the output's own error in double), and the result's rounding."""
    form = stored.form
    ulps = 0.5 if form.dtype != torch.float64 else stored.subject.activation.float64_ulp
    of_alpha = mpf(2) ** form.unit_exponent(stored.params["alpha"])
    return ulps * of_alpha + 0.5 * mpf(2) ** form.unit_exponent(truth)


def _slope_at_smallest(stored: Stored) -> Any:
    """The slope where the exact output is the smallest subnormal number."""
    form = stored.subject.activation.from_output
    assert isinstance(form, FromOutput)
    with mpmath.workdps(60):
        params = {name: mpf(value) for name, value in stored.params.items()}
        return form.derivative(MpMaths(), mpf(stored.form.smallest), **params)
