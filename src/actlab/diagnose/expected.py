"""What the function at a site is known to do: flat pieces, tails, gains."""

from __future__ import annotations

import math

import torch

from actlab.analysis.case import Case
from actlab.analysis.moments import moments
from actlab.diagnose.meter import SMALL, Meter
from actlab.diagnose.seen import Watched
from actlab.init.nonlinearity import Nonlinearity

FLAT_RUN = 3
"""Neighbouring probes with slope 0 that make a flat piece of a function that is not known."""


def known_function(watched: Watched) -> Nonlinearity | None:
    """What a site applies, at the present values of its parameters."""
    try:
        return watched.known()
    except Exception:  # a parameter may have left its domain
        return None


def has_flat_piece(meter: Meter, known: Nonlinearity | None) -> bool:
    """Whether the function is exactly constant on a piece of the line."""
    if known is not None and known.definition is not None:
        traits = known.definition.traits
        return traits.dead is not None or traits.dead_above is not None
    if meter.probed is None:
        return False
    middle = len(meter.probed) // 4
    slopes = meter.probed[middle : len(meter.probed) - middle].tolist()
    run = longest = 0
    for slope in slopes:
        run = run + 1 if slope == 0 else 0
        longest = max(longest, run)
    return longest >= FLAT_RUN


def predicted_gains(
    known: Nonlinearity | None, mean: float, variance: float
) -> tuple[float | None, float | None]:
    """Gains for normally distributed inputs of that mean and variance, by quadrature."""
    square = variance + mean * mean
    if known is None or known.definition is None or not 1e-12 < variance < 1e12:
        return None, None
    try:
        found = moments(Case(known.definition, known.params), variance, mean=mean)
    except (ValueError, ArithmeticError, RuntimeError):
        return None, None
    return math.sqrt(found.square / square), math.sqrt(found.slope_square)


def fades(meter: Meter, known: Nonlinearity | None, unit: int, mean: float) -> bool:
    """Whether a unit's inputs lie in a tail in which the slope fades away.

    LeakyReLU's slope is small for ever but does not fade, and at a turning point of GELU it is
    small and grows again farther out.
    """
    if meter.fades is None or not math.isfinite(mean):
        return False
    side = meter.fades[0] if mean < 0 else meter.fades[1]
    if not bool(side[min(unit, len(side) - 1)]):
        return False
    if known is None or known.parts:
        return True
    out = max(abs(mean), 1.0) * torch.tensor([0.0, 0.5, 1.0, 2.0], dtype=torch.float64)
    try:
        _, slopes = known.at(mean + math.copysign(1.0, mean) * out)
    except Exception:  # somebody's function
        return True
    steepest = float(meter.peak.reshape(-1)[min(unit, meter.peak.numel() - 1)])
    return bool((slopes.abs() <= 1.1 * SMALL * steepest).all())
