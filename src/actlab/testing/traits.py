"""Traits verified numerically: what a definition claims about its shape at the defaults."""

from __future__ import annotations

import math

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from actlab.interpret import mp
from actlab.testing.comparison import expect_same_bits
from actlab.testing.inputs import finite_inputs, joint_places
from actlab.testing.subject import Subject
from actlab.testing.ulp import FORMATS, steps

REACH, CELLS = 12.0, 24_000
AGREED = 1e-6
"""Relative agreement of declared constants with those found by search."""

FAR = (-1e300, -1e30, -1e9, -1e3, -50.0, 50.0, 1e3, 1e9, 1e30, 1e300)
ENDLESS = 1e100
"""What grows past this at the far places grows without bound."""

LAST, DOUBLED = 1e100, 2.0
"""Beyond this place a value twice as large as any before it shows growth without bound too: that
of a logarithm."""

ORDERS = 4
"""How many orders of derivatives are examined at joints."""


def _grid(subject: Subject) -> Tensor:
    """A fine grid over the interesting part of the line, joints included."""
    joints = joint_places(subject.activation, subject.activation.defaults)
    even = torch.linspace(-REACH, REACH, CELLS + 1, dtype=torch.float64)
    return torch.cat([even, torch.tensor(joints, dtype=torch.float64)]).unique()


def _value(subject: Subject, x: Tensor) -> Tensor:
    return subject(x.to(subject.device), subject.activation.defaults).cpu()


def _slope(subject: Subject, x: Tensor) -> Tensor:
    return subject.gradient(x.to(subject.device), subject.activation.defaults, save="input").cpu()


def monotone(subject: Subject) -> None:
    """Never decreasing, or somewhere decreasing, as declared."""
    x = _grid(subject)
    rises, slope = _value(subject, x).diff(), _slope(subject, x)
    falls = bool((rises < -1e-12).any() or (slope < -1e-12).any())
    _expect(subject, "monotone", subject.activation.traits.monotone, not falls)


def convex(subject: Subject) -> None:
    """The slope never falls, or somewhere does, as declared."""
    falls = bool((_slope(subject, _grid(subject)).diff() < -1e-9).any())
    _expect(subject, "convex", subject.activation.traits.convex, not falls)


def odd(subject: Subject) -> None:
    """f(-x) = -f(x) to the last bit, or clearly not, as declared."""
    params = subject.activation.defaults
    inputs = finite_inputs(subject.activation, params, torch.float64)
    x = torch.tensor(inputs, dtype=torch.float64)
    mirrored, straight = _value(subject, -x), -_value(subject, x)
    if subject.activation.traits.odd:
        # The sign of a zero between zeros is free; that of f(0) is special.signed_zero's matter.
        mirrored, straight = mirrored + 0.0, straight + 0.0
        expect_same_bits(mirrored, straight, f"{subject.label(params)} is declared odd")
    else:
        _expect(subject, "odd", False, torch.equal(mirrored, straight))


def value_range(subject: Subject) -> None:
    """The infimum and supremum of the values, reached or approached, are the declared ones."""
    traits = subject.activation.traits
    x = torch.cat([_grid(subject), torch.tensor(FAR, dtype=torch.float64)]).unique()
    y = _value(subject, x)
    for name, declared, sign in (("low", traits.low, 1.0), ("high", traits.high, -1.0)):
        found = sign * _refined_minimum(lambda t, s=sign: s * _value(subject, t), x, sign * y)
        before = sign * (sign * y[x.abs() <= LAST]).min().item()
        if sign * found < 0 and abs(found) > DOUBLED * abs(before):
            found = -sign * math.inf
        _expect_near(subject, name, declared, found)


def lipschitz(subject: Subject) -> None:
    """The largest slope is the declared Lipschitz constant."""
    x = _grid(subject)
    joints = joint_places(subject.activation, subject.activation.defaults)
    near = [steps(joint, k, FORMATS[torch.float64]) for joint in joints for k in (-1, 1)]
    x = torch.cat([x, torch.tensor([*near, *FAR], dtype=torch.float64)]).unique()
    size = _slope(subject, x).abs()
    found = -_refined_minimum(lambda t: -_slope(subject, t).abs(), x, -size)
    _expect_near(subject, "lipschitz", subject.activation.traits.lipschitz, found)


