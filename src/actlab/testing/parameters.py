"""Parameter values to test with: defaults, ordinary ones, and the extremes of each domain."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType

import torch

from actlab.core import Activation, Param

ORDINARY = (0.5, 1.0, 1.5, 2.0, 3.0, 10.0)
SMALL, LARGE = 1e-3, 1e3
FEW = 2
"""Up to so many parameters each is tried at every value there is."""
OTHERS = 12
"""With more of them, so many other values are shared out among all."""

KNOWN: Mapping[str, Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "powerlu": {"p": (2.0, 3.0, 1.5, 1.0, 0.5, 4.0, 2.7, 0.3, 1e-3, 40.0, 64.0, 1e8, 1e30)},
        "expolu": {
            "a": (1.0, 2.0, 4.0, 0.3, 1.0, 1.0, 1.0, 1.0, 1.0, 1e-6, 1.0, 1e30, 8.0, 1e-6, 3.0),
            "b": (1.0, 1.0, 1.0, 0.7, 0.25, 0.0, 0.0, 1.0, 1.0, 1e-3, 20.0, 1e3, 1.0, 0.1, 1e4),
            "p": (2.0, 2.0, 2.0, 1.7, 2.0, 2.0, 0.5, 0.5, 1.0, 3.0, 12.0, 7.0, 3.0, 2.5, 2.0),
        },
        "ralu": {
            "alpha": (3.0, 1.0, 0.3, 0.0, 2.0, 5.0, 9.0, -0.5, 0.25, 10.0, -40.0, 1e-30, 3e38)
        },
        "elu": {"alpha": (1.0, 0.5, 1.6732632423543772, 20.0, 1e-6, 1e30, 1e-30)},
        "leaky_relu": {"negative_slope": (0.01, 0.2, 1.0, 5.0, 1e-30)},
    }
)
"""Lists with the adversarial values of functions that have a history; columns are sets."""


def parameter_sets(activation: Activation) -> list[dict[str, float]]:
    """Parameter sets to test with, the defaults first."""
    columns = KNOWN.get(activation.name, {})
    if set(columns) == {param.name for param in activation.params}:
        rows = zip(*columns.values(), strict=True)
        known = [dict(zip(columns, row, strict=True)) for row in rows]
        if all(
            param.domain.contains(one[param.name]) for one in known for param in activation.params
        ):
            return [activation.defaults, *(one for one in known if one != activation.defaults)]
    sets = [activation.defaults]
    for param in activation.params:
        others = _candidates(param)
        if len(activation.params) > FEW:
            others = _spread(others, max(1, OTHERS // len(activation.params)))
        sets += [activation.defaults | {param.name: value} for value in others]
    return sets


def few_sets(activation: Activation, count: int = 3) -> list[dict[str, float]]:
    """The first parameter sets, for checks in which parameters matter little."""
    return list(itertools.islice(parameter_sets(activation), count))


def stored_in(params: Mapping[str, float], dtype: torch.dtype) -> dict[str, float]:
    """Parameters as tensors of the dtype hold them."""
    return {name: torch.tensor(value, dtype=dtype).item() for name, value in params.items()}


def storable_sets(activation: Activation, dtype: torch.dtype) -> list[dict[str, float]]:
    """Parameter sets that stay inside their domains when tensors of the dtype hold them."""
    found: list[dict[str, float]] = []
    for params in parameter_sets(activation):
        held = stored_in(params, dtype)
        if held not in found and all(p.domain.contains(held[p.name]) for p in activation.params):
            found.append(held)
    return found


def _spread(values: list[float], count: int) -> list[float]:
    """So many of the values, ends of the domain, ordinary ones and extremes among them."""
    step = max(1, -(-len(values) // count))
    return values[::step]


def _candidates(param: Param) -> list[float]:
    domain = param.domain
    ends = [end for end in (domain.low, domain.high) if abs(end) < float("inf")]
    near = [end + step for end in ends for step in (0.0, SMALL, -SMALL)]
    wanted = [*near, *ORDINARY, *(-value for value in ORDINARY), SMALL, LARGE, -LARGE]
    return [
        value
        for value in dict.fromkeys(wanted)
        if domain.contains(value) and value != param.default
    ]
