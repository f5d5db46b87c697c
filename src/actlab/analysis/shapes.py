"""The shape of an activation at given parameters: what a drawing shows, as facts.

The traits of a definition hold at its defaults; here all is found anew at the parameters given, by
a search refined around joints and extremes and decided, where doubles cannot tell, by mpmath.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from actlab.analysis import exactly, landscape
from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.exactly import JointFact
from actlab.analysis.inverse import Inverse, inverse_of
from actlab.analysis.landscape import Interval

CONVEX_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Shape:
    """Facts about the shape of a function.

    Attributes:
        monotone: ``"increasing"`` (strictly), ``"non-decreasing"``, ``"decreasing"``,
            ``"non-increasing"``, ``"constant"`` or ``"no"``.
        bend: ``"convex"``, ``"concave"``, ``"straight"`` or ``"neither"``.
        parity: ``"odd"``, ``"even"`` or None.
        low, high: infimum and supremum of the values.
        low_reached, high_reached: whether they are values themselves.
        lipschitz: sup |f'|, infinite where unbounded.
        curvature: sup |f''| between the joints, infinite where unbounded.
        smoothness: k where the function is C^k and not C^(k+1); ``inf`` when smooth.
        joints: what happens at each joint.
        asymptotes: (slope, intercept) of the lines it tends to at -inf and at inf, or None.
        flat: the intervals on which f' is 0. zero: those on which f is 0.
        roots: where f is 0 otherwise. extrema: where f turns. At most 64 of each, nearest to 0;
            ``oscillates`` says that there are more.
        inverse: whether, and where, the output determines the input.
    """

    monotone: str
    bend: str
    parity: str | None
    low: float
    high: float
    low_reached: bool
    high_reached: bool
    lipschitz: float
    curvature: float
    smoothness: float
    joints: tuple[JointFact, ...]
    asymptotes: tuple[tuple[float, float] | None, tuple[float, float] | None]
    flat: tuple[Interval, ...]
    zero: tuple[Interval, ...]
    roots: tuple[float, ...]
    extrema: tuple[float, ...]
    oscillates: bool
    inverse: Inverse

    @property
    def is_monotone(self) -> bool:
        """Never decreasing."""
        return self.monotone in ("increasing", "non-decreasing", "constant")

    @property
    def bounded(self) -> bool:
        """Bounded above and below."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def jumps(self) -> tuple[JointFact, ...]:
        """The joints at which the slope jumps."""
        return tuple(joint for joint in self.joints if joint.smoothness < 1)


def shape(activation: Analysed, **params: float) -> Shape:
    """The shape of a function at the parameters given.

    Args:
        activation: a name, a definition, or a case.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: a parameter is outside its domain.
        AccuracyError: the function varies too fast to be resolved.

    Example:
        >>> from actlab.analysis import shape
        >>> found = shape("powerlu", p=4.0)
        >>> found.monotone, found.bend, found.lipschitz, found.curvature, found.smoothness
        ('non-decreasing', 'neither', 2.0, 3.0, 0)
    """
    return _shape(case(activation, params))


