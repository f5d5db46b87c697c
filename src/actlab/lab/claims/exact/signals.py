"""What ELU does to random inputs: mean, variance, skewness, sparsity, correlation, noise."""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np

from actlab.analysis.correlation import drop
from actlab.analysis.laws import Law
from actlab.analysis.quadrature import gauss_legendre, integrate
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    close,
    quantified,
    same,
    settled,
)

BELOW = Law().mass
DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
UNIFORM = (0.1, 1.0, math.sqrt(3), 4.0)
"""Half-widths of symmetric uniform inputs."""

ZERO_MEAN = 0.05
"""A mean below this part of the input's standard deviation counts as near 0."""


def cdf(x: float) -> float:
    """The normal distribution function."""
    return BELOW(-math.inf, x)


def elu_mean(alpha: float) -> float:
    """``E f(z)`` of ELU in closed form, z ~ N(0, 1)."""
    return DENSITY_AT_0 - alpha * (0.5 - math.exp(0.5) * cdf(-1.0))


def positive_bias(using: Functions) -> ExactVerdict:
    """E10: the means of ReLU and ELU."""
    relu, elu = (using.moments(name).mean for name in ("relu", "elu"))
    facts = (
        close("mean of ReLU under N(0, 1)", relu, DENSITY_AT_0),
        close("mean of ELU under N(0, 1)", elu, elu_mean(1.0)),
    )
    return ExactVerdict(
        "E10",
        settled(relu > 0 and elu < relu),
        f"ReLU does: its mean under N(0, 1) is {relu:.4f}. ELU does so too, {relu / elu:.1f} times "
        f"less: {elu:.4f}.",
        facts,
    )


def centred(using: Functions) -> ExactVerdict:
    """E11: whether the mean of ELU is 0."""
    facts: list[Fact] = []
    at_zero = []
    for alpha in (0.25, 0.5, 1.0):
        mean = using.moments("elu", alpha=alpha).mean
        facts.append(close(f"alpha = {alpha:g}: mean under N(0, 1)", mean, elu_mean(alpha)))
        uniform = using.moments("elu", law="uniform", alpha=alpha).mean
        facts.append(
            same(
                f"alpha = {alpha:g}: mean positive, uniform inputs too",
                min(mean, uniform) > 0,
                True,
            )
        )
        at_zero.append(abs(mean) < ZERO_MEAN)
    found = {(name, q): using.moments(name, q) for name in ("elu", "relu") for q in (1.0, 16.0)}
    shares = {key: at.mean / math.sqrt(at.variance) for key, at in found.items()}
    relu = DENSITY_AT_0 / math.sqrt(0.5 - DENSITY_AT_0**2)
    root = _mean_free_alpha(using)
    selu = math.sqrt(2 / math.pi) / (1 - 2 * math.exp(0.5) * cdf(-1.0))
    facts += [
        close("mean over standard deviation of ReLU", shares["relu", 1.0], relu),
        same("of ELU it is smaller", shares["elu", 1.0] < shares["relu", 1.0], True),
        close("alpha at which the mean is 0", root, selu),
    ]
    return ExactVerdict(
        "E11",
        quantified(at_zero),
        f"For alpha = 1 the mean under N(0, 1) is {found['elu', 1.0].mean:.4f}, and it is positive "
        "for every symmetric input where alpha <= 1. It is 0 at alpha = "
        f"{root:.5f} only, SELU's. Closer to 0 than ReLU it is: mean over standard deviation "
        f"{shares['elu', 1.0]:.3f} against {shares['relu', 1.0]:.3f} ({shares['elu', 16.0]:.2f} "
        "for inputs of standard deviation 4).",
        tuple(facts),
    )


def uniform_inputs(using: Functions) -> ExactVerdict:
    """E94: the mean under uniform inputs."""
    facts, near = [], []
    means = []
    for a in UNIFORM:
        mean = using.moments("elu", a * a / 3, law="uniform").mean
        expected = a / 4 + (1 - math.exp(-a) - a) / (2 * a)
        facts.append(close(f"mean for inputs uniform on +-{a:.4g}", mean, expected))
        near.append(abs(mean) < ZERO_MEAN * a / math.sqrt(3))
        means.append(mean)
    half = using.moments("elu", 1 / 12, mean=0.5, law="uniform").mean
    facts.append(close("mean for inputs uniform on [0, 1]", half, 0.5))
    return ExactVerdict(
        "E94",
        quantified(near),
        f"For narrow inputs: {means[0]:.4f} on +-0.1; but {means[1]:.3f} on +-1, {means[2]:.3f} at "
        f"unit variance, {means[3]:.3f} on +-4 (about a^2/12, then a/4), and {half:g} on [0, 1].",
        tuple(facts),
    )


def decorrelates(using: Functions) -> ExactVerdict:
    """E95: the correlation of two outputs beside that of the inputs."""
    elu, relu = (_correlations(using, name) for name in ("elu", "relu"))
    angle = math.acos(0.5)
    kernel = (math.sin(angle) + 0.5 * (math.pi - angle)) / math.pi
    pair = _elu_pair()
    facts = (
        close("ELU: correlation of outputs, inputs 0.5", elu[0], pair[0]),
        close(
            "ReLU: correlation", relu[0], (0.5 * kernel - DENSITY_AT_0**2) / (0.5 - DENSITY_AT_0**2)
        ),
        close("ELU: cosine, mean included", elu[1], pair[1]),
        close("ReLU: cosine", relu[1], kernel),
    )
    return ExactVerdict(
        "E95",
        settled(elu[0] < 0.5),
        f"Inputs correlated 0.5 give outputs correlated {elu[0]:.3f}. But every nonlinear function "
        f"does that, and ReLU more so ({relu[0]:.3f}). With the mean included ELU is the better: "
        f"cosine {elu[1]:.3f} against {relu[1]:.3f}.",
        facts,
    )


