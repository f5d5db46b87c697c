"""ELU's two branches, its slope far below 0, its limit and its bounds."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
from mpmath import mpf

from actlab.lab.claims.exact.functions import Functions, beside
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    at_least,
    at_most,
    close,
    quantified,
    read,
    same,
    settled,
)

ALPHAS = (0.5, 1.0, 2.0)
BELOW = tuple(-mpf(k) / 8 for k in (1, 3, 8, 17, 40, 100, 800))
FAR = mpf(-10_000)


def identity_above(using: Functions) -> ExactVerdict:
    """E5: the identity at and above 0."""
    x = np.array([0.0, *np.geomspace(1e-300, 1e300, 121)])
    facts = [
        same(
            f"alpha = {alpha:g}: f(x) = x for every x >= 0 looked at",
            bool((using.value("elu", x, alpha=alpha) == x).all()),
            True,
        )
        for alpha in ALPHAS
    ]
    return ExactVerdict(
        "E5",
        settled(all(fact.agrees for fact in facts)),
        "From 0 upwards ELU is the identity, for every alpha.",
        tuple(facts),
    )


def exponential_below(using: Functions) -> ExactVerdict:
    """E6: alpha (e^x - 1) below 0."""
    facts = []
    for alpha in ALPHAS:
        with mpmath.workdps(90):
            worst = max(
                abs(using.exact_value("elu", x, alpha=alpha) - mpf(alpha) * (mpmath.exp(x) - 1))
                for x in BELOW
            )
        facts.append(at_most(f"alpha = {alpha:g}: |f(x) - alpha (e^x - 1)|", worst, 1e-80))
    return ExactVerdict(
        "E6",
        settled(all(fact.agrees for fact in facts)),
        "Below 0 ELU is alpha (e^x - 1), to 80 digits.",
        tuple(facts),
    )


def limit_below(using: Functions) -> ExactVerdict:
    """E8: the limit at minus infinity."""
    limits = [float(using.exact_value("elu", FAR, alpha=alpha)) for alpha in ALPHAS]
    facts = [
        close(f"alpha = {alpha:g}: f far below 0", limit, -alpha)
        for alpha, limit in zip(ALPHAS, limits, strict=True)
    ]
    return ExactVerdict(
        "E8",
        quantified(math.isclose(limit, -1.0) for limit in limits),
        f"The limit is -alpha: {_listed(limits)} for alpha = {_listed(ALPHAS)}; it is -1 for "
        "alpha = 1 only.",
        tuple(facts),
    )


def bounded_below_zero(using: Functions) -> ExactVerdict:
    """E9: bounds of value and slope on the negative side."""
    facts = []
    x = -np.geomspace(1e-12, 700.0, 400)
    for alpha in (0.25, 0.5, 1.0):
        y, slope = using.value("elu", x, alpha=alpha), using.slope("elu", x, alpha=alpha)
        facts += [
            at_least(f"alpha = {alpha:g}: smallest value below 0", y.min(), -alpha),
            at_most(f"alpha = {alpha:g}: largest value below 0", y.max(), 0.0),
            same(f"alpha = {alpha:g}: the slope there is positive", bool((slope > 0).all()), True),
            at_most(f"alpha = {alpha:g}: largest slope there", slope.max(), alpha),
        ]
    return ExactVerdict(
        "E9",
        settled(all(fact.agrees for fact in facts)),
        "For a single unit: below 0 values stay in [-alpha, 0] and slopes in (0, alpha], which is "
        "at most 1 for alpha <= 1. It says nothing about many layers (see E53).",
        tuple(facts),
    )


def shrinking_slope(using: Functions) -> ExactVerdict:
    """E21: whether the slope stays away from 0 below 0."""
    places = (-5.0, -20.0, -80.0)
    slopes = [float(using.exact_slope("elu", x)) for x in places]
    tails = [float(using.exact_slope("sigmoid", x)) for x in places]
    facts = [close(f"slope at {x:g}", s, math.exp(x)) for x, s in zip(places, slopes, strict=True)]
    facts.append(close("slope of ELU over slope of sigmoid at -80", slopes[-1] / tails[-1], 1.0))
    return ExactVerdict(
        "E21",
        settled(min(slopes) > 1e-3),
        f"The negative branch does flatten out completely: the slope is {slopes[0]:.2g} at -5, "
        f"{slopes[1]:.2g} at -20 and {slopes[2]:.2g} at -80, the same rate as sigmoid's tail.",
        tuple(facts),
    )


def trickle(using: Functions) -> ExactVerdict:
    """E22: how much gradient is left deep below 0."""
    places = (-1.0, -5.0, -10.0)
    slopes = [float(using.exact_slope("elu", x)) for x in places]
    facts = [close(f"slope at {x:g}", s, math.exp(x)) for x, s in zip(places, slopes, strict=True)]
    return ExactVerdict(
        "E22",
        quantified(slope >= 1e-3 for slope in slopes),
        f"Some does: the slope is {slopes[1]:.1e} at -5; but only {slopes[2]:.1e} at -10. At "
        f"least a thousandth is left above {math.log(1e-3):.1f}.",
        tuple(facts),
    )


def steepness(using: Functions) -> ExactVerdict:
    """E25: alpha is the slope just below 0, and the floor."""
    facts = []
    for alpha in ALPHAS:
        slope = using.exact_slope("elu", beside(0, -1), alpha=alpha)
        facts.append(close(f"alpha = {alpha:g}: slope just below 0", slope, alpha))
        facts.append(
            close(f"alpha = {alpha:g}: floor", using.exact_value("elu", FAR, alpha=alpha), -alpha)
        )
    return ExactVerdict(
        "E25",
        settled(all(fact.agrees for fact in facts)),
        "The slope just below 0 is alpha. The same alpha sets the floor -alpha: the two cannot be "
        "chosen apart.",
        tuple(facts),
    )


def slope_above(using: Functions) -> ExactVerdict:
    """E27: slope 1 above 0."""
    x = np.geomspace(1e-300, 1e300, 121)
    facts = [
        same(
            f"alpha = {alpha:g}: f'(x) = 1 for every x > 0 looked at",
            bool((using.slope("elu", x, alpha=alpha) == 1).all()),
            True,
        )
        for alpha in ALPHAS
    ]
    return ExactVerdict(
        "E27",
        settled(all(fact.agrees for fact in facts)),
        "Above 0 the slope is 1, for every alpha.",
        tuple(facts),
    )


def constant_flow(using: Functions) -> ExactVerdict:
    """E29: whether the slope below 0 is constant."""
    slopes = [float(using.exact_slope("elu", x)) for x in (-0.5, -3.0)]
    facts = (
        close("slope at -0.5", slopes[0], math.exp(-0.5)),
        close("slope at -3", slopes[1], math.exp(-3)),
    )
    return ExactVerdict(
        "E29",
        settled(math.isclose(*slopes)),
        f"The slope below 0 is not constant: {slopes[0]:.3f} at -0.5 and {slopes[1]:.3f} at -3.",
        facts,
    )


def overall_shape(using: Functions) -> ExactVerdict:
    """E30: linear above 0, an exponential arc to -alpha below."""
    facts = []
    for alpha in ALPHAS:
        found = using.shape("elu", alpha=alpha)
        left, right = (line or (math.nan, math.nan) for line in found.asymptotes)
        gap = [using.exact_value("elu", x, alpha=alpha) + alpha for x in (-5, -6)]
        facts += [
            close(f"alpha = {alpha:g}: level at -inf", left[1], -alpha),
            close(f"alpha = {alpha:g}: rise at -inf", left[0], 0.0),
            close(f"alpha = {alpha:g}: rise at inf", right[0], 1.0),
            same(f"alpha = {alpha:g}: direction", found.monotone, "increasing"),
            close(
                f"alpha = {alpha:g}: what is left to -alpha shrinks by",
                gap[1] / gap[0],
                math.exp(-1),
            ),
        ]
    return ExactVerdict(
        "E30",
        settled(all(fact.agrees for fact in facts)),
        "It rises along y = x above 0; below, what separates it from -alpha shrinks by e for "
        "every unit of x. (So the '-1' of paragraph 3 holds for alpha = 1 only.)",
        tuple(facts),
    )


def bounds(using: Functions) -> ExactVerdict:
    """E59: bounded below, unbounded above."""
    facts = []
    for alpha in ALPHAS:
        found = using.shape("elu", alpha=alpha)
        facts += [
            close(f"alpha = {alpha:g}: infimum", found.low, -alpha),
            same(f"alpha = {alpha:g}: it is reached", found.low_reached, False),
            close(f"alpha = {alpha:g}: supremum", found.high, math.inf),
        ]
    return ExactVerdict(
        "E59",
        settled(all(fact.agrees for fact in facts)),
        "The infimum is -alpha, never reached by a real number (rounding reaches it: see E28), "
        "and there is no upper bound.",
        tuple(facts),
    )


def near_line(using: Functions) -> ExactVerdict:
    """E76: how fast the curve leaves the line alpha x."""
    at_one = float(using.exact_value("elu", -1)) / -1.0
    half = float(
        mpmath.findroot(
            lambda x: using.exact_value("elu", x) / x - mpf("0.5"), (-2, -1), solver="anderson"
        )
    )
    facts = (
        close("f(x) / x at -1", at_one, 1 - math.exp(-1)),
        close("where f(x) / x is one half: x", half, -1.5936242600400401),
    )
    return ExactVerdict(
        "E76",
        read((1 - at_one > 0.1, half > -1.0)),
        f"'Quick' has no measure: at x = -1 the curve is {1 - at_one:.0%} off the line, more than "
        f"a tenth; half of the line's depth is lost at x = {half:.3f} only, over a unit away.",
        facts,
    )


def _listed(numbers: tuple[float, ...] | list[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


CHECKS = MappingProxyType(
    {
        "E5": identity_above,
        "E6": exponential_below,
        "E8": limit_below,
        "E9": bounded_below_zero,
        "E21": shrinking_slope,
        "E22": trickle,
        "E25": steepness,
        "E27": slope_above,
        "E29": constant_flow,
        "E30": overall_shape,
        "E59": bounds,
        "E76": near_line,
    }
)
