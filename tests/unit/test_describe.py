"""Descriptions are made from the definition; these are worked out from functions.md by hand."""

from __future__ import annotations

import doctest

import pytest

import actlab
from actlab import describe

PARAMETERS = {
    "powerlu": "p=2 in (0, inf)",
    "expolu": "a=1 in (0, inf), b=1 in [0, inf), p=2 in (0, inf)",
    "ralu": "alpha=3 in (-inf, inf)",
    "elu": "alpha=1 in (0, inf)",
    "relu": "none",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    assert describe.parameters(actlab.get(name)) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "smooth", "span"),
    [
        ("powerlu", "C^1", "[0, inf)"),
        ("expolu", "C^0", "[0, inf)"),
        ("ralu", "smooth", "(-inf, inf)"),
        ("elu", "C^1", "[-1, inf)"),
        ("relu", "C^0", "[0, inf)"),
        ("tanh", "smooth", "[-1, 1]"),
    ],
)
def test_smoothness_and_range(name: str, smooth: str, span: str) -> None:
    assert describe.smoothness(actlab.get(name)) == smooth
    assert describe.value_range(actlab.get(name)) == span


def test_properties() -> None:
    assert describe.properties(actlab.get("expolu")) == [
        "monotone",
        "C^0",
        "range [0, inf)",
        "Lipschitz constant 4",
        "slope exactly 0 on (-inf, -1]",
    ]
    assert describe.properties(actlab.get("ralu")) == [
        "monotone",
        "odd",
        "smooth",
        "range (-inf, inf)",
        "Lipschitz constant 3",
    ]
    assert "not monotone" in describe.properties(actlab.get("gelu"))


def test_joints() -> None:
    assert describe.joints(actlab.get("powerlu")) == ["slope 0 at x = -1", "slope p/2 at x = 1"]
    assert describe.joints(actlab.get("ralu")) == []


@pytest.mark.parametrize("name", actlab.names())
def test_docstrings_tell_all_and_their_examples_run(name: str) -> None:
    activation = actlab.get(name)
    written = describe.docstring(activation)
    assert written.startswith(activation.title + ".\n")
    for param in activation.params:
        assert f"{param.name}: {param.meaning}" in written
        assert str(param.domain) in written
    for reference in activation.references:
        assert str(reference) in written
    example = doctest.DocTestParser().get_doctest(written, {}, name, None, None)
    assert example.examples
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0
