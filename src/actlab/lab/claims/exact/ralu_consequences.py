"""What the README concludes from RaLU's formula: smooth, centred, never dead."""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
import numpy as np
import torch
from numpy.polynomial import chebyshev

from actlab.analysis.cost import cost
from actlab.lab.claims.exact import formats, written
from actlab.lab.claims.exact.depth_ralu import C, closed_moments
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_most,
    close,
    quantified,
    same,
    settled,
)
from actlab.lab.tasks.twenty_one_pairs import pairs

SEED = 20261130


def smooth(using: Functions) -> ExactVerdict:
    """R15: infinitely often differentiable."""
    facts: list[Fact] = []
    for alpha in (-1.0, 0.0, 3.0, 9.0):
        facts.append(
            close(f"alpha = {alpha:g}: k of C^k", using.smoothness("ralu", alpha=alpha), math.inf)
        )
        error = _interpolation_error(using, alpha)
        facts.append(at_most(f"alpha = {alpha:g}: error of polynomials of degree 40", error, 1e-12))
    return ExactVerdict(
        "R15",
        settled(all(fact.agrees for fact in facts)),
        "No pieces meet, and polynomials of degree 40 reproduce it to rounding on every interval "
        "of length 2 tried, as they must for a function whose only poles are at +-i: it is "
        "analytic on the whole line, for any alpha.",
        tuple(facts),
    )


def zero_mean(using: Functions) -> ExactVerdict:
    """R17: the mean of the output."""
    facts, holds = [], []
    for alpha in (0.0, 2.0, 9.0):
        mean = using.moments("ralu", alpha=alpha).mean
        uniform = using.moments("ralu", 3.0, law="uniform", alpha=alpha).mean
        facts += [
            close(f"alpha = {alpha:g}: mean under N(0, 1)", mean, 0.0, absolute=1e-12),
            close(
                f"alpha = {alpha:g}: mean under a symmetric uniform law",
                uniform,
                0.0,
                absolute=1e-12,
            ),
            same(
                f"alpha = {alpha:g}: parity", using.shape("ralu", alpha=alpha).parity or "", "odd"
            ),
        ]
        holds += [abs(mean) < 1e-12, abs(uniform) < 1e-12]
    shifted = {
        alpha: using.moments("ralu", 1.0, mean=0.5, alpha=alpha).mean for alpha in (2.0, 9.0)
    }
    facts += [
        close(
            f"alpha = {alpha:g}: mean under N(0.5, 1)",
            mean,
            _shifted_mean(alpha, 0.5),
            relative=1e-8,
        )
        for alpha, mean in shifted.items()
    ]
    holds += [abs(mean) < 1e-12 for mean in shifted.values()]
    return ExactVerdict(
        "R17",
        quantified(holds),
        "For inputs symmetric about 0, as for every odd function. Under N(0.5, 1) the mean is "
        f"{shifted[2.0]:.2f} for alpha = 2 and {shifted[9.0]:.2f} for alpha = 9.",
        tuple(facts),
    )


def unlimited_range(using: Functions) -> ExactVerdict:
    """R19: the range of the output."""
    facts: list[Fact] = []
    for alpha in (0.0, 3.0, 9.0):
        found = using.shape("ralu", alpha=alpha)
        facts += [
            close(f"alpha = {alpha:g}: infimum", found.low, -math.inf),
            close(f"alpha = {alpha:g}: supremum", found.high, math.inf),
        ]
    lost = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        title = formats.title(dtype)
        lost[dtype] = formats.first(lambda x: ~torch.isfinite(written.ralu(x, 3.0)), dtype, 1)
        largest = float(torch.finfo(dtype).max)
        near = 0.0 if lost[dtype] is None else lost[dtype] / largest ** (1 / 3)
        facts.append(
            close(
                f"{title}: shipped formula lost from x, over cbrt of the largest",
                near,
                1.0,
                relative=0.02,
            )
        )
        x = formats.sizes(dtype)
        ours = bool(torch.isfinite(using.call("ralu", torch.cat([-x, x]), alpha=3.0)).all())
        facts.append(same(f"{title}: actlab finite for every x", ours, True))
    return ExactVerdict(
        "R19",
        settled(all(fact.agrees for fact in facts[:6])),
        "Every real number is a value, for alpha in [0, 9]. The formula as shipped, though, is not "
        f"finite for |x| >= {lost[torch.float16]:.1f} in float16, where x^3 overflows; actlab's is "
        "finite for every finite input.",
        tuple(facts),
    )


