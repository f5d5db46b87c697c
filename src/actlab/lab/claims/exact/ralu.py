"""RaLU as its README defines it: formula, slope, parameter, asymptotes, the case alpha = 1."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
import torch
from mpmath import mpf

from actlab.lab.claims.exact import formats, written
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_least,
    at_most,
    close,
    same,
    settled,
)

ALPHAS = (-1.0, 0.0, 0.25, 1.0, 2.0, 3.0, 9.0, 12.0)
PLACES = tuple(mpf(k) / 8 for k in (-800, -41, -14, -8, -3, 0, 1, 5, 8, 13, 40, 999))
SAME = 1e-80
"""What 90 digits round away at most, relative to numbers up to a thousand."""


def formula(using: Functions) -> ExactVerdict:
    """R2: x (x^2 + alpha) / (x^2 + 1)."""
    facts = []
    for alpha in ALPHAS:
        with mpmath.workdps(90):
            worst = max(
                abs(using.exact_value("ralu", x, alpha=alpha) - x * (x**2 + alpha) / (x**2 + 1))
                for x in PLACES
            )
        facts.append(at_most(f"alpha = {alpha:g}: distance from the formula", worst, SAME))
    return ExactVerdict(
        "R2",
        settled(all(fact.agrees for fact in facts)),
        "RaLU as it is here is x (x^2 + alpha) / (x^2 + 1), to 80 digits.",
        tuple(facts),
    )


def slope_formula(using: Functions) -> ExactVerdict:
    """R3: the derivative."""
    facts = []
    for alpha in ALPHAS:
        worst = mpf(0)
        with mpmath.workdps(60):
            for x in PLACES:
                printed = (x**4 + (3 - alpha) * x**2 + alpha) / (x**2 + 1) ** 2
                by_value = mpmath.diff(
                    lambda at, alpha=alpha: using.exact_value("ralu", at, alpha=alpha), x
                )
                slope = using.exact_slope("ralu", x, alpha=alpha)
                worst = max(worst, abs(slope - printed), abs(by_value - printed))
        facts.append(at_most(f"alpha = {alpha:g}: distance from df/dx and from f'", worst, 1e-18))
    lost = formats.first(lambda x: ~torch.isfinite(written.ralu_slope(x, 2.0)), torch.float16, 1)
    x = formats.sizes(torch.float16)
    kept = bool(torch.isfinite(using.gradient("ralu", x, alpha=3.0)).all())
    return ExactVerdict(
        "R3",
        settled(all(fact.agrees for fact in facts)),
        "The printed derivative is the derivative, for every alpha. Evaluated as printed it is not "
        f"finite in float16 from |x| = {lost:.2f} on; actlab's gradient is finite everywhere.",
        (*facts, same("actlab, float16: gradient finite for every x > 0", kept, True)),
    )


def learnable_parameter(using: Functions) -> ExactVerdict:
    """R4: the derivative in alpha."""
    x = torch.linspace(-50.0, 50.0, 10_001, dtype=torch.float64)
    facts: list[Fact] = []
    for start in (0.0, 3.0):
        alpha = torch.full((1,), start, dtype=torch.float64, requires_grad=True)
        weights = torch.linspace(0.5, 1.5, x.numel(), dtype=torch.float64)
        (using.call("ralu", x, alpha=alpha) * weights).sum().backward()
        found = float(alpha.grad) if alpha.grad is not None else math.nan
        facts.append(
            close(f"alpha = {start:g}: weighted gradient in alpha", found,
                  float((weights * x / (x * x + 1)).sum()))
        )  # fmt: skip
    each = using.value("ralu", x.numpy(), alpha=4.0) - using.value("ralu", x.numpy(), alpha=3.0)
    peak = float(x[int(np.abs(each).argmax())])
    facts += [
        at_most("largest |df/dalpha|", np.abs(each).max(), 0.5 + 1e-12),
        close("it is reached at |x| =", abs(peak), 1.0, absolute=0.01),
    ]
    return ExactVerdict(
        "R4",
        settled(all(fact.agrees for fact in facts)),
        f"It is x / (x^2 + 1), exists everywhere and is at most {np.abs(each).max():.3g} "
        f"in size, at |x| = {abs(peak):.3g}.",
        tuple(facts),
    )


def slope_at_zero(using: Functions) -> ExactVerdict:
    """R5: the slope at 0 is alpha."""
    facts = [
        close(f"alpha = {alpha:g}: f'(0)", using.exact_slope("ralu", 0, alpha=alpha), alpha)
        for alpha in ALPHAS
    ]
    return ExactVerdict(
        "R5",
        settled(all(fact.agrees for fact in facts)),
        "The slope at 0 is alpha, for every alpha.",
        tuple(facts),
    )


def asymptote(using: Functions) -> ExactVerdict:
    """R6: f(x) - x tends to 0."""
    facts = []
    for alpha in ALPHAS:
        gaps = [
            using.exact_value("ralu", x, alpha=alpha) - x for x in (mpf(10) ** 9, -(mpf(10) ** 9))
        ]
        facts.append(
            close(f"alpha = {alpha:g}: (f(x) - x) x at 1e9", gaps[0] * mpf(10) ** 9, alpha - 1,
                  relative=1e-12, absolute=1e-12)
        )  # fmt: skip
        facts.append(
            close(
                f"alpha = {alpha:g}: the two sides cancel", gaps[0] + gaps[1], 0.0, absolute=1e-60
            )
        )
    return ExactVerdict(
        "R6",
        settled(all(fact.agrees for fact in facts)),
        "The difference f(x) - x tends to 0 on both sides, like (alpha - 1) / x, for every alpha.",
        tuple(facts),
    )


def identity_at_one(using: Functions) -> ExactVerdict:
    """R7: the identity for alpha = 1."""
    facts: list[Fact] = []
    shares = {}
    for dtype in formats.FORMATS:
        x = formats.sizes(dtype)
        x = torch.cat([-x, x])
        ours = formats.share_unequal(using.call("ralu", x, alpha=1.0), x)
        facts.append(close(f"{formats.title(dtype)}: share with RaLU_1(x) not x", ours, 0.0))
        draws = torch.randn(100_000, generator=torch.Generator().manual_seed(7)).to(dtype)
        shares[dtype] = (
            formats.share_unequal(written.ralu(draws, 1.0), draws),
            formats.share_unequal(written.ralu_as_sum(draws, 1.0), draws),
        )
        facts.append(
            close(
                f"{formats.title(dtype)}: the same of x + (alpha - 1) x / (x^2 + 1)",
                shares[dtype][1],
                0.0,
            )
        )
    facts.append(
        at_least("float32: the same of the shipped formula", shares[torch.float32][0], 0.01)
    )
    return ExactVerdict(
        "R7",
        settled(all(fact.agrees for fact in facts[:-1:2])),
        "With alpha = 1 it is the identity, in actlab to the last bit of every number tried in "
        "four formats. The formula as shipped is off by a rounding for "
        f"{shares[torch.float32][0]:.1%} of N(0, 1) inputs in float32.",
        tuple(facts),
    )


CHECKS = MappingProxyType(
    {
        "R2": formula,
        "R3": slope_formula,
        "R4": learnable_parameter,
        "R5": slope_at_zero,
        "R6": asymptote,
        "R7": identity_at_one,
    }
)