@functools.lru_cache(maxsize=256)
def _shape(subject: Case) -> Shape:
    core, far = landscape.core_grid(subject), landscape.far_points()
    x = np.unique(np.concatenate([core, far]))
    joints = exactly.joint_facts(subject)
    steepest, least, most = _slopes(subject, x, joints)
    bent, down, up = _curvatures(subject, core, joints)
    flat = landscape.stretches(subject, x, slopes=True)
    zero = landscape.stretches(subject, x, slopes=False)
    fine = np.unique(np.concatenate([core, landscape.near_zeros(subject.slope, core)]))
    turns = landscape.crossings(subject.slope, fine)
    roots = _roots(subject, x, zero)
    direction = _direction(subject, least, most, flat, joints)
    # A slope that touches 0 crosses it in doubles, but a monotone function does not turn.
    extrema = _snapped(turns if direction == "no" else turns[:0], subject.joints)
    sides = exactly.asymptote(subject, -1), exactly.asymptote(subject, 1)
    limits = [line[1] for line in sides if line is not None and line[0] == 0]
    low, low_reached = _extreme(subject, core, far, limits, -1)
    high, high_reached = _extreme(subject, core, far, limits, 1)
    many = max(extrema.size, roots.size) > landscape.LISTED
    bend = _bend(subject, down, up, joints)
    return Shape(
        monotone=direction,
        bend=bend,
        parity=exactly.parity(subject),
        low=low,
        high=high,
        low_reached=low_reached,
        high_reached=high_reached,
        lipschitz=steepest,
        curvature=0.0 if bend == "straight" else bent,
        smoothness=min((joint.smoothness for joint in joints), default=math.inf),
        joints=joints,
        asymptotes=sides,
        flat=flat,
        zero=zero,
        roots=_nearest(roots),
        extrema=_nearest(extrema),
        oscillates=many,
        inverse=inverse_of(subject, direction, extrema, flat, (low, high), many),
    )


def _slopes(
    subject: Case, x: np.ndarray, joints: tuple[JointFact, ...]
) -> tuple[float, landscape.Extreme, landscape.Extreme]:
    """sup |f'|, and the smallest and largest slope with their places."""
    most = landscape.largest(subject.slope, x)
    least = landscape.largest(lambda at: -subject.slope(at), x)
    least = landscape.Extreme(least.at, -least.value)
    sides = [abs(side) for joint in joints for side in (joint.left, joint.right)]
    steepest = max([abs(most.value), abs(least.value), *sides])
    if any(landscape.grows_for_ever(subject.slope, side) for side in (-1, 1)):
        steepest = math.inf
    return _cleaned(steepest), least, most


def _curvatures(
    subject: Case, core: np.ndarray, joints: tuple[JointFact, ...]
) -> tuple[float, landscape.Extreme, landscape.Extreme]:
    """sup |f''| between joints, and the smallest and largest f'' with their places."""
    places = [joint.at + side * 1e-11 * (1 + abs(joint.at)) for joint in joints for side in (-1, 1)]
    x = np.unique(np.concatenate([core, places]))
    up = landscape.largest(subject.curvature, x)
    down = landscape.largest(lambda at: -subject.curvature(at), x)
    down = landscape.Extreme(down.at, -down.value)
    bent = max(abs(up.value), abs(down.value))
    unbounded = any(joint.bent for joint in joints) or any(
        landscape.grows_for_ever(subject.curvature, side) for side in (-1, 1)
    )
    return (math.inf if unbounded else _cleaned(bent)), down, up


def _direction(
    subject: Case,
    least: landscape.Extreme,
    most: landscape.Extreme,
    flat: tuple[Interval, ...],
    joints: tuple[JointFact, ...],
) -> str:
    falls = landscape.surely_below_zero(subject, least.at, least.value, exactly.slope)
    rises = landscape.surely_below_zero(
        subject, most.at, -most.value, lambda one, at: -exactly.slope(one, at)
    )
    falls |= any(joint.step < 0 or min(joint.left, joint.right) < 0 for joint in joints)
    rises |= any(joint.step > 0 or max(joint.left, joint.right) > 0 for joint in joints)
    if falls and rises:
        return "no"
    if not falls and not rises:
        return "constant"
    if falls:
        return "non-increasing" if flat else "decreasing"
    return "non-decreasing" if flat else "increasing"


def _bend(
    subject: Case,
    down: landscape.Extreme,
    up: landscape.Extreme,
    joints: tuple[JointFact, ...],
) -> str:
    scale = max(abs(down.value), abs(up.value))
    kinks = [joint.jump for joint in joints if abs(joint.jump) > 1e-12 * (1 + abs(joint.left))]
    broken = any(joint.smoothness < 0 for joint in joints)
    concave = broken or any(jump < 0 for jump in kinks) or _bends(subject, down, scale, -1)
    convex = broken or any(jump > 0 for jump in kinks) or _bends(subject, up, scale, 1)
    if convex and concave:
        return "neither"
    if concave:
        return "concave"
    return "convex" if convex else "straight"