def no_dead_units(using: Functions) -> ExactVerdict:
    """R20: the smallest slope for 0 < alpha < 9."""
    facts, alive = [], []
    for alpha in (0.25, 2.0, 3.0, 5.0, 8.9):
        x = np.concatenate([np.linspace(-40, 40, 16_001), [math.sqrt(3), -math.sqrt(3), 0.0]])
        least = using.slope("ralu", x, alpha=alpha).min()
        facts.append(
            close(
                f"alpha = {alpha:g}: smallest slope",
                least,
                min(alpha, (9 - alpha) / 8),
                relative=1e-6,
            )
        )
        alive.append(bool(least > 0))
    weak = using.slope("ralu", 0.01, alpha=0.0)
    facts.append(close("alpha = 0: slope at 0.01", weak, 3e-4, relative=1e-3))
    return ExactVerdict(
        "R20",
        settled(all(alive)),
        "For 0 < alpha < 9 the slope is at least min(alpha, (9 - alpha) / 8), above 0, so no unit "
        f"dies. For alpha = 0 small inputs get next to nothing: {weak:.1g} at 0.01.",
        tuple(facts),
    )


def best_shape(using: Functions) -> ExactVerdict:
    """R21: what shapes a learned alpha can take."""
    x, y = pairs().T
    target = (y - y.mean()) / y.std(ddof=1)
    floor = _odd_floor(x, target)
    facts: list[Fact] = [close("the 21 pairs: least error of an odd function", floor, 20 / 21)]
    facts += [
        same(f"alpha = {alpha:g}: parity", using.shape("ralu", alpha=alpha).parity or "", "odd")
        for alpha in (0.0, 3.0, 9.0)
    ]
    at = np.linspace(-5.0, 5.0, 101)
    line = using.value("ralu", at, alpha=2.0) - 0.5 * (
        using.value("ralu", at, alpha=1.0) + using.value("ralu", at, alpha=3.0)
    )
    facts.append(at_most("f is linear in alpha: distance from it", np.abs(line).max(), 1e-14))
    net = _odd_net(using)
    facts.append(same("a net of RaLU without biases is odd, to the last bit", net, True))
    bent = {alpha: using.under_law("ralu", alpha=alpha).nonlinearity for alpha in (2.0, 3.0)}
    facts += [close(f"alpha = {a:g}: nonlinear part", n, _nonlinearity(a)) for a, n in bent.items()]
    return ExactVerdict(
        "R21",
        settled(floor < 0.5),
        "One number moves f along a line of odd functions: it never becomes one-sided, and under "
        f"N(0, 1) it is {1 - bent[3.0]:.0%} linear for alpha = 3. On an even target a net of it "
        f"without biases cannot do better than an error of {floor:.4f} = 20/21, that of a "
        "constant.",
        tuple(facts),
    )


def basic_arithmetic(using: Functions) -> ExactVerdict:
    """R22: the operations of the formula."""
    found = cost(using.case("ralu")).value
    written_as = written.ralu(torch.tensor([1.5], dtype=torch.float64), 3.0)
    facts = (
        close("transcendental operations", found.transcendental, 0),
        same("class of cost", found.kind, "division or root"),
        close("the formula at 1.5, typed from the README", float(written_as), 1.5 * 5.25 / 3.25),
    )
    return ExactVerdict(
        "R22",
        settled(found.transcendental == 0 and found.kind != "unknown"),
        "Multiplications, additions and a division: no exponential, logarithm or the like.",
        facts,
    )


