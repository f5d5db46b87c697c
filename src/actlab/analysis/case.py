"""An activation at given parameter values, evaluated on arrays of doubles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from actlab import registry
from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.torch_ import TorchMaths

BLOCK = 512
"""Elements evaluated at once: torch gives some functions of more than these to several threads,
which cost far more than they save on a busy machine."""


@dataclass(frozen=True, slots=True)
class Case:
    """An activation and a value for each of its parameters; every analysis takes one.

    Attributes:
        definition: the activation. values: name and value of every parameter.
    """

    definition: Activation
    values: tuple[tuple[str, float], ...] = ()

    @property
    def params(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(self.values)

    @property
    def joints(self) -> tuple[float, ...]:
        """Where pieces meet, in ascending order, each once."""
        places = {float(joint.where(**self.params)) for joint in self.definition.joints}
        return tuple(sorted(place for place in places if math.isfinite(place)))

    def value(self, x: np.ndarray) -> np.ndarray:
        """f at every element."""
        return self._evaluated(self.definition.forward, x)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """f' at every element, with the convention of the definition at its joints."""
        return self._evaluated(self.definition.derivative, x)

    def curvature(self, x: np.ndarray) -> np.ndarray:
        """f'' at every element: the slope's formula, differentiated by torch."""
        flat = np.ascontiguousarray(x, dtype=np.float64).ravel()
        out = np.empty_like(flat)
        for start in range(0, flat.size, BLOCK):
            at = torch.from_numpy(flat[start : start + BLOCK].copy()).requires_grad_()
            m = TorchMaths(at, storage=at.dtype, differentiable=True)
            slope = self.definition.derivative(m, at, **self.params)
            if isinstance(slope, torch.Tensor) and slope.requires_grad:
                (rise,) = torch.autograd.grad(slope.sum(), at)
                out[start : start + BLOCK] = rise.numpy()
            else:
                out[start : start + BLOCK] = 0.0
        return out.reshape(np.shape(x))

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value:g}" for name, value in self.values)
        return f"{self.definition.name}({inside})"

    def _evaluated(self, formula: Formula, x: np.ndarray) -> np.ndarray:
        flat = np.ascontiguousarray(x, dtype=np.float64).ravel()
        out = np.empty_like(flat)
        with torch.no_grad():
            for start in range(0, flat.size, BLOCK):
                at = torch.from_numpy(flat[start : start + BLOCK])
                m = TorchMaths(at, storage=at.dtype, differentiable=False)
                result = formula(m, at, **self.params)
                known = result.numpy() if isinstance(result, torch.Tensor) else result
                out[start : start + BLOCK] = known
        return out.reshape(np.shape(x))


Analysed: TypeAlias = "registry.Named | Case"
"""What every analysis takes: a name, a definition, or a case with its parameters."""


def case(activation: Analysed, params: Mapping[str, float] | None = None) -> Case:
    """An activation with its parameters bound and checked.

    Args:
        activation: a name, a definition, or a case, whose parameters are then the defaults.
        params: values of its parameters; those not given take their defaults.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain.
        TypeError: a parameter that the activation does not have, or that is no number.

    Example:
        >>> from actlab.analysis.case import case
        >>> str(case("expolu", {"b": 0.5}))
        'expolu(a=1, b=0.5, p=2)'
    """
    given = dict(params or {})
    if isinstance(activation, Case):
        if not given:
            return activation
        given = activation.params | given
        activation = activation.definition
    definition = registry.get(activation)
    bound = definition.bind((), given)
    return Case(
        definition,
        tuple(
            (name, definition.param(name).check(definition.name, value))
            for name, value in bound.items()
        ),
    )
