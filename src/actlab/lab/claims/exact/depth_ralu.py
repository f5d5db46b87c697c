"""Many layers of RaLU: what alpha does to signal and gradient, by mean-field theory."""

from __future__ import annotations

import math
from types import MappingProxyType

from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    close,
    quantified,
    same,
)

C = math.sqrt(math.pi / 2) * math.exp(0.5) * math.erfc(math.sqrt(0.5))
"""``E 1 / (1 + z^2)`` for z ~ N(0, 1)."""

LIVELY = 2.0
"""Decades by which a squared gradient may change over all layers and still count as alive."""

DEPTH = 30
OWN = (0.25, 2.0, 3.0, 5.0, 9.0)
INITS = (("own", OWN), ("he", (2.0, 9.0)), ("pytorch", (0.25, 2.0, 3.0, 5.0)))


def closed_moments(alpha: float) -> tuple[float, float]:
    """``E f^2`` and ``E f'^2`` under N(0, 1), in closed form."""
    beta = alpha - 1
    first = 1 + 2 * beta * (1 - C)
    return first + beta**2 * (C - 0.5), first + beta**2 * (0.5 - C / 3)


def stable_gradient(using: Functions) -> ExactVerdict:
    """R1: the factor per layer of squared gradients."""
    facts: list[Fact] = []
    stable, chis = [], {}
    for alpha in (0.0, 0.25, 1.0, 2.0, 3.0, 5.0, 9.0):
        found = using.gains("ralu", alpha=alpha)
        square, slope_square = closed_moments(alpha)
        chis[alpha] = found.chi
        facts.append(
            close(
                f"alpha = {alpha:g}: factor per layer at its own gain",
                found.chi,
                slope_square / square,
            )
        )
        facts.append(
            same(
                f"alpha = {alpha:g}: the variance map is unstable",
                found.verdict == "unstable",
                alpha < 1,
            )
        )
        stable.append(abs(found.chi - 1) < 0.1 and found.verdict != "unstable")
    three = using.moments("ralu", alpha=3.0).square
    facts.append(close("alpha = 3: E f^2", three, 3.0, relative=1e-13))
    return ExactVerdict(
        "R1",
        quantified(stable),
        f"It depends on alpha: per layer, at its own gain, squared gradients change by "
        f"{chis[2.0]:.3f} for alpha = 2, {chis[3.0]:.3f} for 3 and {chis[9.0]:.3f} for 9; below 1 "
        f"the variance is unstable. (For alpha = 3, E f^2 = {three:.12g}, which suits PyTorch's "
        "nn.Linear.)",
        tuple(facts),
    )


def lasting_gradient(using: Functions) -> ExactVerdict:
    """R13: the squared gradient over 30 layers."""
    logs = {
        (init, alpha): using.propagate("ralu", init, DEPTH, alpha=alpha)
        for init, alphas in INITS
        for alpha in alphas
    }
    lively = [log.depth == DEPTH and abs(log.gradient[-1]) < LIVELY for log in logs.values()]
    facts: list[Fact] = []
    for alpha in OWN:
        # Above 1 the variance stays at its fixed point, so that every layer does the same.
        if alpha > 1:
            square, slope_square = closed_moments(alpha)
            facts.append(
                close(
                    f"alpha = {alpha:g}, own gain: log10 over 30 layers",
                    logs["own", alpha].gradient[-1],
                    DEPTH * math.log10(slope_square / square),
                    relative=1e-5,
                )
            )
    for alpha in (0.0, 3.0, 9.0):
        steepest = using.shape("ralu", alpha=alpha).lipschitz
        facts.append(
            close(
                f"alpha = {alpha:g}: Lipschitz constant",
                steepest,
                max(abs(alpha), abs(9 - alpha) / 8),
            )
        )
    ends = {key: log.gradient[-1] for key, log in logs.items()}
    own = ", ".join(f"10^{ends['own', alpha]:.1f}" for alpha in (2.0, 3.0, 5.0, 9.0))
    return ExactVerdict(
        "R13",
        quantified(lively),
        f"Over 30 layers at its own gain the squared gradient grows by {own} for alpha = 2, 3, 5, "
        f"9; with He initialisation by 10^{ends['he', 2.0]:.1f} for alpha = 2; with PyTorch's it "
        f"changes by 10^{ends['pytorch', 2.0]:.1f} for alpha = 2 and "
        f"10^{ends['pytorch', 0.25]:.0f} for 0.25. For every alpha but 1 the slope exceeds 1 "
        "somewhere.",
        tuple(facts),
    )


CHECKS = MappingProxyType({"R1": stable_gradient, "R13": lasting_gradient})
