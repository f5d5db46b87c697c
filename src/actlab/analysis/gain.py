"""Initialisation gains: the weight scale at which a deep network keeps its signal alive.

A layer with weights N(0, sw^2 / fan_in) and biases N(0, sb^2) maps the variance q of its inputs
to ``sw^2 E f(sqrt(q) z)^2 + sb^2``, and multiplies squared gradients by
``chi = sw^2 E f'(sqrt(q) z)^2`` (Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017,
arXiv:1611.01232). A network is on the edge of chaos where the variance has a fixed point q and
chi is 1 there: ``sw^2 = 1 / E f'^2`` and ``sb^2 = q - E f^2 / E f'^2``, which must not be negative.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal

from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.laws import Law
from actlab.analysis.moments import Moments, moments_of

SEARCH = (0.05, 20.0)
"""Variances between which the default critical point is looked for."""

ROUNDING = 1e-12
"""A bias variance this close to 0, relative to q, is 0."""

MARGIN = 1e-9
"""A slope of the variance map this close to 1 is neither stable nor unstable."""

Verdict = Literal["stable", "marginal", "unstable"]


@dataclass(frozen=True, slots=True)
class Gains:
    """What one layer does to signal and gradient at input variance 1.

    Attributes:
        forward: ``1 / sqrt(E f^2)``, the own gain: the signal's second moment is kept.
        centred: ``1 / sqrt(Var f)``: its variance is kept, for layers that subtract the mean.
        backward: ``1 / sqrt(E f'^2)``: squared gradients are kept.
        chi: ``E f'^2 / E f^2``: their factor per layer at the own gain.
        chi_normalised: ``E f'^2 / Var f``: their factor in a network with layer normalisation
            after every activation; never below 1.
        slope: of the variance map at its fixed point q = 1, at the own gain.
        verdict: ``"stable"`` where its size is below 1, ``"marginal"`` where it is 1.
        critical: (sw, sb) on the edge of chaos, or None where there is none.
    """

    forward: float
    centred: float
    backward: float
    chi: float
    chi_normalised: float
    slope: float
    verdict: Verdict
    critical: tuple[float, float] | None


def forward_gain(activation: Analysed, **params: float) -> float:
    """The gain that preserves the second moment: ``1 / sqrt(E f(z)^2)``, z ~ N(0, 1).

    Args:
        activation: a name, a definition, or a case.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: a parameter is outside its domain.

    Example:
        >>> from actlab.analysis.gain import forward_gain
        >>> round(forward_gain("relu"), 5), round(forward_gain("ralu", alpha=3.0), 5)
        (1.41421, 0.57735)
    """
    return inverse_root(at_variance(case(activation, params)).square)


def backward_gain(activation: Analysed, **params: float) -> float:
    """The gain that preserves squared gradients: ``1 / sqrt(E f'(z)^2)``, z ~ N(0, 1).

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import backward_gain
        >>> round(backward_gain("elu"), 5)
        1.22343
    """
    return inverse_root(at_variance(case(activation, params)).slope_square)


def centred_gain(activation: Analysed, **params: float) -> float:
    """The gain that preserves the variance: ``1 / sqrt(Var f(z))``, z ~ N(0, 1).

    For layers that subtract the mean, such as those followed by batch normalisation.

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import centred_gain
        >>> round(centred_gain("relu"), 5)
        1.71286
    """
    return inverse_root(at_variance(case(activation, params)).variance)


def gains(activation: Analysed, **params: float) -> Gains:
    """All gains, and how gradient and variance behave at them, at input variance 1.

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import gains
        >>> found = gains("powerlu", p=3.0)
        >>> round(found.chi, 4), round(found.slope, 3), found.verdict, found.critical
        (0.9026, 1.037, 'unstable', None)
    """
    return _gains(case(activation, params))


@functools.lru_cache(maxsize=1024)
def _gains(subject: Case) -> Gains:
    at = at_variance(subject)
    slope = at.growth / at.square if at.square else math.nan
    return Gains(
        forward=inverse_root(at.square),
        centred=inverse_root(at.variance),
        backward=inverse_root(at.slope_square),
        chi=_ratio(at.slope_square, at.square),
        chi_normalised=_ratio(at.slope_square, at.variance),
        slope=slope,
        verdict=verdict(slope),
        critical=critical(subject),
    )


def verdict(slope: float) -> Verdict:
    """What the slope of the variance map at a fixed point means for small departures from it."""
    if abs(abs(slope) - 1) <= MARGIN:
        return "marginal"
    return "stable" if abs(slope) < 1 else "unstable"


def critical(
    activation: Analysed, q: float | None = None, **params: float
) -> tuple[float, float] | None:
    """The critical ``(sw, sb)``: variance has a fixed point, and there chi = 1.

    Args:
        activation: a name, a definition, or a case.
        q: the fixed variance. Default: None, which is 1 if that needs no negative bias variance,
            and otherwise the variance where sb = 0.
        **params: its parameters; those not given take their defaults.

    Returns:
        ``(sw, sb)``, or None where there is no such point (PowerLU with p = 2, Softplus):
        gradients of the plain network vanish with depth whatever the weights are.

    Raises:
        ValueError: q or a parameter is outside its domain.

    Example:
        >>> from actlab.analysis.gain import critical
        >>> [round(value, 4) for value in critical("elu")]
        [1.2234, 0.1862]
    """
    subject = case(activation, params)
    if q is not None:
        return _pair(subject, float(q))
    point = _pair(subject, 1.0)
    if point is not None:
        return point
    fixed = _unbiased_fixed_point(subject)
    return None if fixed is None else (inverse_root(at_variance(subject, fixed).slope_square), 0.0)


def own_init(activation: Analysed, **params: float) -> tuple[float, float]:
    """The ``(sw, sb)`` to initialise plain deep networks with: critical, else forward.

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import own_init
        >>> [round(value, 4) for value in own_init("expolu")]
        [0.7254, 0.0]
    """
    point = critical(activation, **params)
    return (forward_gain(activation, **params), 0.0) if point is None else point


def bias_variance(subject: Case, q: float) -> float:
    """The bias variance of the edge of chaos at q, relative to q; there is none below 0."""
    at = at_variance(subject, q)
    if not 0 < at.slope_square < math.inf:
        return -math.inf
    return 1 - at.square / at.slope_square / q


def _pair(subject: Case, q: float) -> tuple[float, float] | None:
    excess = bias_variance(subject, q)
    if excess < -ROUNDING:
        return None
    bias = math.sqrt(excess * q) if excess > ROUNDING else 0.0
    return inverse_root(at_variance(subject, q).slope_square), bias


def _unbiased_fixed_point(subject: Case) -> float | None:
    """The smallest q in SEARCH with ``E f^2 = q E f'^2``, or None."""
    low, high = (math.log(end) for end in SEARCH)
    grid = [low + (high - low) * k / 60 for k in range(61)]
    values = [bias_variance(subject, math.exp(point)) for point in grid]
    for left, right, before, after in zip(grid, grid[1:], values, values[1:], strict=False):
        if before < 0 <= after or before > 0 >= after:
            for _ in range(50):
                middle = 0.5 * (left + right)
                same = (bias_variance(subject, math.exp(middle)) > 0) == (before > 0)
                left, right = (middle, right) if same else (left, middle)
            return math.exp(0.5 * (left + right))
    return None


def at_variance(subject: Case, q: float = 1.0) -> Moments:
    return moments_of(subject, Law(variance=q))


def inverse_root(square: float) -> float:
    """``1 / sqrt(square)``; infinite for a function whose moment is 0, 0 for an infinite one."""
    return 1 / math.sqrt(square) if square else math.inf


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