def dead(subject: Subject) -> None:
    """The slope is exactly 0 on the declared intervals and nowhere else between joints."""
    facts, x = subject.activation.traits, _grid(subject)
    declared = [ends for ends in (facts.dead, facts.dead_above) if ends is not None]
    zero = _slope(subject, x) == 0
    if not declared:
        if bool((zero[1:] & zero[:-1])[x[1:].abs() < 5].any()):
            at = x[:-1][zero[1:] & zero[:-1]][0].item()
            raise AssertionError(f"{subject.label()} is dead around x = {at:g}, declared nowhere")
        return
    inside = torch.zeros_like(zero)
    for low, high in declared:
        inside |= (x >= low) & (x <= high)
    if not bool(zero[inside].all()):
        at = x[inside & ~zero][0].item()
        raise AssertionError(f"{subject.label()} has a slope at x = {at:g}, declared dead")
    outside = x[~inside & zero]
    if len(outside) > len(subject.activation.joints):
        raise AssertionError(f"{subject.label()} is dead outside {declared}, at {outside[0]:g}")


def smoothness(subject: Subject) -> None:
    """One-sided derivatives agree at the joints up to the declared order, and then jump."""
    activation = subject.activation
    declared = activation.traits.smoothness
    if not activation.joints:
        if declared != math.inf:
            raise AssertionError(
                f"{subject.label()}: smoothness is declared {declared}, but no joint is declared "
                "at which a derivative could jump"
            )
        return
    found = min(
        _matching_orders(subject, joint.where(**activation.defaults)) for joint in activation.joints
    )
    _expect(subject, "smoothness", declared, found)


def _matching_orders(subject: Subject, at: float) -> float:
    """The highest order up to which one-sided derivatives agree; -1 for a jump."""
    params = {name: mpf(value) for name, value in subject.activation.defaults.items()}

    def f(x: object) -> object:
        return mpf(subject.activation.forward(mp.MpMaths(), x, **params))

    with mpmath.workdps(60):
        for order in range(ORDERS):
            left, right = (_one_sided(f, mpf(at), order, side) for side in (-1, 1))
            if abs(left - right) > mpf(10) ** -6 * (1 + abs(left)):
                return order - 1
    return math.inf


def _one_sided(f, at, order: int, side: int):
    """A one-sided derivative by forward differences of 1e-10, good to about 8 digits."""
    step = side * mpf(10) ** -10
    total = mpmath.fsum(
        (-1) ** (order - k) * mpmath.binomial(order, k) * f(at + k * step) for k in range(order + 1)
    )
    return total / step**order


def undeclared_joints(subject: Subject) -> None:
    """Neither value nor slope jumps anywhere but at the declared joints."""
    activation = subject.activation
    joints = joint_places(activation, activation.defaults)
    for name, f in (("value", _value), ("slope", _slope)):
        x = _grid(subject)
        rises = f(subject, x).diff()
        # A jump stands out from the rises of the cells on either side.
        odd_ones = (rises[1:-1] - 0.5 * (rises[:-2] + rises[2:])).abs()
        worst = odd_ones.topk(8).indices + 1
        low, high = _narrowed(lambda t, f=f: f(subject, t), x[worst], x[worst + 1])
        jumps = (f(subject, high) - f(subject, low)).abs()
        for a, b, jump in zip(low.tolist(), high.tolist(), jumps.tolist(), strict=True):
            if jump > 1e-6 and not any(a - 1e-9 <= j <= b + 1e-9 for j in joints):
                raise AssertionError(
                    f"{subject.label()}: the {name} jumps by {jump:.3g} at x = {a!r}, "
                    f"where no joint is declared"
                )


def _narrowed(f, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Cells shrunk, each around the larger half of its change, down to rounding."""
    for _ in range(34):
        middle = 0.5 * (low + high)
        a, b, c = f(torch.cat([low, middle, high])).chunk(3)
        left = (b - a).abs() >= (c - b).abs()
        low, high = torch.where(left, low, middle), torch.where(left, middle, high)
    return low, high


def _refined_minimum(f, x: Tensor, y: Tensor) -> float:
    """The minimum of f near its smallest sample, by shrinking grids."""
    best = int(y.argmin())
    found = y[best].item()
    low, high = x[max(best - 1, 0)].item(), x[min(best + 1, len(x) - 1)].item()
    if high - low > 1:
        return found
    for _ in range(12):
        fine = torch.linspace(low, high, 65, dtype=torch.float64)
        values = f(fine)
        best = int(values.argmin())
        found = min(found, values[best].item())
        low, high = fine[max(best - 1, 0)].item(), fine[min(best + 1, 64)].item()
    return found


def _expect(subject: Subject, trait: str, declared: object, found: object) -> None:
    if declared != found:
        raise AssertionError(f"{subject.label()}: {trait} is declared {declared}, found {found}")


def _expect_near(subject: Subject, trait: str, declared: float, found: float) -> None:
    if abs(found) > ENDLESS:
        found = math.copysign(math.inf, found)
    close = AGREED * max(abs(declared), AGREED) if math.isfinite(declared) else 0.0
    if declared != found and not abs(declared - found) <= close:
        raise AssertionError(
            f"{subject.label()}: {trait} is declared {declared!r}, found {found!r}"
        )
