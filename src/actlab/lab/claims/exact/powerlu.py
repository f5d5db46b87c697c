"""PowerLU and ExpoLU as the blog defines them: slopes, joints, curvature, an older name."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
import torch
from mpmath import mpf

from actlab.lab.claims.exact import written
from actlab.lab.claims.exact.functions import Functions, beside
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_most,
    close,
    quantified,
    same,
    settled,
)

EXPONENTS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
RAMPS = (
    (1.0, 1.0, 2.0),
    (2.0, 1.0, 2.0),
    (4.0, 1.0, 2.0),
    (1.0, 0.25, 2.0),
    (8.0, 1.0, 3.0),
    (12.0, 1.0, 3.0),
)
"""(a, b, p) of ExpoLU; the third, fourth and last have slope 1 at both ends of the ramp's top."""

INSIDE = tuple(mpf(k) / 16 for k in range(-15, 16))
SAME = 1e-80
"""What 90 digits round away at most."""


def older_function(using: Functions) -> ExactVerdict:
    """P3: PowerLU with p = 2 has been published before, as SmeLU."""
    x = [mpf(k) / 8 for k in range(-16, 17)]
    apart = _apart(using, [("powerlu", {"p": 2.0}), ("smelu", {"beta": 1.0})], x)
    other = _apart(using, [("powerlu", {"p": 3.0}), ("smelu", {"beta": 1.0})], x)
    facts = [at_most("largest difference of PowerLU (p = 2) and SmeLU (beta = 1)", apart, SAME)]
    for beta in (0.5, 1.0, 3.0):
        pair = [("expolu", {"a": 4 * beta, "b": beta, "p": 2.0}), ("smelu", {"beta": beta})]
        facts.append(
            at_most(
                f"the same of ExpoLU({4 * beta:g}, {beta:g}, 2) and SmeLU_{beta:g}",
                _apart(using, pair, x),
                SAME,
            )
        )
    facts += [
        _mean_of_shifts(using),
        same("PowerLU with p = 3 is another function", other > 0, True),
    ]
    own, older = using.definition("powerlu").year, using.definition("smelu").year
    facts.append(same("SmeLU was published earlier", older < own, True))
    known = facts[0].agrees and older < own
    return ExactVerdict(
        "P3",
        settled(not known),
        f"PowerLU with p = 2 is SmeLU with beta = 1, published in {older}, {own - older} years "
        f"earlier: in 90 digits they differ by {apart:.2g}; ExpoLU with p = 2 and a = 4b is "
        "SmeLU too. For other exponents no earlier name is known here.",
        tuple(facts),
    )


def slope_jumps(using: Functions) -> ExactVerdict:
    """P4: where the derivative of PowerLU and ExpoLU jumps."""
    facts: list[Fact] = []
    jumps = []
    for p in EXPONENTS:
        below, top = using.joints("powerlu", p=p)
        start = 0.0 if p > 1 else 0.5 if p == 1 else float("inf")
        facts += [
            close(f"PowerLU p = {p:g}: slope just above -1", below.right, start, absolute=1e-9),
            close(f"PowerLU p = {p:g}: slope just below 1", top.left, p / 2),
            close(f"PowerLU p = {p:g}: slope just above 1", top.right, 1.0),
        ]
        jumps.append(below.smoothness < 1 or top.smoothness < 1)
        facts.append(
            same(f"PowerLU p = {p:g} is continuously differentiable", not jumps[-1], p == 2)
        )
    for a, b, p in RAMPS:
        joints = using.joints("expolu", a=a, b=b, p=p)
        steep = p * (2 * b) ** (p - 1) / a
        who = f"ExpoLU({a:g}, {b:g}, {p:g})"
        facts.append(close(f"{who}: slope just below b", joints[-1].left, steep))
        jumps.append(any(joint.smoothness < 1 for joint in joints))
        facts.append(same(f"{who} is continuously differentiable", not jumps[-1], steep == 1))
    smooth = len(jumps) - sum(jumps)
    return ExactVerdict(
        "P4",
        quantified(jumps),
        f"The slope jumps in {sum(jumps)} of {len(jumps)} cases looked at and not in {smooth}: at "
        "x = 1 PowerLU's goes from p/2 to 1, so p = 2 is continuously differentiable; at x = b "
        "ExpoLU's goes from p (2b)^(p-1) / a to 1, so (4, 1, 2), for one, is too.",
        tuple(facts),
    )