def less_variance(using: Functions) -> ExactVerdict:
    """E96: the variance of the output."""
    elu, relu = (using.moments(name).variance for name in ("elu", "relu"))
    expected = _elu_square() - elu_mean(1.0) ** 2
    facts = (
        close("variance of ELU under N(0, 1)", elu, expected),
        close("variance of ReLU", relu, 0.5 - DENSITY_AT_0**2),
    )
    return ExactVerdict(
        "E96",
        settled(elu < 1),
        f"It drops from 1 to {elu:.3f}; ReLU's drops further, to {relu:.3f}.",
        facts,
    )


def noise(using: Functions) -> ExactVerdict:
    """E45: how much of a small noise at the input reaches the output."""
    elu, relu = (using.moments(name) for name in ("elu", "relu"))
    kept = using.under_law("elu").linear_snr, using.under_law("relu").linear_snr
    facts = (
        close("ELU: E f'^2", elu.slope_square, 0.5 + math.exp(2) * cdf(-2.0)),
        close("ReLU: E f'^2", relu.slope_square, 0.5),
        same("ELU passes on more noise than ReLU", elu.slope_square > relu.slope_square, True),
        same("relative to the signal it passes on less", kept[0] > kept[1], True),
    )
    return ExactVerdict(
        "E45",
        settled(elu.slope_square < relu.slope_square),
        f"In absolute terms ELU passes on more of a small noise: {elu.slope_square:.3f} of its "
        f"variance against {relu.slope_square:.3f} for ReLU. Relative to the signal it passes on "
        f"less: signal-to-noise kept {kept[0]:.3f} against {kept[1]:.3f}.",
        facts,
    )


def skewness(using: Functions) -> ExactVerdict:
    """E62: the skewness of the output."""
    skews = {name: _skewness(using, name) for name in ("elu", "relu", "tanh")}
    facts = (
        close("skewness of ELU under N(0, 1)", skews["elu"], _elu_skewness()),
        close("of ReLU", skews["relu"], _relu_skewness()),
        close("of tanh", skews["tanh"], 0.0, absolute=1e-12),
    )
    return ExactVerdict(
        "E62",
        settled(skews["elu"] > 0),
        f"They are: skewness {skews['elu']:.3f} under N(0, 1), less than ReLU's "
        f"{skews['relu']:.2f}; tanh's is 0. A linear last layer can undo any such tendency.",
        facts,
    )


def _mean_free_alpha(using: Functions) -> float:
    """Where the mean under N(0, 1) changes sign, by bisection of the means computed."""
    low, high = 1.0, 3.0
    for _ in range(52):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if using.moments("elu", alpha=middle).mean > 0 else (low, middle)
    return 0.5 * (low + high)


def _correlations(using: Functions, name: str) -> tuple[float, float]:
    """Correlation and cosine of two outputs whose inputs are correlated 0.5."""
    at = using.moments(name)
    product = at.square - drop(using.case(name), 1.0, 0.5)
    return (product - at.mean**2) / at.variance, product / at.square


def _elu_square() -> float:
    below = math.exp(2) * cdf(-2.0) - 2 * math.exp(0.5) * cdf(-1.0) + 0.5
    return 0.5 + below


def _elu_pair() -> tuple[float, float]:
    """Correlation and cosine of ELU by a plain two-dimensional rule, quadrant by quadrant."""
    nodes, weights = gauss_legendre(96)
    x = np.concatenate([4.5 * (nodes - 1), 4.5 * (nodes + 1)])
    w = np.concatenate([4.5 * weights, 4.5 * weights])
    f = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    density = np.exp(-(x[:, None] ** 2 - x[:, None] * x + x**2) / 1.5) / (math.pi * math.sqrt(3))
    product = float(w * f @ density @ (w * f))
    mean, square = elu_mean(1.0), _elu_square()
    return (product - mean**2) / (square - mean**2), product / square


def _skewness(using: Functions, name: str) -> float:
    case, at, law = using.case(name), using.moments(name), Law()
    edges = sorted({*np.linspace(-12.0, 12.0, 25).tolist(), *case.joints})
    cube = integrate(
        lambda x: np.array([(case.value(x) - at.mean) ** 3 * law.density(x)]), edges, name
    )
    return float(cube.values[0]) / at.variance**1.5


def _third(mean: float, square: float, cube: float) -> float:
    return (cube - 3 * mean * square + 2 * mean**3) / (square - mean**2) ** 1.5


def _relu_skewness() -> float:
    return _third(DENSITY_AT_0, 0.5, 2 * DENSITY_AT_0)


def _elu_skewness() -> float:
    below = (
        math.exp(4.5) * cdf(-3.0)
        - 3 * math.exp(2) * cdf(-2.0)
        + 3 * math.exp(0.5) * cdf(-1.0)
        - 0.5
    )
    return _third(elu_mean(1.0), _elu_square(), 2 * DENSITY_AT_0 + below)


CHECKS = MappingProxyType(
    {
        "E10": positive_bias,
        "E11": centred,
        "E45": noise,
        "E62": skewness,
        "E94": uniform_inputs,
        "E95": decorrelates,
        "E96": less_variance,
    }
)
