"""ExpoLU's pieces, its joint, and the divisor that is to be a power of two."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
import torch
from mpmath import mpf

from actlab.analysis.cost import cost
from actlab.lab.claims.exact.formats import share_unequal
from actlab.lab.claims.exact.functions import Functions, beside
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    at_most,
    close,
    quantified,
    same,
    settled,
)

SHAPES = ((1.0, 1.0, 2.0), (2.0, 1.0, 2.0), (1.0, 0.5, 2.0), (3.0, 2.0, 1.5), (1.0, 1.0, 4.0))
"""(a, b, p); for a = 1, as in the post, the first repeats the second."""

ADMITTED = (*SHAPES, (0.1, 0.3, 0.5), (7.0, 5.0, 1.0), (1e-3, 10.0, 3.0))
SEED = 20261130
DRAWS = 200_000


def nothing_below(using: Functions) -> ExactVerdict:
    """P9: value and slope are 0 below -b."""
    facts = []
    for a, b, p in SHAPES:
        x = -b - np.geomspace(1e-15, 1e30, 91) * max(1.0, b)
        both = (f("expolu", x, a=a, b=b, p=p) for f in (using.value, using.slope))
        largest = max(float(np.abs(one).max()) for one in both)
        facts.append(close(f"({a:g}, {b:g}, {p:g}): largest |f| and |f'| below -b", largest, 0.0))
    return ExactVerdict(
        "P9",
        settled(all(fact.agrees for fact in facts)),
        "Below -b ExpoLU and its slope are exactly 0, for every shape looked at.",
        tuple(facts),
    )


def middle_piece(using: Functions) -> ExactVerdict:
    """P10: value and slope of the middle piece, and what it reaches at b."""
    facts = []
    for _, b, p in SHAPES[1:]:
        worst = mpf(0)
        with mpmath.workdps(60):
            for k in range(-15, 16):
                x = mpf(b) * k / 16
                worst = max(
                    worst, abs(using.exact_value("expolu", x, a=1.0, b=b, p=p) - (x + b) ** mpf(p))
                )
                slope = mpmath.diff(
                    lambda at, b=b, p=p: using.exact_value("expolu", at, a=1.0, b=b, p=p), x
                )
                worst = max(worst, abs(using.exact_slope("expolu", x, a=1.0, b=b, p=p) - slope))
        facts.append(at_most(f"b = {b:g}, p = {p:g}: |f - (x+b)^p| and |f' - df/dx|", worst, 1e-18))
        top = using.exact_value("expolu", beside(b, -1), a=1.0, b=b, p=p)
        facts.append(close(f"b = {b:g}, p = {p:g}: value just below b", top, (2 * b) ** p))
    return ExactVerdict(
        "P10",
        settled(all(fact.agrees for fact in facts)),
        "Between -b and b the value is (x + b)^p, the slope its derivative, and the value tends to "
        "(2b)^p at b; as for PowerLU, the text puts x = b itself into no branch.",
        tuple(facts),
    )


def line_above(using: Functions) -> ExactVerdict:
    """P11: the line above b, and continuity at b."""
    facts = []
    for _, b, p in SHAPES[1:]:
        x = b + np.array([1e-3, 1.0, 50.0, 1e6])
        line = x + (2 * b) ** p - b
        off = np.abs(using.value("expolu", x, a=1.0, b=b, p=p) / line - 1).max()
        bent = np.abs(using.slope("expolu", x, a=1.0, b=b, p=p) - 1).max()
        at_b = using.exact_value("expolu", beside(b, 1), a=1.0, b=b, p=p)
        facts += [
            at_most(f"b = {b:g}, p = {p:g}: relative distance from the line", off, 1e-15),
            close(f"b = {b:g}, p = {p:g}: largest |f' - 1| above b", bent, 0.0),
            close(f"b = {b:g}, p = {p:g}: value just above b", at_b, (2 * b) ** p),
        ]
    offset = using.value("expolu", 10.0, a=1.0, b=1.0, p=2.0) - 10.0
    single = torch.linspace(1.0, 50.0, 20_001)
    grouped = (single + 4.0**2 / 3 - 2) - (single + (4.0**2 / 3 - 2))
    return ExactVerdict(
        "P11",
        settled(all(fact.agrees for fact in facts)),
        f"Above b the function is the line x + (2b)^p - b with slope 1, joined without a step. For "
        f"(1, 1, 2) it is x + {offset:g}, not x. (In float32 the order of these additions alone "
        f"changes results by up to {float(grouped.abs().max()):.1g} at |x| <= 50.)",
        (*facts, close("offset of the line for (1, 1, 2)", offset, 3.0)),
    )


def no_step(using: Functions) -> ExactVerdict:
    """X1: continuity for all positive a, b, p."""
    facts = []
    for a, b, p in ADMITTED:
        for at in (-b, b):
            left, right = (
                using.exact_value("expolu", beside(at, side), a=a, b=b, p=p) for side in (-1, 1)
            )
            # For p < 1 the value rises from -b like (1e-30)^p.
            facts.append(
                at_most(f"({a:g}, {b:g}, {p:g}): step at {at:g}", abs(right - left), 1e-13)
            )
    grid = torch.linspace(-4.0, 4.0, DRAWS + 1)
    unlike = [
        same(
            f"PowerLU_{p:g} and ExpoLU({2**p:g}, 1, {p:g}) agree to the last bit in float32",
            torch.equal(
                using.call("powerlu", grid, p=p), using.call("expolu", grid, a=2**p, b=1.0, p=p)
            ),
            True,
        )
        for p in (2.0, 3.0, 4.0)
    ]
    return ExactVerdict(
        "X1",
        settled(all(fact.agrees for fact in facts)),
        "The three pieces join without a step at -b and at b, for all a, b, p > 0 looked at. "
        f"PowerLU is the case (2^p, 1, p), to the last bit of {DRAWS + 1:,} float32 numbers.",
        (*facts, *unlike),
    )


def power_of_two(using: Functions) -> ExactVerdict:
    """X5: what dividing by a power of two saves."""
    draws = torch.rand(DRAWS, generator=torch.Generator().manual_seed(SEED)) * 2 - 1
    plain = using.call("expolu", draws, a=1.0, b=1.0, p=2.0)
    changed = {}
    for divisor in (2.0, 4.0, 1024.0, 3.0, 10.0):
        divided = using.call("expolu", draws, a=divisor, b=1.0, p=2.0)
        normal = divided >= torch.finfo(torch.float32).tiny
        # Where dividing adds no rounding, multiplying back in double precision undoes it.
        changed[divisor] = share_unequal(divided[normal].double() * divisor, plain[normal].double())
    facts = [
        same(
            f"dividing by {divisor:g} adds no rounding", share == 0, math.log2(divisor).is_integer()
        )
        for divisor, share in changed.items()
    ]
    counts = [cost(using.case("expolu", a=a, b=1.0, p=2.0)).value for a in (4.0, 3.0)]
    facts += [
        close(
            "share of float32 numbers for which x / 4 is not x * 0.25",
            share_unequal(plain / 4.0, plain * 0.25),
            0.0,
        ),
        same(
            "the formula costs the same operations for a = 4 as for a = 3",
            counts[0] == counts[1],
            True,
        ),
    ]
    exact = all(changed[divisor] == 0 for divisor in (2.0, 4.0, 1024.0))
    return ExactVerdict(
        "X5",
        quantified((exact, counts[0] != counts[1])),
        "Exact, yes: in binary floating point a division by 2^n only changes the exponent, so no "
        f"rounding is added (by 3 it is, for {changed[3.0]:.0%} of numbers). Cheaper, no: "
        "floating-point hardware multiplies by any constant at the same cost; a shift exists for "
        "integers only.",
        tuple(facts),
    )


CHECKS = MappingProxyType(
    {"P9": nothing_below, "P10": middle_piece, "P11": line_above, "X1": no_step, "X5": power_of_two}
)