def nothing_below(using: Functions) -> ExactVerdict:
    """P5: value and slope are 0 below -1."""
    x = -1 - np.geomspace(1e-15, 1e30, 91)
    facts = []
    for p in EXPONENTS:
        largest = max(np.abs(f("powerlu", x, p=p)).max() for f in (using.value, using.slope))
        facts.append(close(f"p = {p:g}: largest |f| and |f'| below -1", largest, 0.0))
    at = torch.tensor([-3.0, -2.0])
    naive = written.gradient(lambda x: written.powerlu(x, 0.5), at)
    ours = using.gradient("powerlu", at, p=0.5)
    exponents = [torch.full((1,), 2.0, requires_grad=True) for _ in range(2)]
    written.powerlu(at, exponents[0]).sum().backward()
    using.call("powerlu", at, p=exponents[1]).sum().backward()
    learned = [math.nan if p.grad is None else float(p.grad) for p in exponents]
    remarks = (
        same(
            "a nested where gives NaN gradients there for p = 0.5", bool(naive.isnan().all()), True
        ),
        close("actlab's gradient there for p = 0.5", float(ours.abs().max()), 0.0),
        same("a nested where gives a NaN gradient in p", math.isnan(learned[0]), True),
        close("actlab's gradient in p", learned[1], 0.0),
    )
    return ExactVerdict(
        "P5",
        settled(all(fact.agrees for fact in facts)),
        "Below -1 PowerLU and its slope are exactly 0, for every exponent. (Typed as nested "
        "torch.where, the gradient there is NaN for fractional p, and the gradient in a learned p "
        "always.)",
        (*facts, *remarks),
    )


def ramp_slope(using: Functions) -> ExactVerdict:
    """P6: the derivative on (-1, 1)."""
    facts = []
    for p in EXPONENTS:
        worst = mpf(0)
        with mpmath.workdps(60):
            for x in INSIDE:
                formula = mpf(p) * (x + 1) ** (mpf(p) - 1) / mpf(2) ** p
                by_value = mpmath.diff(lambda at, p=p: using.exact_value("powerlu", at, p=p), x)
                slope = using.exact_slope("powerlu", x, p=p)
                worst = max(worst, abs(slope - formula), abs(slope - by_value))
        facts.append(
            at_most(f"p = {p:g}: |f' - p (x+1)^(p-1) / 2^p| and |f' - df/dx|", worst, 1e-18)
        )
    start = beside(-1, 1)
    steep = [float(using.exact_slope("powerlu", start, p=p)) for p in (0.5, 1.0, 1.5)]
    facts += [
        same("p = 0.5: the slope just above -1 is unbounded", steep[0] > 1e12, True),
        close("p = 1: the slope just above -1", steep[1], 0.5),
        at_most("p = 1.5: the slope just above -1", steep[2], 1e-12),
    ]
    return ExactVerdict(
        "P6",
        settled(all(fact.agrees for fact in facts[: len(EXPONENTS)])),
        "The formula is the derivative on (-1, 1) for every p > 0, to all 18 digits compared. For "
        f"p < 1 it is unbounded just above -1; for p = 1 it is {steep[1]:g}, with a kink at "
        "either end.",
        tuple(facts),
    )


