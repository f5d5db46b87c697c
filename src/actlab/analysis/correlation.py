"""How an activation pulls two correlated inputs together or apart.

For u, v normal with variance q and correlation c = 1 - d, ``drop`` gives
``E f(u)^2 - E f(u) f(v)``, which is what a layer turns a distance d into. It is a variance,
``E_s Var_z f(s + sqrt(q d) z)`` with s ~ N(0, q c), and so it loses no digits where d is small;
for d so small that f itself is blurred by rounding, its expansion in sqrt(d) takes over.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from actlab.analysis.case import Case
from actlab.analysis.laws import Law
from actlab.analysis.moments import moments_of, resolving_edges
from actlab.analysis.quadrature import AccuracyError, points_of

OUTER, INNER = 10, 12
"""Nodes of a panel."""

SPAN = 8.5
"""Standard deviations on either side; beyond, the square of a growing f adds less than 1e-12."""

LAYER = (0.0, 1.5, 3.0, 5.0, 8.0)
"""Around a joint the inner variance changes at these multiples of the inner deviation."""

CLOSE = 1e-9
"""Relative size of the expansion's neglected term up to which it is used."""

CLOSEST = 1e-14
"""Distance below which the expansion is used whatever it neglects."""

MOST = 4_000_000
"""Evaluations for one distance beyond which a function varies too fast."""


@dataclass(frozen=True, slots=True)
class _Expansion:
    """``drop = root sqrt(qd) + once (q d) - half (q d)^1.5``, and what comes next.

    Attributes:
        root: from jumps of f. once: E f'^2. half: from jumps of the slope.
        next_half: of (q d)^1.5 d, which is neglected. neglected: of (q d)^2, E f''^2 / 2.
    """

    root: float
    once: float
    half: float
    next_half: float
    neglected: float

    def at(self, qd: float) -> float:
        return self.root * math.sqrt(qd) + self.once * qd - self.half * qd**1.5

    def holds(self, q: float, d: float) -> bool:
        if d <= CLOSEST:
            return True
        left_out = self.neglected * q * d + self.next_half * math.sqrt(q * d) * d
        return self.root == 0 and left_out <= CLOSE * self.once


def drop(subject: Case, q: float, distance: float) -> float:
    """``E f(u)^2 - E f(u) f(v)`` for normal u, v of variance q and correlation 1 - distance.

    Args:
        subject: the function.
        q: the variance, positive.
        distance: 1 minus the correlation, in [0, 2].

    Returns:
        The difference, to about 1e-9 relative however small the distance is.

    Raises:
        ValueError: the distance is outside [0, 2].
        AccuracyError: the function varies too fast, or its slope is too steep at a joint.
    """
    if not 0 <= distance <= 2:
        raise ValueError(f"distance must be in [0, 2], got {distance!r}")
    if distance == 0:
        return 0.0
    if distance > 1:
        return _opposite(subject, q, distance)
    expansion = _expansion(subject, q)
    if expansion.holds(q, distance):
        if not math.isfinite(expansion.once):
            raise AccuracyError(
                f"{subject}: E f'^2 is infinite, so that correlations next to 1 are out of reach"
            )
        found = float(expansion.at(q * distance))
        if found < 0 and expansion.once > 0:
            raise AccuracyError(f"{subject}: too little of the slope is left at variance {q:g}")
        return max(found, 0.0)
    inner, outer = math.sqrt(q * distance), math.sqrt(q * (1 - distance))
    if outer < 1e-8 * inner:
        return float(_smoothed(subject, np.zeros(1), inner, _edges(subject, q))[1][0])
    edges = _edges(subject, q)
    s, weight = _outer_rule(edges, inner, outer)
    return float((_smoothed(subject, s, inner, edges)[1] * weight).sum())


def _opposite(subject: Case, q: float, distance: float) -> float:
    """The same for a negative correlation c: ``E f(u) f(v) = E g(s) g(-s)`` with g smoothed f."""
    correlation = min(distance - 1, 1.0)
    inner, outer = math.sqrt(q * (1 - correlation)), math.sqrt(q * correlation)
    edges = _edges(subject, q)
    both = np.unique(np.concatenate([edges, -edges]))
    if outer < 1e-8 * math.sqrt(q):
        s, weight = np.zeros(1), np.ones(1)
    else:
        s, weight = _outer_rule(both, max(inner, 1e-6 * outer), outer)
    if inner < 1e-8 * math.sqrt(q):
        there, back = subject.value(s), subject.value(-s)
    else:
        there, back = (_smoothed(subject, sign * s, inner, both)[0] for sign in (1, -1))
    return moments_of(subject, Law(variance=q)).square - float((there * back * weight).sum())


