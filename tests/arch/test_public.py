"""The public names and signatures: others build on them, so a change here is a decision."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import actlab
from actlab import functional, nn

CALL = "*, channel_dim=1, backend=None, save=None"
MODULE = "num_parameters=1, channel_dim=1, constraint=None, backend=None, save=None, " + (
    "inplace=False, device=None, dtype=None"
)

FUNCTIONS = {
    "powerlu": f"(x, p=2.0, {CALL})",
    "expolu": f"(x, a=1.0, b=1.0, p=2.0, {CALL})",
    "ralu": f"(x, alpha=3.0, {CALL})",
    "elu": f"(x, alpha=1.0, {CALL})",
    "call": "(activation, x, *args, channel_dim=1, backend=None, save=None, **params)",
    "glu": "(x, activation='sigmoid', *args, dim=-1, gate='second', channel_dim=1, "
    "backend=None, **params)",
    "gated": "(activation, gate, value, *args, channel_dim=1, backend=None, **params)",
    "random_rrelu": "(x, lower=0.125, upper=0.3333333333333333, *, generator=None)",
}

MODULES = {
    "PowerLU": f"(p=2.0, *, learnable=False, {MODULE})",
    "ExpoLU": f"(a=1.0, b=1.0, p=2.0, *, learnable=False, {MODULE})",
    "RaLU": f"(alpha=3.0, *, learnable=True, {MODULE})",
    "ELU": f"(alpha=1.0, *, learnable=False, {MODULE})",
    "Activation": f"(activation, *args, learnable=None, {MODULE}, **params)",
    "GLU": "(activation='sigmoid', *args, dim=-1, gate='second', **options)",
    "RReLU": "(lower=0.125, upper=0.3333333333333333, inplace=False)",
}

TOP = {
    "get": "(name)",
    "names": "(*, monotone=None, convex=None, odd=None, smooth=None, bounded=None, "
    "learnable=None, dead=None, family=None, since=None, until=None)",
    "parameter_groups": "(model, weight_decay)",
}

RECORDS = {
    "Activation",
    "Domain",
    "Equivalent",
    "FromOutput",
    "Joint",
    "Param",
    "Reference",
    "Traits",
}
PACKAGES = {"functional", "nn", "testing"}


def signature(function: Callable[..., Any]) -> str:
    """Names, kinds and defaults; annotations may get better at any time."""
    bare = inspect.signature(function)
    parameters = [p.replace(annotation=p.empty) for p in bare.parameters.values()]
    return str(bare.replace(parameters=parameters, return_annotation=bare.empty))


def test_names_of_the_package() -> None:
    assert set(actlab.__all__) == {*TOP, *RECORDS, *PACKAGES, "__version__"}
    assert all(hasattr(actlab, name) for name in actlab.__all__)


@pytest.mark.parametrize("name", TOP)
def test_signatures_of_the_package(name: str) -> None:
    assert signature(getattr(actlab, name)) == TOP[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_of_the_functions(name: str) -> None:
    assert signature(getattr(functional, name)) == FUNCTIONS[name]


def test_names_of_the_modules() -> None:
    assert set(nn.__all__) == {*MODULES, "parameter_groups"}


@pytest.mark.parametrize("name", MODULES)
def test_signatures_of_the_modules(name: str) -> None:
    assert signature(getattr(nn, name)) == MODULES[name]


@pytest.mark.parametrize("name", actlab.names())
def test_defaults_of_functions_are_those_of_the_definition(name: str) -> None:
    parameters = inspect.signature(getattr(functional, name)).parameters
    defaults = actlab.get(name).defaults
    assert list(parameters) == ["x", *defaults, "channel_dim", "backend", "save"]
    assert {key: parameters[key].default for key in defaults} == defaults


@pytest.mark.parametrize("name", ["PowerLU", "ExpoLU", "RaLU", "ELU"])
def test_defaults_of_modules_are_those_of_the_definition(name: str) -> None:
    definition = actlab.get(name.lower())
    parameters = inspect.signature(getattr(nn, name)).parameters
    assert {key: parameters[key].default for key in definition.defaults} == definition.defaults
    assert parameters["learnable"].default == any(p.learnable for p in definition.params)
