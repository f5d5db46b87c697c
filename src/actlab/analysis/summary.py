"""Everything there is to say about one activation, in one record."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.cost import Cost, cost
from actlab.analysis.formats import Precision, precision
from actlab.analysis.gain import Gains, gains
from actlab.analysis.laws import Law
from actlab.analysis.masses import UnderLaw, under_law
from actlab.analysis.moments import Moments, moments_of
from actlab.analysis.propagation import Init, Propagation, propagate
from actlab.analysis.quadrature import AccuracyError
from actlab.analysis.shapes import Shape, shape

DEPTH = 30


@dataclass(frozen=True)
class Analysis:
    """An activation at given parameters, under standard normal inputs; found when asked for.

    Attributes:
        name: of the activation. params: its parameters.
        moments, gains, shape, law: see ``moments``, ``gains``, ``shape`` and ``under_law``.
        propagation: 30 layers at each named initialisation, without and with layer
            normalisation after the activation; see ``propagate``.
        precision: floating-point facts per format. cost: operations and bytes.
        missing: what could not be found to the accuracy promised, with the reason.
    """

    subject: Case

    @property
    def name(self) -> str:
        return self.subject.definition.name

    @property
    def params(self) -> dict[str, float]:
        return self.subject.params

    @functools.cached_property
    def moments(self) -> Moments:
        return moments_of(self.subject, Law())

    @functools.cached_property
    def gains(self) -> Gains:
        return gains(self.subject)

    @functools.cached_property
    def shape(self) -> Shape:
        return shape(self.subject)

    @functools.cached_property
    def law(self) -> UnderLaw:
        return under_law(self.subject)

    @functools.cached_property
    def propagation(self) -> Mapping[str, Propagation]:
        inits: list[Init] = ["pytorch", "he", "own"]
        if self.gains.critical is not None:
            inits.append("critical")
        found: dict[str, Propagation] = {
            init: propagate(self.subject, init, DEPTH) for init in inits
        }
        found["pytorch, normalised"] = propagate(self.subject, "pytorch", DEPTH, norm="after")
        return found

    @functools.cached_property
    def precision(self) -> tuple[Precision, ...]:
        return precision(self.subject)

    @functools.cached_property
    def cost(self) -> Cost:
        return cost(self.subject)

    @functools.cached_property
    def missing(self) -> Mapping[str, str]:
        reasons = {}
        for part in PARTS:
            try:
                getattr(self, part)
            except AccuracyError as error:
                reasons[part] = str(error)
        return reasons

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values that JSON can hold; infinities and NaN as strings."""
        known = {
            part: _plain(getattr(self, part)) if part not in self.missing else None
            for part in PARTS
        }
        return {"name": self.name, "params": self.params, **known, "missing": dict(self.missing)}


PARTS = ("moments", "gains", "shape", "law", "propagation", "precision", "cost")


def analyse(activation: Analysed, **params: float) -> Analysis:
    """Everything about an activation at the parameters given, each part found when asked for.

    Args:
        activation: a name, a definition, or a case.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain. (Parts raise
            AccuracyError where they cannot be found as accurately as promised.)

    Example:
        >>> from actlab.analysis import analyse
        >>> found = analyse("elu")
        >>> round(found.gains.forward, 4), found.shape.lipschitz, found.cost.kind
        (1.2452, 1.0, 'one transcendental')
    """
    return Analysis(case(activation, params))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value