def linear_start(using: Functions) -> ExactVerdict:
    """R25: a network that starts with alpha = 1."""
    bent = using.under_law("ralu", alpha=1.0).nonlinearity
    draws = torch.linspace(-30.0, 30.0, 10_001)
    unchanged = torch.equal(using.call("ralu", draws, alpha=1.0), draws)
    x = np.linspace(-9.0, 9.0, 181)
    change = using.value("ralu", x, alpha=2.0) - using.value("ralu", x, alpha=1.0)
    push = float(np.abs(change).max())
    facts = (
        close("nonlinear part under N(0, 1) at alpha = 1", bent, 0.0, absolute=1e-12),
        same("at alpha = 1 the output is the input, to the last bit", unchanged, True),
        close("largest |df/dalpha|, which is what moves alpha", push, 0.5),
    )
    return ExactVerdict(
        "R25",
        settled(bent > 1e-9 and not unchanged),
        "At alpha = 1 the function is the identity, so the network starts linear. Only gradients "
        f"of x / (x^2 + 1), at most {push:g}, can lead it away from there.",
        facts,
    )


def _nonlinearity(alpha: float) -> float:
    return 1 - (1 + (alpha - 1) * (1 - C)) ** 2 / closed_moments(alpha)[0]


def _shifted_mean(alpha: float, mean: float) -> float:
    with mpmath.workdps(20):
        rest = mpmath.quad(
            lambda x: x / (x * x + 1) * mpmath.npdf(x, mean, 1), [-12, -3, 0, 1, 4, 13]
        )
        return mean + (alpha - 1) * float(rest)  # type: ignore[arg-type]


def _interpolation_error(using: Functions, alpha: float) -> float:
    """How far polynomials of degree 40 are from f on intervals of length 2.

    For a function that is analytic up to +-i it is below (1 + sqrt 2)^-40, that is rounding; a
    jump in any low derivative leaves far more.
    """
    fine = np.linspace(-1.0, 1.0, 301)
    worst = 0.0
    for centre in (-3.0, -1.0, -0.4, 0.0, 0.7, 1.0, 2.0, 5.0):
        fit = chebyshev.Chebyshev.interpolate(
            lambda u, centre=centre: using.value("ralu", centre + u, alpha=alpha), 40
        )
        off = fit(fine) - using.value("ralu", centre + fine, alpha=alpha)
        worst = max(worst, float(np.abs(off).max()))
    return worst


def _odd_floor(x: np.ndarray, y: np.ndarray) -> float:
    """The least mean squared error of an odd function of x."""
    value = dict(zip(x.tolist(), y.tolist(), strict=True))
    fits = {at: (value[at] - value[-at]) / 2 if at else 0.0 for at in value}
    return float(np.mean([(value[at] - fits[at]) ** 2 for at in value]))


def _odd_net(using: Functions) -> bool:
    generator = torch.Generator().manual_seed(SEED)
    weights = [
        torch.randn(n, m, generator=generator) / math.sqrt(n)
        for n, m in ((1, 32), (32, 32), (32, 1))
    ]

    def net(x: torch.Tensor) -> torch.Tensor:
        for weight in weights[:-1]:
            x = using.call("ralu", x @ weight, alpha=3.0)
        return x @ weights[-1]

    x = torch.linspace(-2.0, 2.0, 21)[:, None]
    return torch.equal(net(-x), -net(x))


CHECKS = MappingProxyType(
    {
        "R15": smooth,
        "R17": zero_mean,
        "R19": unlimited_range,
        "R20": no_dead_units,
        "R21": best_shape,
        "R22": basic_arithmetic,
        "R25": linear_start,
    }
)
