"""Integrals next to joints at which the slope is unbounded: PowerLU with p < 1, for example.

Doubles cannot come close enough to such a joint, so these pieces are evaluated by mpmath, on
panels of ``ln d``, where d is the distance from the joint; what lies nearer than ``NEAREST`` is
added in closed form, as the slope is a power of d there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actlab.analysis.case import Case
from actlab.analysis.quadrature import gauss_legendre

NEAREST = 1e-40
PANEL, NODES = 4.0, 20
STEEP = -1e-3
"""Exponents of the slope below this make it unbounded."""


@dataclass(frozen=True, slots=True)
class Steep:
    """A side of a joint where ``f' ~ factor d**exponent`` with a negative exponent.

    Attributes:
        joint: the place. side: -1 or 1. exponent, factor: of the slope.
    """

    joint: float
    side: int
    exponent: float
    factor: float


def steep_sides(case: Case) -> list[Steep]:
    """The sides of joints at which the slope is unbounded."""
    if not case.joints:
        return []
    import mpmath

    from actlab.interpret.mp import MpMaths

    found = []
    with mpmath.workdps(120):
        params = {name: mpmath.mpf(value) for name, value in case.values}
        for joint in case.joints:
            for side in (-1, 1):
                near, nearer = (
                    mpmath.mpf(
                        case.definition.derivative(
                            MpMaths(), mpmath.mpf(joint) + side * mpmath.mpf(10) ** -k, **params
                        )
                    )
                    for k in (30, 60)
                )
                if near == 0 or nearer == 0:
                    continue
                exponent = mpmath.log(abs(near / nearer)) / (30 * mpmath.log(10))
                if exponent < STEEP:
                    factor = nearer * mpmath.mpf(10) ** (60 * exponent)
                    found.append(Steep(joint, side, float(exponent), float(factor)))
    return found


def piece(
    case: Case, steep: Steep, length: float, density: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes with values and slopes next to a steep joint, as (x, weight, f, f', close) rows.

    Returns:
        An array of rows x, f, f' and weight (density included), and the part nearer than
        ``NEAREST``: the integrals of f' and of f'^2 there, infinite where they are.
    """
    import mpmath

    from actlab.interpret.mp import MpMaths

    low, high = math.log(NEAREST), math.log(length)
    count = math.ceil((high - low) / PANEL)
    cuts = np.linspace(low, high, count + 1)
    nodes, weights = gauss_legendre(NODES)
    half = 0.5 * (cuts[1] - cuts[0])
    logs = (0.5 * (cuts[:-1] + cuts[1:])[:, None] + half * nodes).ravel()
    spread = np.tile(half * weights, count) * np.exp(logs)
    values, slopes = [], []
    with mpmath.workdps(60):
        params = {name: mpmath.mpf(value) for name, value in case.values}
        for distance in np.exp(logs):
            x = mpmath.mpf(steep.joint) + steep.side * mpmath.mpf(float(distance))
            values.append(float(case.definition.forward(MpMaths(), x, **params)))
            slopes.append(float(case.definition.derivative(MpMaths(), x, **params)))
    x = steep.joint + steep.side * np.exp(logs)
    rows = np.array([x, values, slopes, spread * density(x)])
    here = float(density(np.array([steep.joint]))[0])
    once, twice = 1 + steep.exponent, 1 + 2 * steep.exponent
    close = np.array(
        [
            here * steep.factor * NEAREST**once / once if once > 0 else math.inf,
            here * steep.factor**2 * NEAREST**twice / twice if twice > 1e-9 else math.inf,
        ]
    )
    return rows, close