def _smoothed(
    subject: Case, s: np.ndarray, deviation: float, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of f(s + deviation z) for every s, with z standard normal."""
    low, high = s - SPAN * deviation, s + SPAN * deviation
    first, last = np.searchsorted(edges, low, "right"), np.searchsorted(edges, high, "left")
    most = int((last - first).max(initial=0))
    own = np.array([-SPAN, -5.0, -2.5, 0.0, 2.5, 5.0, SPAN])
    if s.size * (most + own.size) * INNER > MOST:
        raise AccuracyError(f"{subject} varies too fast for its correlation map")
    mean, variance = np.empty_like(s), np.empty_like(s)
    padded = np.append(edges, np.full(most, np.inf))
    rows = max(1, 500_000 // ((most + own.size) * INNER))
    for start in range(0, s.size, rows):
        part = slice(start, start + rows)
        at = s[part, None]
        inside = padded[first[part, None] + np.arange(most)]
        cuts = np.concatenate([at + deviation * own, np.minimum(inside, high[part, None])], axis=1)
        cuts.sort(axis=1)
        x, weight = points_of(cuts[:, :-1].ravel(), cuts[:, 1:].ravel(), INNER)
        x, weight = (a.reshape(at.shape[0], -1) for a in (x, weight))
        z = (x - at) / deviation
        weight = weight * np.exp(-0.5 * z * z)
        weight /= weight.sum(1, keepdims=True)
        f = subject.value(x)
        mean[part] = (f * weight).sum(1)
        variance[part] = ((f - mean[part, None]) ** 2 * weight).sum(1)
    return mean, variance


def _outer_rule(edges: np.ndarray, inner: float, outer: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for N(0, outer^2), fine around the edges on the inner scale."""
    low, high = -SPAN * outer, SPAN * outer
    layers = np.array(sorted({sign * step for step in LAYER for sign in (-1.0, 1.0)}))
    cuts = np.concatenate([np.linspace(low, high, 14), (edges[:, None] + inner * layers).ravel()])
    cuts = np.unique(cuts[(cuts >= low) & (cuts <= high)])
    kept = [low]
    # Nothing varies faster than the inner deviation, so nearer edges would be wasted.
    for cut in cuts[1:-1]:
        if cut - kept[-1] >= 0.75 * min(inner, outer):
            kept.append(float(cut))
    kept = [*kept, high]
    s, weight = points_of(np.array(kept[:-1]), np.array(kept[1:]), OUTER)
    s, weight = s.ravel(), weight.ravel()
    weight = weight * np.exp(-0.5 * (s / outer) ** 2)
    return s, weight / weight.sum()


@functools.lru_cache(maxsize=512)
def _edges(subject: Case, q: float) -> np.ndarray:
    """Few edges between which f is resolved: those of the moments, merged where they may be."""
    law = Law(variance=q)
    edges = resolving_edges(subject, law)
    joints = np.array(subject.joints)
    for _ in range(12):
        before = edges.size
        if before < 4:
            break
        for parity in (0, 1):
            left, middle, right = (
                edges[parity:-2:2],
                edges[parity + 1 : -1 : 2],
                edges[parity + 2 :: 2],
            )
            count = min(left.size, middle.size, right.size)
            left, middle, right = left[:count], middle[:count], right[:count]
            merge = _mergeable(subject, law, left, middle, right)
            merge &= ~np.isin(middle, joints)
            edges = np.setdiff1d(edges, middle[merge])
        if edges.size == before:
            break
    return edges


def _mergeable(
    subject: Case, law: Law, left: np.ndarray, middle: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Whether two neighbouring panels are resolved as one."""

    def integrals(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        x, weight = points_of(a, b, INNER)
        weight = weight * law.density(x)
        f, slope = subject.value(x), subject.slope(x)
        rows = (f * f, slope * slope, f, slope, np.ones_like(f))
        return np.array([(row * weight).sum(1) for row in rows])

    if not left.size:
        return np.zeros(0, dtype=bool)
    whole = integrals(left, right)
    parts = integrals(left, middle) + integrals(middle, right)
    scale = np.maximum(np.abs(parts).sum(1, keepdims=True), 1e-300)
    return (np.abs(whole - parts) <= 1e-13 * scale).all(0)


@functools.lru_cache(maxsize=512)
def _expansion(subject: Case, q: float) -> _Expansion:
    law = Law(variance=q)
    at = moments_of(subject, law)
    left, right = (resolving_edges(subject, law)[k:j] for k, j in ((0, -1), (1, None)))
    x, weight = points_of(left, right)
    curvature = subject.curvature(x)
    bent = float((curvature**2 * law.density(x) * weight).sum())
    root = half = next_half = 0.0
    for joint in subject.joints:
        here = float(law.density(np.array([joint]))[0])
        sides = np.array([np.nextafter(joint, side) for side in (-np.inf, np.inf)])
        below, above = subject.value(sides)
        # What rounding to the neighbours of the joint can do is no jump.
        if abs(above - below) > 1e-9 * (abs(above) + abs(below)) + 1e-290:
            root += (above - below) ** 2 * here / math.sqrt(math.pi)
        below, above = subject.slope(sides)
        term = (above - below) ** 2 * here * 2 / (3 * math.sqrt(math.pi))
        half += term
        next_half += term * (1 + joint * joint / q)
        if not _curvature_is_bounded(subject, joint):
            bent = math.inf
    return _Expansion(root, at.slope_square, half, next_half, 0.5 * bent)


def _curvature_is_bounded(subject: Case, joint: float) -> bool:
    """Whether f'' stays finite next to a joint, by what it does from 1e-6 to 1e-9 away."""
    for side in (-1.0, 1.0):
        far, near = np.abs(subject.curvature(joint + side * np.array([1e-6, 1e-9])))
        if not np.isfinite(near) or near > 1.5 * far + 1e-6:
            return False
    return True
