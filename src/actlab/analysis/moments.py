"""Moments of an activation under normal and uniform inputs, by quadrature split at the joints."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.laws import FARTHEST, REACH, Law, LawName
from actlab.analysis.quadrature import PROMISED, AccuracyError, Integrals, integrate, scales_around
from actlab.analysis.steep import piece, steep_sides

ENOUGH = 1e-18
"""The tail of E f^2 that may be left out."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Expectations of f and its slope under one law of the input x, with variance q.

    Attributes:
        mean: E f. square: E f^2. slope: E f'. slope_square: E f'^2, infinite where it diverges.
        variance: Var f, without the cancellation of E f^2 - (E f)^2.
        growth: E (x - E x) f f' / q, which under a normal law is d E f^2 / d q.
        error: estimated relative error, that of a mean relative to E |f|.
    """

    mean: float
    square: float
    slope: float
    slope_square: float
    variance: float
    growth: float
    error: float


def moments(
    activation: Analysed,
    q: float = 1.0,
    *,
    mean: float = 0.0,
    law: LawName = "normal",
    **params: float,
) -> Moments:
    """Moments of an activation for inputs of mean ``mean`` and variance q.

    Args:
        activation: a name, a definition, or a ``case``.
        q: variance of the input, in (0, inf). Default: 1.
        mean: mean of the input. Default: 0.
        law: ``"normal"``, or ``"uniform"`` on ``mean`` +- sqrt(3 q). Default: ``"normal"``.
        **params: its parameters; those not given take their defaults. (A parameter that is
            called like an argument above goes in through ``case``.)

    Returns:
        The moments; the relative error is about 1e-14, and never above 1e-10.

    Raises:
        ValueError: q, the mean, the law or a parameter is outside its domain.
        AccuracyError: 1e-10 cannot be reached, or the expectation does not exist.

    Example:
        >>> from actlab.analysis.moments import moments
        >>> round(moments("ralu", alpha=3.0).square, 9)
        3.0
        >>> round(moments("elu", 1 / 3, law="uniform").mean, 6)  # 1/(2e) - 1/4 + 1/4 at a = 1
        0.06606
    """
    return moments_of(case(activation, params), Law(law, float(mean), float(q)))


@functools.lru_cache(maxsize=4096)
def moments_of(subject: Case, law: Law) -> Moments:
    """The moments of a case under a law; see ``moments``."""
    found = _resolved(subject, law)
    return found[0]


def resolving_edges(subject: Case, law: Law) -> np.ndarray:
    """Ends of panels on each of which f and f' are polynomials of degree 47 to rounding."""
    return _resolved(subject, law)[1]


@functools.lru_cache(maxsize=256)
def _resolved(subject: Case, law: Law) -> tuple[Moments, np.ndarray]:
    what = f"{subject} under a {law.name} law of mean {law.mean:g} and variance {law.variance:g}"
    low, high = _reach(subject, law, what)
    centre = _rough_mean(subject, low, high, law)
    steep = [one for one in steep_sides(subject) if low < one.joint < high]
    lengths = [_room(subject, one.joint, one.side, law, low, high) for one in steep]
    gaps = [
        tuple(sorted((one.joint, one.joint + one.side * length)))
        for one, length in zip(steep, lengths, strict=True)
    ]
    found = integrate(
        lambda x: _integrands(subject, law, centre, x),
        _edges(subject, law, low, high),
        what,
        without=[(left, right) for left, right in gaps],
    )
    values, sizes = found.values.copy(), found.sizes.copy()
    for one, length in zip(steep, lengths, strict=True):
        rows, (once, twice) = piece(subject, one, length, law.density)
        x, f, slope, weight = rows
        extra = _products(f, slope, x, weight, law, centre)
        values += extra.sum(1)
        sizes += np.abs(extra).sum(1)
        at_joint = float(f[np.argmin(np.abs(x - one.joint))])
        values[2] += once
        values[3] += twice
        values[5] += (one.joint - law.mean) / law.variance * at_joint * once
    return _made(values, sizes, found, centre, what), found.edges


