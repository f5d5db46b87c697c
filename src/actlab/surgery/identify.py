"""Which activation a site applies: its name in the catalogue, and how tables call it."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from actlab import registry
from actlab.core import UnknownNameError
from actlab.init.graph import Node
from actlab.init.nonlinearity import Nonlinearity
from actlab.kernels.apply import apply
from actlab.surgery.noted import Noted

AGREEMENT = 1e-9


@functools.cache
def _points() -> Tensor:
    return torch.linspace(-6.3, 6.1, 48, dtype=torch.float64)


@functools.cache
def _catalogue() -> dict[str, Tensor]:
    """Values of every definition at its default parameters, those without parameters first."""
    x = _points()
    with torch.no_grad():
        return {
            name: apply(registry.get(name), x, registry.get(name).defaults, backend="formula")
            for name in sorted(registry.names(), key=lambda n: len(registry.get(n).params))
        }


def looked_up(values: Tensor) -> str:
    """The definition that has these values at the default parameters, or an empty string."""
    for name, known in _catalogue().items():
        if torch.allclose(values, known, rtol=AGREEMENT, atol=AGREEMENT):
            return name
    return ""


def identified(noted: Noted) -> tuple[str, str, Nonlinearity | None]:
    """What a site applies: its label, its name, and the function where it is known as a whole."""
    applied = noted.applied
    found = applied.known()
    if found is None and noted.node is not None:
        found = noted.node.function()
    if found is None:
        return applied.name, applied.name, None
    if found.definition is not None:
        return found.label, found.definition.name, found
    name = found.label.partition("(")[0]
    if found.key is not None and applied.known() is not None:
        return found.label, name, found
    values = _values(found)
    in_catalogue = looked_up(values) if values is not None else ""
    if in_catalogue:
        return in_catalogue, in_catalogue, found
    label = applied.name if applied.module is not None else found.label
    return label, applied.name, found


def formula_name(node: Node) -> str:
    """What a formula that was written out is: a function of the catalogue, or its last step."""
    return catalogued(node) or node.name.partition("(")[0]


def catalogued(node: Node) -> str:
    """The definition that computes what a node does, or an empty string."""
    found = node.function()
    values = _values(found) if found is not None else None
    return looked_up(values) if values is not None else ""


def _values(function: Nonlinearity) -> Tensor | None:
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            values = function.function(_points().clone())
    except Exception:  # somebody's code, which need not take doubles
        return None
    fits = isinstance(values, Tensor) and values.shape == _points().shape
    return values.double() if fits else None


def canonical(name: str) -> str:
    """The catalogue's name for a name or alias; the name itself where it has none."""
    try:
        return registry.get(name).name
    except (UnknownNameError, ValueError, ImportError):
        return name
