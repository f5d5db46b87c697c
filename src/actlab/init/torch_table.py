"""What torch's own activations are in the catalogue: modules, functions and tensor methods.

A row names a definition, torch's function, the module class, and torch's arguments in order
with the definition's parameter that each one is. Whether the definition is in the catalogue, and
computes what torch computes, is looked at when a row is used and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Row:
    """One of torch's elementwise activations.

    Args:
        definition: the name it would have in the catalogue.
        function: torch's function, out of place.
        module: torch's module class, where there is one.
        arguments: torch's arguments after the input, in order, and their defaults. Module
            attributes have the same names.
        parameters: torch's argument to the definition's parameter, where they differ in name.
    """

    definition: str
    function: Callable[..., Tensor]
    module: type[nn.Module] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Torch's arguments by name, from what a call passed after the input."""
        given = dict(zip(self.arguments, args, strict=False))
        given |= {name: value for name, value in kwargs.items() if name in self.arguments}
        return {name: given.get(name, default) for name, default in self.arguments.items()}


ROWS = (
    Row("relu", functional.relu, nn.ReLU),
    Row("relu6", functional.relu6, nn.ReLU6),
    Row("leaky_relu", functional.leaky_relu, nn.LeakyReLU, {"negative_slope": 0.01}),
    Row("elu", functional.elu, nn.ELU, {"alpha": 1.0}),
    Row("celu", functional.celu, nn.CELU, {"alpha": 1.0}),
    Row("selu", functional.selu, nn.SELU),
    Row("gelu", functional.gelu, nn.GELU, {"approximate": "none"}),
    Row("silu", functional.silu, nn.SiLU),
    Row("mish", functional.mish, nn.Mish),
    Row("softplus", functional.softplus, nn.Softplus, {"beta": 1.0, "threshold": 20.0}),
    Row("sigmoid", torch.sigmoid, nn.Sigmoid),
    Row("tanh", torch.tanh, nn.Tanh),
    Row("logsigmoid", functional.logsigmoid, nn.LogSigmoid),
    Row("hardswish", functional.hardswish, nn.Hardswish),
    Row("hardsigmoid", functional.hardsigmoid, nn.Hardsigmoid),
    Row("hardtanh", functional.hardtanh, nn.Hardtanh, {"min_val": -1.0, "max_val": 1.0}),
    Row("softsign", functional.softsign, nn.Softsign),
    Row("tanhshrink", functional.tanhshrink, nn.Tanhshrink),
    Row("softshrink", functional.softshrink, nn.Softshrink, {"lambd": 0.5}),
    Row("hardshrink", functional.hardshrink, nn.Hardshrink, {"lambd": 0.5}),
    Row("threshold", functional.threshold, nn.Threshold, {"threshold": 0.0, "value": 0.0}),
    Row("identity", torch.clone, nn.Identity),
    Row("sine", torch.sin),
    Row("arctan", torch.arctan),
    Row("erf", torch.erf),
)

OTHER_SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sigmoid": ("expit",), "sine": ("sin",), "arctan": ("atan",)}
)
"""Further names of torch's functions, beside the definition's own."""


def _spellings(row: Row) -> set[Any]:
    """The callables torch offers for a function, in place or not, function or method."""
    found = {row.function}
    for name in (row.definition, *OTHER_SPELLINGS.get(row.definition, ())):
        for space in (torch, functional, torch.special, Tensor):
            for spelling in (name, f"{name}_"):
                if hasattr(space, spelling):
                    found.add(getattr(space, spelling))
        for spelling in (name, f"{name}_"):
            operator = getattr(torch.ops.aten, spelling, None)
            if operator is not None:
                found |= {operator, operator.default}
    return found


MODULES: Mapping[type[nn.Module], Row] = MappingProxyType(
    {row.module: row for row in ROWS if row.module is not None}
)
"""Torch's module classes; a class derived from one may compute anything and is not in here."""

FUNCTIONS: Mapping[Any, Row] = MappingProxyType(
    {spelling: row for row in ROWS if row.definition != "identity" for spelling in _spellings(row)}
)
"""Torch's functions and tensor methods."""
