"""An elementwise function with its parameters fixed, and its expectations."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from actlab.analysis.case import case
from actlab.analysis.moments import moments
from actlab.core import Activation
from actlab.init.expectation import Expectation, expectation, value_and_slope
from actlab.kernels.apply import apply

PROBE = 64
STRAIGHT = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Nonlinearity:
    """An elementwise function with its parameters at fixed values.

    Args:
        label: how tables call it.
        function: the function on tensors; of a mixture, the first part's.
        definition: its definition, or None for a plain callable or a mixture of them.
        params: its parameters.
        parts: where channels differ or a parameter is random: functions and their shares, which
            sum to 1. Expectations are averages over them.
        learned: parameters that training will change.
        key: what it computes, as something hashable, so that two of the same kind are equal;
            None where that is not known.
    """

    label: str
    function: Callable[[Tensor], Tensor]
    definition: Activation | None = None
    params: tuple[tuple[str, float], ...] = ()
    parts: tuple[tuple[Nonlinearity, float], ...] = ()
    learned: tuple[str, ...] = ()
    key: Hashable = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Nonlinearity):
            return NotImplemented
        return self is other or (self.key is not None and self.key == other.key)

    def __hash__(self) -> int:
        return id(self) if self.key is None else hash(self.key)

    def expectation(self, q: float = 1.0) -> Expectation:
        """Expectations under N(0, q).

        Raises:
            ValueError: q is not positive, or the function is not finite.
        """
        if not 0 < q < math.inf:
            raise ValueError(f"q must be a finite number in (0, inf), got {q!r}")
        return _expectation(self, q)

    def at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values and slopes at 1-D float64 points; of a mixture, the first part's."""
        return value_and_slope(self.function, x)

    def affine(self) -> bool:
        """Whether it is a straight line, which is no activation at all."""
        if self.parts:
            return all(part.affine() for part, _ in self.parts)
        _, slope = self.at(torch.linspace(-30.0, 30.0, 1201, dtype=torch.float64))
        return float(slope.max() - slope.min()) <= STRAIGHT * float(slope.abs().max())

    def __str__(self) -> str:
        return self.label


@functools.lru_cache(maxsize=4096)
def _expectation(function: Nonlinearity, q: float) -> Expectation:
    if function.parts:
        each = [(part.expectation(q), share) for part, share in function.parts]
        mean, square, slope, slope_square, growth = (
            math.fsum(share * getattr(found, name) for found, share in each)
            for name in ("mean", "square", "slope", "slope_square", "growth")
        )
        variance = max(square - mean**2, 0.0)
        return Expectation(mean, square, slope, slope_square, variance, growth)
    if function.definition is None:
        return expectation(function.function, q)
    found = moments(case(function.definition, dict(function.params)), q)
    return Expectation(
        found.mean,
        found.square,
        found.slope,
        found.slope_square,
        found.variance,
        found.growth,
    )


def of_definition(
    definition: Activation, params: Mapping[str, Any], learned: Sequence[str] = ()
) -> Nonlinearity:
    """A definition at these values of all its parameters, checked."""
    values = {p.name: p.check(definition.name, params[p.name]) for p in definition.params}

    def function(x: Tensor) -> Tensor:
        return apply(definition, x, values, backend="formula")

    label = labelled(definition.name, values)
    given = tuple(values.items())
    return Nonlinearity(label, function, definition, given, (), tuple(learned), (definition, given))


def mixture(label: str, parts: Sequence[Nonlinearity], learned: Sequence[str] = ()) -> Nonlinearity:
    """Several functions in equal shares; the same function given twice counts once, doubly."""
    counted = Counter(part.label for part in parts)
    by_label = {part.label: part for part in parts}
    first = parts[0]
    if len(by_label) == 1:
        return Nonlinearity(
            first.label,
            first.function,
            first.definition,
            first.params,
            (),
            tuple(learned),
            first.key,
        )
    shares = tuple((part, counted[name] / len(parts)) for name, part in by_label.items())
    key = None if any(part.key is None for part, _ in shares) else shares
    return Nonlinearity(label, first.function, None, (), shares, tuple(learned), key)


def of_callable(name: str, function: Callable[..., Any], params: Mapping[str, Any]) -> Nonlinearity:
    """Any callable, once it has shown that it works element by element.

    Raises:
        ValueError: it does not.
    """

    def applied(x: Tensor) -> Tensor:
        return function(x, **params)

    problem = not_elementwise(applied)
    if problem:
        raise ValueError(f"{name} is not an elementwise function of one tensor: {problem}")
    return Nonlinearity(labelled(name, params), applied)


def not_elementwise(function: Callable[[Tensor], Tensor]) -> str:
    """Why a callable is not an elementwise function of one tensor; empty when it is."""
    x = torch.linspace(-4.9, 5.1, PROBE, dtype=torch.float64)
    half = PROBE // 2
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        try:
            y = function(x.clone())
        except Exception as error:  # it is somebody's code, and may raise anything
            return f"called with a float64 vector it raises {type(error).__name__}: {error}"
        if not isinstance(y, Tensor):
            return f"it returns {type(y).__name__}"
        if y.shape != x.shape:
            return f"it maps shape {tuple(x.shape)} to {tuple(y.shape)}"
        if not y.is_floating_point():
            return f"it returns {y.dtype}"
        parts = [function(x[:half].clone()), function(x[half:].clone())]
        others = {
            "it is random": function(x.clone()),
            "its values depend on the order of the elements": function(x.flip(0)).flip(0),
            "its values depend on other elements": torch.cat(parts),
        }
    for problem, other in others.items():
        if not torch.allclose(other, y, rtol=1e-9, atol=1e-12, equal_nan=True):
            return problem
    return ""


def labelled(name: str, params: Mapping[str, Any]) -> str:
    """``name(p=2, q=0.5)``; numbers in full, so that one label is one function."""
    inside = ", ".join(
        f"{key}={float(value)!r}".removesuffix(".0")
        if isinstance(value, int | float)
        else f"{key}={value!r}"
        for key, value in params.items()
    )
    return f"{name}({inside})" if inside else name