def left_of_one(using: Functions) -> ExactVerdict:
    """P7: limits at x = 1 from the left."""
    facts = []
    below, above = beside(1, -1), beside(1, 1)
    for p in EXPONENTS:
        left = using.exact_value("powerlu", below, p=p)
        right = using.exact_value("powerlu", above, p=p)
        facts += [
            close(f"p = {p:g}: value just below 1", left, 1.0),
            close(
                f"p = {p:g}: slope just below 1", using.exact_slope("powerlu", below, p=p), p / 2
            ),
            close(f"p = {p:g}: value just above 1", right, 1.0),
        ]
    at_joint = using.slope("powerlu", 1.0, p=4.0)
    beyond = using.slope("powerlu", float(np.nextafter(1.0, 2.0)), p=4.0)
    return ExactVerdict(
        "P7",
        settled(all(fact.agrees for fact in facts)),
        "From the left the value tends to 1 and the slope to p/2. The text puts x = 1 itself into "
        f"no branch; actlab counts it to the ramp, so that for p = 4 the slope is {at_joint:g} at "
        f"1 and {beyond:g} at the next double.",
        (*facts, close("p = 4: slope at 1", at_joint, 2.0), close("and next to it", beyond, 1.0)),
    )


def identity_above(using: Functions) -> ExactVerdict:
    """P8: the identity above 1."""
    x = 1 + np.geomspace(1e-15, 1e30, 91)
    facts = []
    for p in EXPONENTS:
        off = np.abs(using.value("powerlu", x, p=p) - x).max()
        bent = np.abs(using.slope("powerlu", x, p=p) - 1).max()
        facts.append(close(f"p = {p:g}: largest |f - x| and |f' - 1| above 1", max(off, bent), 0.0))
    return ExactVerdict(
        "P8",
        settled(all(fact.agrees for fact in facts)),
        "Above 1 PowerLU is the identity with slope 1, for every exponent.",
        tuple(facts),
    )


def curve_at_zero(using: Functions) -> ExactVerdict:
    """P14: whether there is a curve around 0."""
    facts, curved = [], []
    for p in (1.0, 1.5, 2.0, 3.0, 4.0):
        bend = using.curvature("powerlu", 0.0, p=p)
        expected = p * (p - 1) / 4 * 0.5 ** (p - 2)
        facts.append(close(f"PowerLU p = {p:g}: f''(0)", bend, expected, absolute=1e-15))
        curved.append(abs(bend) > 1e-12)
    bends = [using.curvature("expolu", 0.0, a=1.0, b=1.0, p=p) for p in (1.0, 2.0)]
    facts += [
        close("ExpoLU(1, 1, 1): f''(0)", bends[0], 0.0, absolute=1e-15),
        close("ExpoLU(1, 1, 2): f''(0)", bends[1], 2.0),
    ]
    curved += [abs(bend) > 1e-12 for bend in bends]
    return ExactVerdict(
        "P14",
        quantified(curved),
        f"f'' at 0 is {facts[2].value:g} for PowerLU with p = 2, {facts[4].value:g} with p = 4 "
        f"and {bends[1]:g} for ExpoLU(1, 1, 2); it is {facts[0].value:g} for p = 1, which is "
        "straight there.",
        tuple(facts),
    )


def _apart(using: Functions, pair: list[tuple[str, dict[str, float]]], points: list[mpf]) -> float:
    """The largest difference of two functions over points, in 90 digits."""
    (one, its), (other, theirs) = pair
    return float(
        max(
            abs(using.exact_value(one, x, **its) - using.exact_value(other, x, **theirs))
            for x in points
        )
    )


def _mean_of_shifts(using: Functions) -> Fact:
    """PowerLU with p = 2 against ReLU averaged over a uniform shift in [-1, 1]."""
    worst = mpf(0)
    for x in (mpf(-2), mpf(-1), mpf(-0.3), mpf(0), mpf(0.7), mpf(1), mpf(3)):
        corner = min(max(-x, mpf(-1)), mpf(1))
        mean = mpmath.quad(
            lambda u, x=x: using.exact_value("relu", x + u) / 2, sorted({mpf(-1), corner, mpf(1)})
        )
        worst = max(worst, abs(using.exact_value("powerlu", x, p=2.0) - mean))
    return at_most("PowerLU (p = 2) less the mean of ReLU(x + u), u in [-1, 1]", worst, 1e-14)


CHECKS = MappingProxyType(
    {
        "P3": older_function,
        "P4": slope_jumps,
        "P5": nothing_below,
        "P6": ramp_slope,
        "P7": left_of_one,
        "P8": identity_above,
        "P14": curve_at_zero,
    }
)
