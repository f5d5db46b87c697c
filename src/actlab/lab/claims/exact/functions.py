"""Where exact checks get their functions: from the registry, unless others are put in their place.

A check that is handed an altered definition must notice; the tests make sure that it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import mpmath
import numpy as np
import torch
from torch import Tensor

from actlab import registry
from actlab.analysis import exactly
from actlab.analysis.case import Case, case
from actlab.analysis.exactly import JointFact
from actlab.analysis.gain import Gains, gains
from actlab.analysis.laws import Law, LawName
from actlab.analysis.masses import UnderLaw, under_law
from actlab.analysis.moments import Moments, moments_of
from actlab.analysis.propagation import Init, Propagation, propagate
from actlab.analysis.shapes import Shape, shape
from actlab.core import Activation
from actlab.functional import call

NOTHING: Mapping[str, Activation] = MappingProxyType({})


@dataclass(frozen=True)
class Functions:
    """Activations by name, and what checks ask about them.

    Args:
        replaced: definitions that stand in for registered ones, by the name they replace.
    """

    replaced: Mapping[str, Activation] = field(default_factory=lambda: NOTHING)

    def definition(self, name: str) -> Activation:
        """The definition of that name."""
        return self.replaced[name] if name in self.replaced else registry.get(name)

    def case(self, name: str, **params: float) -> Case:
        """The function with its parameters bound."""
        return case(self.definition(name), params)

    def value(self, name: str, x: float | np.ndarray, **params: float) -> Any:
        """f in double precision."""
        return _like(x, self.case(name, **params).value(np.asarray(x, dtype=np.float64)))

    def slope(self, name: str, x: float | np.ndarray, **params: float) -> Any:
        """f' in double precision, with the definition's convention at joints."""
        return _like(x, self.case(name, **params).slope(np.asarray(x, dtype=np.float64)))

    def exact_value(self, name: str, x: Any, **params: float) -> Any:
        """f in 90 digits."""
        return exactly.value(self.case(name, **params), x)

    def exact_slope(self, name: str, x: Any, **params: float) -> Any:
        """f' in 90 digits."""
        return exactly.slope(self.case(name, **params), x)

    def curvature(self, name: str, x: float, **params: float) -> float:
        """f'' away from joints, from 90 digits."""
        return float(exactly.curvature(self.case(name, **params), x))

    def joints(self, name: str, **params: float) -> tuple[JointFact, ...]:
        """One-sided slopes and smoothness where pieces meet."""
        return exactly.joint_facts(self.case(name, **params))

    def smoothness(self, name: str, **params: float) -> float:
        """k where the function is C^k and not C^(k+1); infinite where nothing jumps."""
        return min((joint.smoothness for joint in self.joints(name, **params)), default=math.inf)

    def shape(self, name: str, **params: float) -> Shape:
        """Everything about the shape."""
        return shape(self.case(name, **params))

    def moments(
        self, name: str, q: float = 1.0, mean: float = 0.0, law: LawName = "normal", **params: float
    ) -> Moments:
        """Moments under a normal or uniform law of that mean and variance."""
        return moments_of(self.case(name, **params), Law(law, mean, q))

    def under_law(self, name: str, **params: float) -> UnderLaw:
        """Dead mass, sparsity and linearity under N(0, 1)."""
        return under_law(self.case(name, **params))

    def gains(self, name: str, **params: float) -> Gains:
        """Gains and per-layer factors under N(0, 1)."""
        return gains(self.case(name, **params))

    def propagate(
        self, name: str, init: Init | tuple[float, float], depth: int, **params: float
    ) -> Propagation:
        """Variance and squared gradient over the layers of a wide random network."""
        return propagate(self.case(name, **params), init, depth, distance=None)

    def call(self, name: str, x: Tensor, **params: Any) -> Tensor:
        """f as it runs in a network, in the dtype of x."""
        return call(self.definition(name), x, **params)

    def gradient(
        self,
        name: str,
        x: Tensor,
        save: Literal["input", "output"] | None = None,
        **params: Any,
    ) -> Tensor:
        """f' as backward computes it, in the dtype of x."""
        at = x.detach().clone().requires_grad_()
        y = call(self.definition(name), at, save=save, **params)
        (slope,) = torch.autograd.grad(y, at, torch.ones_like(y))
        return slope


def after(values: Sequence[float], layers: int) -> float:
    """The value after that many layers, or the last one where the maps ended before."""
    return values[min(layers, len(values) - 1)]


def beside(x: float, side: int) -> Any:
    """The point 1e-30 to one side of x, which doubles cannot hold, as an ``mpf``."""
    with mpmath.workdps(60):
        return mpmath.mpf(x) + side * mpmath.mpf(10) ** -30


def _like(x: float | np.ndarray, y: np.ndarray) -> Any:
    return y if isinstance(x, np.ndarray) else float(y)
