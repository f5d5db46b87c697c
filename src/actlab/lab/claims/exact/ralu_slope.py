"""Where RaLU rises and falls: the range of its slope, and alpha in and outside [0, 9]."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
from mpmath import mpf

from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    at_least,
    at_most,
    close,
    same,
    settled,
)

PLACES = tuple(mpf(k) / 8 for k in (-41, -14, -8, -3, 0, 1, 5, 8, 13, 40))
STEEPEST_RISE = math.sqrt(3)
"""Where the slope is (9 - alpha) / 8."""


def monotone_inside(using: Functions) -> ExactVerdict:
    """R8: increasing for 0 <= alpha <= 9."""
    facts = []
    for alpha in (0.0, 3.0, 9.0):
        facts.append(
            same(
                f"alpha = {alpha:g}: direction",
                using.shape("ralu", alpha=alpha).monotone,
                "increasing",
            )
        )
    for alpha in (0.25, 1.0, 2.0, 5.0, 8.9):
        least = _slopes(using, alpha).min()
        facts.append(
            close(
                f"alpha = {alpha:g}: smallest slope",
                least,
                min(alpha, (9 - alpha) / 8, 1.0),
                relative=1e-6,
            )
        )
        facts.append(same(f"alpha = {alpha:g}: it is positive", bool(least > 0), True))
    return ExactVerdict(
        "R8",
        settled(all(fact.agrees for fact in facts)),
        "It increases for every alpha in [0, 9] looked at, strictly, even at 0 and at 9, where the "
        "slope touches 0 at single points.",
        tuple(facts),
    )


def flat_at_zero(using: Functions) -> ExactVerdict:
    """R9: slope 0 at 0 for alpha = 0, and nowhere else."""
    x = np.geomspace(1e-3, 1e6, 4_001)
    elsewhere = min(using.slope("ralu", sign * x, alpha=0.0).min() for sign in (-1, 1))
    at = using.exact_slope("ralu", 0, alpha=0.0)
    facts = (close("slope at 0", at, 0.0), at_least("smallest slope elsewhere", elsewhere, 1e-6))
    return ExactVerdict(
        "R9",
        settled(all(fact.agrees for fact in facts)),
        "For alpha = 0 the slope is 0 at x = 0, and only there.",
        facts,
    )


def flat_at_root_three(using: Functions) -> ExactVerdict:
    """R10: slope 0 at +-sqrt 3 for alpha = 9, and nowhere else."""
    with mpmath.workdps(80):
        root = mpmath.sqrt(3)
        places = [abs(using.exact_slope("ralu", side * root, alpha=9.0)) for side in (-1, 1)]
        worst = max(
            abs(using.exact_slope("ralu", x, alpha=9.0) - ((x * x - 3) / (x * x + 1)) ** 2)
            for x in PLACES
        )
    x = np.linspace(0.0, 50.0, 5_001)
    away = x[np.abs(x - STEEPEST_RISE) > 0.1]
    elsewhere = min(using.slope("ralu", sign * away, alpha=9.0).min() for sign in (-1, 1))
    facts = (
        at_most("|f'| at +-sqrt 3", max(places), 1e-70),
        at_most("distance from ((x^2 - 3) / (x^2 + 1))^2", worst, 1e-70),
        at_least("smallest slope farther than 0.1 away", elsewhere, 1e-3),
    )
    return ExactVerdict(
        "R10",
        settled(all(fact.agrees for fact in facts)),
        "For alpha = 9 the slope is ((x^2 - 3) / (x^2 + 1))^2: 0 at +-sqrt 3, and only there.",
        facts,
    )


def not_monotone_outside(using: Functions) -> ExactVerdict:
    """R11: not increasing for alpha < 0 or alpha > 9."""
    facts = []
    for alpha in (-1.0, -0.01, 9.01, 12.0):
        least = _slopes(using, alpha).min()
        facts.append(
            close(
                f"alpha = {alpha:g}: smallest slope",
                least,
                min(alpha, (9 - alpha) / 8),
                relative=1e-6,
            )
        )
    for alpha in (-0.01, 9.01):
        found = using.shape("ralu", alpha=alpha).is_monotone
        facts.append(same(f"alpha = {alpha:g}: it is monotone", found, False))
    inside = (
        using.shape("ralu", alpha=9.0).is_monotone and using.shape("ralu", alpha=0.0).is_monotone
    )
    facts.append(same("at 0 and at 9 it still is", inside, True))
    return ExactVerdict(
        "R11",
        settled(all(fact.agrees for fact in facts)),
        "Outside [0, 9] the slope takes negative values, already at -0.01 and at 9.01; inside it "
        "does not.",
        tuple(facts),
    )


def slope_far_out(using: Functions) -> ExactVerdict:
    """R12: the slope tends to 1, and what it does in between."""
    facts = []
    for alpha in (0.0, 2.0, 3.0, 9.0):
        far = using.exact_slope("ralu", mpf(10) ** 9, alpha=alpha)
        slopes = _slopes(using, alpha)
        ends = sorted((alpha, (9 - alpha) / 8))
        facts += [
            close(f"alpha = {alpha:g}: slope at 1e9", far, 1.0),
            close(
                f"alpha = {alpha:g}: smallest slope",
                slopes.min(),
                ends[0],
                relative=1e-6,
                absolute=1e-9,
            ),
            close(f"alpha = {alpha:g}: largest slope", slopes.max(), ends[1], relative=1e-6),
        ]
    return ExactVerdict(
        "R12",
        settled(all(fact.agrees for fact in facts)),
        "Far out it is the identity with slope 1. In between the slope runs from alpha at 0 to "
        "(9 - alpha) / 8 at +-sqrt 3: to 0.75 for alpha = 3, to 0 for alpha = 9.",
        tuple(facts),
    )


def _slopes(using: Functions, alpha: float) -> np.ndarray:
    """Slopes on a fine grid that has 0 and +-sqrt 3 on it."""
    x = np.concatenate([np.linspace(0.0, 40.0, 8_001), [STEEPEST_RISE, 1e3, 1e6]])
    return using.slope("ralu", np.concatenate([-x, x]), alpha=alpha)


CHECKS = MappingProxyType(
    {
        "R8": monotone_inside,
        "R9": flat_at_zero,
        "R10": flat_at_root_three,
        "R11": not_monotone_outside,
        "R12": slope_far_out,
    }
)
