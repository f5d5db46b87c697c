"""An altered function is noticed: the exact check says another word, or a fact disagrees."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

import actlab
from actlab.core import Activation, FromOutput
from actlab.lab.claims.exact import check
from actlab.lab.claims.ledger import claim


def altered(name: str, **formulas: Any) -> Activation:
    """A definition with other formulas, and none of what belongs to the original ones."""
    return dataclasses.replace(
        actlab.get(name),
        textbook=None,
        textbook_derivative=None,
        from_output=None,
        saves="input",
        direct=None,
        **formulas,
    )


ELU, POWERLU, EXPOLU = actlab.get("elu"), actlab.get("powerlu"), actlab.get("expolu")
RALU, RELU, SELU, SMELU = (actlab.get(n) for n in ("ralu", "relu", "selu", "smelu"))
GELU, LEAKY = actlab.get("gelu"), actlab.get("leaky_relu")


def stretched(definition: Activation, factor: float) -> Activation:
    """``factor f(x)``."""
    return altered(
        definition.name,
        forward=lambda m, x, **p: factor * definition.forward(m, x, **p),
        derivative=lambda m, x, **p: factor * definition.derivative(m, x, **p),
    )


def raised(definition: Activation, by: float) -> Activation:
    """``f(x) + by``."""
    return altered(
        definition.name,
        forward=lambda m, x, **p: definition.forward(m, x, **p) + by,
        derivative=definition.derivative,
    )


def renamed(definition: Activation, **changes: str) -> Activation:
    """The function at other parameters: ``renamed(ELU, alpha="2 * alpha")``."""

    def moved(p: dict[str, Any]) -> dict[str, Any]:
        return p | {key: eval(text, {}, dict(p)) for key, text in changes.items()}

    return altered(
        definition.name,
        forward=lambda m, x, **p: definition.forward(m, x, **moved(p)),
        derivative=lambda m, x, **p: definition.derivative(m, x, **moved(p)),
    )


def leaking(definition: Activation, slope: float) -> Activation:
    """``x`` above 0 and ``slope x`` below, in the place of another function."""
    return altered(
        definition.name,
        forward=lambda m, x, **p: m.where(x > 0, x, slope * x),
        derivative=lambda m, x, **p: m.where(x > 0, 1.0, slope),
    )


def wrong_slope(definition: Activation, factor: float) -> Activation:
    """The right values with the wrong slopes."""
    return altered(
        definition.name,
        forward=definition.forward,
        derivative=lambda m, x, **p: factor * definition.derivative(m, x, **p),
    )


NEVER_FLAT = dataclasses.replace(
    leaking(ELU, 0.1),
    from_output=FromOutput(derivative=lambda m, y, *, alpha: m.where(y > 0, 1.0, 0.1)),
)
SATURATED = altered(
    "ralu",
    forward=lambda m, x, *, alpha: (alpha + 1) * m.tanh(x),
    derivative=lambda m, x, *, alpha: (alpha + 1) * (1 - m.tanh(x) * m.tanh(x)),
)
LINEAR = altered(
    "ralu", forward=lambda m, x, *, alpha: 1.0 * x, derivative=lambda m, x, *, alpha: 1.0 + 0.0 * x
)
LOPSIDED = altered(
    "ralu",
    forward=lambda m, x, *, alpha: RALU.forward(m, x, alpha=alpha) + 0.1 * x * x / (x * x + 1),
    derivative=lambda m, x, *, alpha: (
        RALU.derivative(m, x, alpha=alpha) + 0.2 * x / ((x * x + 1) * (x * x + 1))
    ),
)
KINKED = altered(
    "ralu",
    forward=lambda m, x, *, alpha: RALU.forward(m, x, alpha=alpha) + 0.01 * m.absolute(x),
    derivative=lambda m, x, *, alpha: (
        RALU.derivative(m, x, alpha=alpha) + m.where(x > 0, 0.01, -0.01)
    ),
)
RANDOM = altered(
    "gelu",
    forward=lambda m, x: GELU.forward(m, x) + torch.rand(()),
    derivative=GELU.derivative,
)
CANCELLING = altered(
    "elu",
    forward=lambda m, x, *, alpha: m.where(x > 0, x, alpha * (m.exp(m.guard(x, x < 0, 0)) - 1)),
    derivative=ELU.derivative,
)
OVERFLOWING = altered(
    "elu",
    forward=ELU.forward,
    derivative=lambda m, x, *, alpha: m.where(x > 0, 1.0, alpha * m.exp(x)) + 0.0 * m.exp(x),
)

ALTERED = [
    ("P3", renamed(POWERLU, p="p + 0.001"), "true"),
    ("P4", renamed(POWERLU, p="2.0 + 0 * p"), "conditional"),
    ("P5", raised(POWERLU, 1e-9), "false"),
    ("P6", wrong_slope(POWERLU, 2.0), "false"),
    ("P7", stretched(POWERLU, 1.001), "false"),
    ("P8", stretched(POWERLU, 1.001), "false"),
    ("P14", renamed(POWERLU, p="1.0 + 0 * p"), "conditional"),
    ("P15", leaking(SMELU, -1.0), "conditional"),
    ("P11", stretched(EXPOLU, 1.001), "false"),
    ("X1", leaking(EXPOLU, 0.1), "true"),
    ("E1", leaking(ELU, 0.1), "false"),
    ("E2", leaking(RELU, 1e-6), "false"),
    ("E6", stretched(ELU, 1.001), "false"),
    ("E8", renamed(ELU, alpha="1.0 + 0 * alpha"), "true"),
    ("E10", raised(ELU, 1.0), "false"),
    ("E11", renamed(ELU, alpha="1.6732632423543772 + 0 * alpha"), "true"),
    ("E13", renamed(ELU, alpha="1.0 + 0 * alpha"), "true"),
    ("E16", leaking(LEAKY, 0.02), "false"),
    ("E20", leaking(ELU, 1.0), "conditional"),
    ("E21", leaking(ELU, 0.1), "true"),
    ("E27", stretched(ELU, 2.0), "false"),
    ("E28", NEVER_FLAT, "true"),
    ("E29", leaking(ELU, 0.1), "true"),
    ("E31", stretched(SELU, 1 / 1.0507009873554805), "false"),
    ("E45", stretched(ELU, 0.5), "true"),
    ("E47", RANDOM, "true"),
    ("E49", CANCELLING, "conditional"),
    ("E53", stretched(ELU, 0.5), "true"),
    ("E59", leaking(ELU, 0.1), "false"),
    ("E62", leaking(ELU, 1.0), "false"),
    ("E67", leaking(ELU, 0.1), "false"),
    ("E69", stretched(ELU, 2.0), "false"),
    ("E77", OVERFLOWING, "conditional"),
    ("E94", leaking(ELU, 1.0), "true"),
    ("E95", leaking(ELU, 1.0), "false"),
    ("E102", leaking(ELU, 0.0), "true"),
    ("E107", altered("elu", forward=lambda m, x, *, alpha: alpha * x * x,
                     derivative=lambda m, x, *, alpha: 2 * alpha * x), "true"),
    ("R1", LINEAR, "true"),
    ("R2", LOPSIDED, "false"),
    ("R6", SATURATED, "false"),
    ("R7", stretched(RALU, 1 + 1e-6), "false"),
    ("R8", renamed(RALU, alpha="2 * alpha"), "false"),
    ("R11", LINEAR, "false"),
    ("R15", KINKED, "false"),
    ("R17", LOPSIDED, "false"),
    ("R19", SATURATED, "false"),
    ("R20", SATURATED, "false"),
    ("R21", LOPSIDED, "false"),
    ("R22", SATURATED, "false"),
    ("R25", renamed(RALU, alpha="alpha + 1"), "true"),
]  # fmt: skip
"""Claim, what stands in for the function, and the word it then gets."""


@pytest.mark.parametrize(("claim_id", "fake", "word"), ALTERED, ids=[one[0] for one in ALTERED])
def test_a_check_notices_an_altered_function(claim_id: str, fake: Activation, word: str) -> None:
    before, after = check(claim_id), check(claim_id, {fake.name: fake})
    assert before.agrees
    assert after.word == word
    assert not after.agrees or after.word != before.word


def test_most_altered_functions_change_the_word_itself() -> None:
    changed = [one for one in ALTERED if claim(one[0]).expected not in ("open", one[2])]
    assert len(changed) >= 30


def test_a_replacement_under_another_name_changes_nothing() -> None:
    assert check("P8", {"relu": leaking(RELU, 0.5)}) == check("P8")