def _bends(subject: Case, found: landscape.Extreme, scale: float, sign: int) -> bool:
    """Whether f'' somewhere has this sign; what is small is looked at with more digits."""
    if sign * found.value > CONVEX_TOLERANCE * scale and math.isfinite(scale) and scale > 1e-9:
        return True
    if sign * found.value <= 0:
        return False
    exact = float(exactly.curvature(subject, found.at))
    return sign * exact > 1e-12 * max(1.0, scale)


def _extreme(
    subject: Case, core: np.ndarray, far: np.ndarray, limits: list[float], sign: int
) -> tuple[float, bool]:
    """The supremum (sign 1) or infimum (-1) of the values, and whether it is reached."""

    def signed(x: np.ndarray) -> np.ndarray:
        return sign * subject.value(x)

    x = np.unique(np.concatenate([core, np.array(subject.joints, dtype=float)]))
    inside = landscape.largest(signed, x)
    outside = landscape.largest(signed, far)
    grows = any(
        landscape.grows_for_ever(subject.value, side)
        and float(signed(np.array([side * 1e200]))[0]) > 0
        for side in (-1, 1)
    )
    if grows or max(inside.value, outside.value) > 1e100:
        return sign * math.inf, False
    best = max([inside.value, outside.value, *(sign * limit for limit in limits)])
    if best > inside.value + 1e-12 * (1 + abs(inside.value)):
        return _cleaned(sign * best), False
    # Doubles round what only tends to its limit to the limit itself; more digits do not.
    middle = landscape.largest(signed, x[np.abs(x) <= 30])
    if middle.value < best - 1e-12 * (1 + abs(best)):
        return _cleaned(sign * best), not limits
    at_middle = sign * exactly.value(subject, middle.at)
    tails = {side: sign * exactly.value(subject, side * 1e4) for side in (-1, 1)}
    reached = all(
        at_middle > tail or (at_middle == tail and not _is_limit(subject, side, middle.at))
        for side, tail in tails.items()
    )
    return _cleaned(sign * best), reached


def _is_limit(subject: Case, side: int, at: float) -> bool:
    """Whether a place is on the way to a limit rather than at a value equal to it."""
    return side * at >= 25 and not exactly.is_flat(subject, at)


def _roots(subject: Case, x: np.ndarray, zero: tuple[Interval, ...]) -> np.ndarray:
    points = np.unique(
        np.concatenate([x[np.abs(x) <= 1e6], np.array(subject.joints, dtype=float), [0.0]])
    )
    crossed = _snapped(landscape.crossings(subject.value, points), subject.joints)
    still = subject.value(points) == 0
    alone = ~np.concatenate([[False], still[:-1]]) & ~np.concatenate([still[1:], [False]])
    # Neighbours that are 0 together are a stretch of zeros, or values too small for doubles.
    touched = points[still & alone]
    found = np.unique(np.concatenate([crossed, touched]))
    real = [
        root
        for root in found
        if not any(low <= root <= high for low, high in zero)
        and (root in crossed or exactly.is_zero(subject, float(root)))
    ]
    return np.array(real)


def _snapped(places: np.ndarray, joints: tuple[float, ...]) -> np.ndarray:
    """Places within rounding of a joint, or of 0, as the joint itself."""
    out = np.array(places, dtype=float)
    for joint in (*joints, 0.0):
        out[np.abs(out - joint) <= 1e-14 * (1 + abs(joint))] = joint
    return np.unique(out)


def _nearest(places: np.ndarray) -> tuple[float, ...]:
    kept = places[np.argsort(np.abs(places), kind="stable")[: landscape.LISTED]]
    return tuple(float(place) for place in np.sort(kept))


def _cleaned(number: float) -> float:
    """A number within rounding of a short one as the short one: 1.0000000000000002 is 1."""
    if not math.isfinite(number) or number == 0:
        return number + 0.0
    short = float(f"{number:.6g}")
    return short if abs(number - short) <= 4e-15 * abs(number) else number