def _made(
    values: np.ndarray, sizes: np.ndarray, found: Integrals, centre: float, what: str
) -> Moments:
    shift, square, slope, slope_square, variance, growth, _mass = (float(v) for v in values)
    scale = np.maximum(sizes, 1e-300)
    with np.errstate(invalid="ignore"):
        error = float(np.nanmax(found.errors / scale))
    if error > PROMISED:
        raise AccuracyError(
            f"{what}: the moments converge to a relative {error:.1g} only, which is not enough"
        )
    return Moments(
        mean=centre + shift,
        square=square,
        slope=slope,
        slope_square=slope_square,
        variance=max(variance - shift * shift, 0.0),
        growth=growth,
        error=max(error, 1e-15),
    )


def _integrands(subject: Case, law: Law, centre: float, x: np.ndarray) -> np.ndarray:
    return _products(subject.value(x), subject.slope(x), x, law.density(x), law, centre)


def _products(
    f: np.ndarray, slope: np.ndarray, x: np.ndarray, weight: np.ndarray, law: Law, centre: float
) -> np.ndarray:
    off = f - centre
    deviation = (x - law.mean) / law.variance
    with np.errstate(over="ignore"):
        rows = [off, f * f, slope, slope * slope, off * off, deviation * f * slope]
    return np.array([*(row * weight for row in rows), weight])


def _edges(subject: Case, law: Law, low: float, high: float) -> list[float]:
    """Where panels end before any are split.

    Functions vary on scales of their own around 0 and around their joints, whatever the law
    is; a feature much narrower than the first panels would be missed, so these shrink towards
    the places where features are.
    """
    step = law.sigma
    count = math.ceil((high - low) / step)
    edges = list(np.linspace(low, high, count + 1))
    edges += scales_around(0.0, -48, 8)
    for joint in subject.joints:
        edges += scales_around(joint, -24, 2)
    edges.append(law.mean)
    return [low, high, *(edge for edge in edges if low < edge < high)]


def _reach(subject: Case, law: Law, what: str) -> tuple[float, float]:
    """The interval outside which nothing is left: wider for functions that grow fast."""
    if law.name == "uniform":
        return law.ends()
    reach = REACH
    while True:
        low, high = law.ends(reach)
        z = np.linspace(0.0, reach, 481)
        x = np.concatenate([law.mean - law.sigma * z, law.mean + law.sigma * z])
        f, slope = subject.value(x), subject.slope(x)
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = np.maximum(f * f, slope * slope) * law.density(x) * law.sigma
        if not np.isfinite(sizes).all():
            at = x[np.flatnonzero(~np.isfinite(sizes))[0]]
            raise AccuracyError(f"{what} is not finite, or too large for doubles, at {at:g}")
        ends = max(sizes[480], sizes[-1])
        whole = float(sizes.sum())
        # Nothing at all may mean that the function begins farther out, as soft shrinkage does.
        if whole > 0 and ends <= ENOUGH * whole / 40:
            return low, high
        reach += 2
        if reach > FARTHEST and whole == 0:
            return law.ends(REACH)
        if reach > FARTHEST:
            raise AccuracyError(f"{what}: the tails are too heavy; E f^2 may not exist")


def _rough_mean(subject: Case, low: float, high: float, law: Law) -> float:
    """About E f: what is subtracted before squaring, so that the variance does not cancel."""
    x = np.linspace(low, high, 481)
    weight = law.density(x)
    mean = float((subject.value(x) * weight).sum() / weight.sum())
    return mean if math.isfinite(mean) else 0.0


def _room(subject: Case, joint: float, side: int, law: Law, low: float, high: float) -> float:
    """How far a piece next to a steep joint may go: not half-way to the next joint."""
    others = [abs(other - joint) for other in (*subject.joints, low, high) if other != joint]
    return min(0.25 * law.sigma, 0.25, *(0.45 * other for other in others))
