"""A definition against itself, to 45 digits: what it declares must agree with its formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
from mpmath import mpf

from actlab.core import Joint
from actlab.core.spec import Formula
from actlab.interpret import mp
from actlab.testing.inputs import joint_places
from actlab.testing.parameters import parameter_sets
from actlab.testing.subject import NotApplicableError, Subject

WORKING_DIGITS = 160
AGREED = mpf(10) ** -45
FROM_OUTPUT = mpf(10) ** -13
"""From-output forms invert the function by steps meant for double precision."""

PLACES = (
    "-12.5", "-9.7", "-3", "-1.75", "-1.3", "-0.984375", "-0.75", "-0.51", "-0.3", "-0.001",
    "-1e-12", "1e-12", "0.001", "0.21", "0.5", "0.7", "0.96875", "1.2", "1.75", "2.5", "8", "33",
)  # fmt: skip


def declared_derivative(subject: Subject) -> None:
    """The declared derivative equals that of the formula by dual numbers, off the joints."""
    activation = subject.activation
    for params, x in _places(subject, at_joints=False):
        declared = mp.slope(activation, x, params)
        by_rules = mp.slope_by_rules(activation, x, params)
        _expect(subject, params, x, "declared derivative", declared, "by rules", by_rules, AGREED)


def joint_slopes(subject: Subject) -> None:
    """At a joint the derivative is the slope that the joint declares."""
    for params, joint in _joints(subject):
        at = float(joint.where(**params))
        with mpmath.workdps(WORKING_DIGITS):
            declared = joint.slope_at(**{name: mpf(value) for name, value in params.items()})
        got = mp.slope(subject.activation, at, params)
        close = AGREED if isinstance(declared, mpf) else mpf(2) ** -52
        _expect(subject, params, at, "derivative at the joint", got, "declared", declared, close)


def continuity(subject: Subject) -> None:
    """Values meet at every joint, at the default parameters."""
    forward, params = subject.activation.forward, subject.activation.defaults
    for _, joint in _joints(subject, [params]):
        with mpmath.workdps(WORKING_DIGITS):
            at = mpf(joint.where(**params))
            middle = _evaluate(forward, at, params)
            for side in (-1, 1):
                beside = _evaluate(forward, at + side * mpf(10) ** -100, params)
                if not abs(beside - middle) < mpf(10) ** -6 * (1 + abs(middle)):
                    raise AssertionError(
                        f"{subject.label(params)} jumps at its joint x = {joint.at}: "
                        f"{mpmath.nstr(middle, 12)} there, {mpmath.nstr(beside, 12)} beside it"
                    )


def textbook(subject: Subject) -> None:
    """The formula as its source writes it equals the one arranged for accuracy."""
    activation = subject.activation
    if activation.textbook is None and activation.textbook_derivative is None:
        raise NotApplicableError("its formula is the one its source writes")
    pairs: list[tuple[str, Formula | None, Formula]] = [
        ("textbook formula", activation.textbook, activation.forward),
        ("textbook derivative", activation.textbook_derivative, activation.derivative),
    ]
    for params, x in _places(subject, at_joints=True):
        for name, book, ours in pairs:
            if book is None:
                continue
            with mpmath.workdps(WORKING_DIGITS):
                left, right = (_evaluate(f, mpf(x), params) for f in (book, ours))
            _expect(subject, params, x, name, left, "the formula in use", right, AGREED)


def from_output_formulas(subject: Subject) -> None:
    """The derivatives from the exact output equal those from the input."""
    activation, form = subject.activation, subject.activation.from_output
    if form is None:
        raise NotApplicableError("its slope cannot be computed from its output")
    chosen: dict[str, Formula] = {"slope": form.derivative}
    chosen |= {f"d/d{name}": partial for name, partial in form.partials.items()}
    for params, x in _places(subject, at_joints=False):
        if not all(domain.contains(params[name]) for name, domain in form.domains.items()):
            continue
        y = mp.value(activation, x, params)
        if y == 0:
            continue
        for what, formula in chosen.items():
            with mpmath.workdps(WORKING_DIGITS):
                got = _evaluate(formula, y, params)
            exactly = _from_input(subject, what, x, params)
            _expect(subject, params, x, f"{what} from the output", got,
                    "from the input", exactly, FROM_OUTPUT)  # fmt: skip


def _from_input(subject: Subject, what: str, x: float, params: Mapping[str, float]) -> Any:
    if what == "slope":
        return mp.slope(subject.activation, x, params)
    return mp.partial(subject.activation, x, params, what.removeprefix("d/d"))


def _evaluate(formula: Formula, x: Any, params: Mapping[str, float]) -> Any:
    exactly = {name: mpf(value) for name, value in params.items()}
    return +mpf(formula(mp.MpMaths(), x, **exactly))


def _places(subject: Subject, *, at_joints: bool) -> Iterator[tuple[dict[str, float], float]]:
    """Parameter sets without extremes, and ordinary places beside (or at) their joints."""
    for params in parameter_sets(subject.activation):
        if any(abs(value) > 1e6 for value in params.values()):
            continue
        joints = joint_places(subject.activation, params)
        near = [joint + step for joint in joints for step in (-0.0625, 0.0625)]
        for x in [*map(float, PLACES), *near, *(joints if at_joints else [])]:
            if at_joints or x not in joints:
                yield params, x


def _joints(
    subject: Subject, sets: list[dict[str, float]] | None = None
) -> Iterator[tuple[dict[str, float], Joint]]:
    """Parameter sets and joints, leaving out joints that fall together."""
    activation = subject.activation
    if not activation.joints:
        raise NotApplicableError("it has no joints")
    for params in parameter_sets(activation) if sets is None else sets:
        places = joint_places(activation, params)
        for joint, at in zip(activation.joints, places, strict=True):
            if places.count(at) == 1:
                yield params, joint


def _expect(
    subject: Subject,
    params: Mapping[str, float],
    x: float,
    what: str,
    got: Any,
    against: str,
    want: Any,
    tolerance: Any,
) -> None:
    with mpmath.workdps(WORKING_DIGITS):
        if got == want or abs(got - want) <= tolerance * abs(want):
            return
        error = abs(got - want) / abs(want) if want else mpmath.inf
        raise AssertionError(
            f"{subject.label(params)} at x = {x!r}: {what} is {mpmath.nstr(got, 20)}, "
            f"{against} {mpmath.nstr(want, 20)}; relative error {mpmath.nstr(error, 3)}"
        )
