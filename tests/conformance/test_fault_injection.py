"""Definitions broken on purpose: the suite must turn red, and the check that tells is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import actlab
from actlab import Activation, FromOutput, Joint
from actlab.defs import elu, powerlu, ralu
from actlab.interpret.torch_ import TorchMaths
from actlab.testing import Subject, cases
from actlab.testing.suite import run_case
from conformance.broken_formulas import (
    by_layout,
    by_length,
    elu_slope_of_relu_at_0,
    elu_without_expm1,
    elu_without_guard,
    expolu_shifted_line,
    in_single,
    powerlu_almost_dead,
    powerlu_bound,
    powerlu_exponent,
    powerlu_sign,
    powerlu_upper_slope_at_joint,
    powerlu_without_guard,
    powerlu_without_two_sum,
    unmasked_partial,
    writing,
    wrong_partial,
)

Formula = Callable[..., Any]


def at_run_time(right: Formula, wrong: Formula) -> Formula:
    """Right for the oracle, wrong on tensors: the fault of a kernel, not of a definition."""

    def formula(m: Any, x: Any, **params: Any) -> Any:
        inner = getattr(m, "m", m)
        return (wrong if isinstance(inner, TorchMaths) else right)(m, x, **params)

    return formula


def scaled(formula: Formula, factor: float) -> Formula:
    return lambda m, x, **params: factor * formula(m, x, **params)


def changed(definition: Activation, **fields: Any) -> Activation:
    return dataclasses.replace(definition, **fields)


def claiming(definition: Activation, **claims: Any) -> Activation:
    return changed(definition, traits=dataclasses.replace(definition.traits, **claims))


def from_output(definition: Activation, **fields: Any) -> Activation:
    assert isinstance(definition.from_output, FromOutput)
    return changed(definition, from_output=dataclasses.replace(definition.from_output, **fields))


POWERLU, EXPOLU, RALU, ELU = map(actlab.get, ("powerlu", "expolu", "ralu", "elu"))
RELU = actlab.get("relu")


INF = float("inf")
FAULTS: dict[str, tuple[Activation, set[str]]] = {
    "sign of the ramp": (changed(POWERLU, forward=powerlu_sign), {"definition.textbook"}),
    "bound of the ramp": (
        changed(POWERLU, forward=powerlu_bound),
        {"definition.textbook", "traits.undeclared_joints"},
    ),
    "exponent of the slope": (
        changed(POWERLU, derivative=powerlu_exponent),
        {"definition.declared_derivative", "gradients.first_order"},
    ),
    "slope times 1.001": (
        changed(ELU, derivative=scaled(elu.derivative, 1.001)),
        {"definition.declared_derivative", "definition.joint_slopes", "gradients.first_order"},
    ),
    "slope times 1.001 in the kernel": (
        changed(ELU, derivative=at_run_time(elu.derivative, scaled(elu.derivative, 1.001))),
        {
            "accuracy.gradient",
            "gradients.cotangents",
            "gradients.first_order",
            "transforms.checkpoint",
        },
    ),
    "value times 1 + 2^-20 in the kernel": (
        changed(RALU, forward=at_run_time(ralu.forward, scaled(ralu.forward, 1 + 2**-20))),
        {"accuracy.value", "accuracy.composite", "transforms.vmap_values", "tracing.make_fx"},
    ),
    "x + 1 rounded before the power": (
        changed(POWERLU, forward=powerlu_without_two_sum),
        {"accuracy.value"},
    ),
    "dropped guard before the power": (
        changed(POWERLU, forward=powerlu_without_guard),
        {"accuracy.composite"},
    ),
    "dropped guard before the exponential": (
        changed(ELU, forward=elu_without_guard),
        {"accuracy.composite", "special.infinities"},
    ),
    "exp(x) - 1 for expm1": (changed(ELU, forward=elu_without_expm1), {"accuracy.value"}),
    "upper slope at the joint": (
        changed(POWERLU, derivative=powerlu_upper_slope_at_joint),
        {"definition.joint_slopes"},
    ),
    "slope 1 at 0": (
        changed(ELU, derivative=elu_slope_of_relu_at_0),
        {"definition.joint_slopes"},
    ),
    "slope declared at the joint": (
        changed(ELU, joints=(Joint("0", lambda alpha: 0.0, "1", lambda alpha: 2 * alpha),)),
        {"definition.joint_slopes"},
    ),
    "joint not declared": (
        changed(RELU, joints=()),
        {"traits.smoothness", "traits.undeclared_joints"},
    ),
    "jump at the joint": (
        changed(EXPOLU, forward=expolu_shifted_line),
        {"definition.textbook", "definition.continuity"},
    ),
    "slope from the output halved": (
        from_output(POWERLU, derivative=scaled(powerlu.derivative_from_output, 0.5)),
        {"definition.from_output_formulas", "accuracy.gradient_from_output"},
    ),
    "partial without a mask": (
        from_output(POWERLU, partials={"p": unmasked_partial}),
        {"accuracy.sensitive_partials"},
    ),
    "slope from the output as from the input": (
        from_output(ELU, derivative=elu.derivative),
        {"definition.from_output_formulas", "accuracy.gradient_from_output"},
    ),
    "partial from the output of the wrong sign": (
        from_output(EXPOLU, partials={**EXPOLU.from_output.partials, "a": wrong_partial}),
        {"definition.from_output_formulas", "accuracy.partials_from_output"},
    ),
    "textbook form of RaLU, which overflows": (
        changed(RALU, forward=ralu.textbook, derivative=ralu.textbook_derivative),
        {"accuracy.value", "accuracy.gradient", "special.infinities"},
    ),
    "single precision inside": (
        changed(ELU, forward=at_run_time(elu.forward, in_single(elu.forward))),
        {"accuracy.value"},
    ),
    "almost dead": (
        changed(POWERLU, derivative=at_run_time(powerlu.derivative, powerlu_almost_dead)),
        {"traits.dead", "accuracy.gradient", "special.dead_cotangent"},
    ),
    "result depends on length": (
        changed(ELU, forward=at_run_time(elu.forward, by_length(elu.forward))),
        {"invariance.lengths"},
    ),
    "result depends on position": (
        changed(ELU, forward=at_run_time(elu.forward, by_layout(elu.forward))),
        {"invariance.offsets", "layout.transposed", "layout.strided"},
    ),
    "input written to": (
        changed(ELU, forward=at_run_time(elu.forward, writing(elu.forward))),
        {"invariance.untouched"},
    ),
    "claims: monotone": (claiming(RALU, monotone=False), {"traits.monotone"}),
    "claims: convex": (claiming(RALU, convex=True), {"traits.convex"}),
    "claims: odd": (claiming(ELU, odd=True), {"traits.odd"}),
    "claims: not odd": (claiming(RALU, odd=False), {"traits.odd"}),
    "claims: infimum": (claiming(ELU, low=-1.001), {"traits.value_range"}),
    "claims: supremum": (claiming(ELU, high=1e6), {"traits.value_range"}),
    "claims: supremum that is not reached": (
        claiming(actlab.get("tanh"), high=INF),
        {"traits.value_range"},
    ),
    "claims: no Lipschitz constant": (claiming(RELU, lipschitz=INF), {"traits.lipschitz"}),
    "claims: Lipschitz": (claiming(EXPOLU, lipschitz=3.99), {"traits.lipschitz"}),
    "claims: dead too far": (claiming(RELU, dead=(-INF, 0.25)), {"traits.dead"}),
    "claims: dead too short": (claiming(RELU, dead=(-INF, -1.0)), {"traits.dead"}),
    "claims: never dead": (claiming(RELU, dead=None), {"traits.dead"}),
    "claims: too smooth": (claiming(POWERLU, smoothness=2), {"traits.smoothness"}),
    "claims: not smooth": (claiming(RALU, smoothness=1), {"traits.smoothness"}),
}
"""What is broken, and the checks that must notice."""


def failing(definition: Activation, names: set[str]) -> dict[str, str]:
    """The named checks that fail for at least one dtype, with the first reason."""
    found: dict[str, str] = {}
    for case in cases():
        if case.check.name in names - set(found):
            outcome = run_case(case, Subject(definition))
            if outcome.status == "failed":
                found[case.check.name] = outcome.reason
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_broken_definition_turns_the_suite_red(fault):
    broken, caught_by = FAULTS[fault]
    assert set(failing(broken, caught_by)) == caught_by


@pytest.mark.full
def test_checks_that_catch_faults_are_green_for_the_originals():
    used = set().union(*(caught_by for _, caught_by in FAULTS.values()))
    for original in (POWERLU, EXPOLU, RALU, ELU, RELU):
        assert failing(original, used) == {}


def test_failure_message_shows_the_worst_element():
    broken = changed(ELU, forward=elu_without_expm1)
    message = failing(broken, {"accuracy.value"})["accuracy.value"]
    for part in ("elu(alpha=1.0)", "float64", "at x = ", "got ", "expected ", "ulp off"):
        assert part in message
