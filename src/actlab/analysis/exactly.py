"""An activation in as many digits as it takes: limits, one-sided slopes, orders of contact."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mpf

from actlab.analysis.case import Case
from actlab.core.spec import Formula
from actlab.interpret.mp import MpMaths

DIGITS = 90
MANY_DIGITS = 4000
"""Enough to tell 1 - tanh(2000)^2 from 0."""

WRITTEN = 100.0
"""How far out the formula of the source is evaluated in that many digits."""

ORDER = 20
"""Derivatives that are compared across a joint."""

NEAR = mpf(10) ** -9
"""Distance from a joint at which it is looked at; rounding has moved joints by far less."""

SLIGHTEST = mpf(10) ** -25
"""What is smaller, relative to the function, counts as 0."""


@dataclass(frozen=True, slots=True)
class JointFact:
    """What happens where two pieces meet.

    Attributes:
        at: the place. left, right: the slopes on either side, infinite where unbounded.
        smoothness: k where the function is C^k there and not C^(k+1); -1 for a jump of the
            value, ``inf`` where nothing jumps (up to the twentieth derivative).
        step: the jump of the value.
        bent: whether f'' is unbounded next to it.
    """

    at: float
    left: float
    right: float
    smoothness: float
    step: float
    bent: bool

    @property
    def jump(self) -> float:
        """The jump of the slope."""
        return self.right - self.left


def value(case: Case, x: Any, digits: int = DIGITS) -> Any:
    """f(x) as an ``mpf``."""
    return _evaluated(case, case.definition.forward, x, digits)


def slope(case: Case, x: Any, digits: int = DIGITS) -> Any:
    """f'(x) as an ``mpf``."""
    return _evaluated(case, case.definition.derivative, x, digits)


def curvature(case: Case, x: Any) -> Any:
    """f''(x) as an ``mpf``, from a difference of slopes; good to 20 digits away from joints."""
    with mpmath.workdps(DIGITS):
        step = mpf(10) ** -25 * (1 + abs(mpf(x)))
        return (slope(case, mpf(x) + step) - slope(case, mpf(x) - step)) / (2 * step)


def is_flat(case: Case, x: float) -> bool:
    """Whether the slope at x is 0, and not merely too small for doubles."""
    return slope(case, x) == 0


def is_zero(case: Case, x: float) -> bool:
    """Whether the value at x is 0, and not merely too small for doubles."""
    return value(case, x) == 0


def is_cut(case: Case, x: float, *, slopes: bool) -> bool:
    """Whether a formula arranged for doubles is 0 at x only since it was cut short there.

    The formula of the source knows: it is evaluated in thousands of digits. (Far out, where that
    would take minutes, nothing is cut that is not 0 in mathematics by all we can tell.)
    """
    written = case.definition.textbook_derivative if slopes else case.definition.textbook
    if written is None or abs(x) > WRITTEN:
        return False
    return _evaluated(case, written, x, MANY_DIGITS) != 0


def joint_facts(case: Case) -> tuple[JointFact, ...]:
    """What happens at every joint."""
    joints = case.joints
    facts = []
    for joint in joints:
        room = min([1.0, *(abs(joint - other) for other in joints if other != joint)])
        facts.append(_joint_fact(case, joint, mpf(room)))
    return tuple(facts)


def _joint_fact(case: Case, joint: float, room: Any) -> JointFact:
    step = NEAR * room / ORDER
    with mpmath.workdps(400):
        slopes = [_one_sided(case, joint, side, step) for side in (-1, 1)]
        bent = any(_is_bent(case, joint, side, step) for side in (-1, 1))
        above, below = (
            2 * value(case, joint + side * step, 400) - value(case, joint + 2 * side * step, 400)
            for side in (1, -1)
        )
        rise = above - below
        order = _order(case, joint, step)
    return JointFact(
        at=joint,
        left=slopes[0],
        right=slopes[1],
        smoothness=order,
        step=float(rise) if order < 0 else 0.0,
        bent=bent,
    )


def _one_sided(case: Case, joint: float, side: int, step: Any) -> float:
    """The limit of the slope from one side."""
    near, nearer, nearest = (
        slope(case, mpf(joint) + side * step * mpf(10) ** -k, 400) for k in (0, 3, 6)
    )
    if (
        abs(nearest) > abs(nearer) * (1 + mpf(10) ** -3)
        and nearer != 0
        and abs(nearest - nearer) > abs(nearer - near) / 2
    ):
        return math.copysign(math.inf, float(mpmath.sign(nearest)))
    rate = abs(nearer - near)
    if rate == 0:
        return float(nearest) + 0.0
    # The slope tends to its limit as a power of the distance: one step of extrapolation.
    ratio = (nearest - nearer) / (nearer - near)
    limit = float(nearest + (nearest - nearer) * ratio / (1 - ratio))
    return limit if abs(limit) > 1e-20 else 0.0


def _is_bent(case: Case, joint: float, side: int, step: Any) -> bool:
    """Whether the slope changes faster than in proportion to the distance."""
    changes = []
    for k in (0, 6):
        distance = step * mpf(10) ** -k
        far, near = (
            slope(case, mpf(joint) + side * part * distance, 400) for part in (1, mpf(0.5))
        )
        changes.append(abs(far - near) / distance)
    return changes[1] > changes[0] * mpf("1.01")


def _order(case: Case, joint: float, step: Any) -> float:
    """k of C^k, from how fast a high difference across the joint shrinks with its step."""
    sizes = []
    for scale in (1, mpf(10) ** -2):
        h = step * scale
        points = [mpf(joint) + (k - mpf(ORDER) / 2 + mpf("0.37")) * h for k in range(ORDER + 1)]
        sizes.append(
            abs(
                mpmath.fsum(
                    (-1) ** k * mpmath.binomial(ORDER, k) * value(case, x, 400)
                    for k, x in enumerate(points)
                )
            )
        )
    if sizes[0] < mpf(10) ** -380 or sizes[1] < mpf(10) ** -380:
        return math.inf
    exponent = float(mpmath.log(sizes[0] / sizes[1]) / mpmath.log(100))
    if exponent > ORDER - 0.5:
        return math.inf
    return math.ceil(exponent - 1e-4) - 1


def asymptote(case: Case, side: int) -> tuple[float, float] | None:
    """(slope, intercept) of the line that f tends to at +-infinity, or None."""
    found = []
    with mpmath.workdps(DIGITS):
        for k in (12, 16, 20):
            x = side * mpf(10) ** k
            try:
                rise = slope(case, x)
                found.append((rise, value(case, x) - rise * x))
            except (OverflowError, ValueError, mpmath.libmp.NoConvergence):
                return None
        for before, after in itertools.pairwise(found):
            if any(
                abs(a - b) > mpf(10) ** -9 * (1 + abs(b))
                for a, b in zip(before, after, strict=True)
            ):
                return None
    rise, start = (0.0 if abs(part) < mpf(10) ** -15 else float(part) for part in found[-1])
    return rise, start


def parity(case: Case) -> str | None:
    """``"odd"``, ``"even"`` or None."""
    odd = even = True
    with mpmath.workdps(DIGITS):
        for k in range(1, 25):
            x = mpf(k * k) / 13 + mpf(k) / 97
            there, back = value(case, x), value(case, -x)
            scale = SLIGHTEST * (abs(there) + abs(back))
            odd &= abs(there + back) <= scale
            even &= abs(there - back) <= scale
    return "odd" if odd else "even" if even else None


def _evaluated(case: Case, formula: Formula, x: Any, digits: int) -> Any:
    with mpmath.workdps(digits):
        params = {name: mpf(number) for name, number in case.values}
        return +mpf(formula(MpMaths(), mpf(x), **params))
