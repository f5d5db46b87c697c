"""The blog's deep networks before any training: what mean-field theory predicts for them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from actlab.analysis.gain import bias_variance
from actlab.analysis.laws import Law
from actlab.analysis.quadrature import gauss_legendre
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_most,
    close,
    quantified,
    same,
)

DEPTH = 30
DECADES = 10.0
"""How many decades more of squared gradient count as a huge advantage before training."""

ARMS = (
    ("expolu", {"a": 1.0, "b": 1.0, "p": 2.0}),
    ("expolu", {"a": 2.0, "b": 1.0, "p": 2.0}),
    ("powerlu", {"p": 2.0}),
    ("powerlu", {"p": 4.0}),
    ("relu", {}),
)
NO_EDGE = (
    ("smelu", {"beta": 1.0}),
    ("powerlu", {"p": 2.0}),
    ("powerlu", {"p": 3.0}),
    ("expolu", {"a": 2.0, "b": 1.0, "p": 2.0}),
)


def before_training(using: Functions) -> ExactVerdict:
    """X2: squared gradients of ExpoLU and ReLU over 30 layers, by initialisation."""
    logs = [using.propagate(name, "pytorch", DEPTH, **params).gradient[-1] for name, params in ARMS]
    he = [using.propagate(name, "he", DEPTH).gradient[-1] for name in ("expolu", "relu")]
    facts = []
    for (name, params), log in zip(ARMS, logs, strict=True):
        expected = _by_hand(1 / 3, 1 / (3 * 512), _written(name, params))
        title = _title(name, params)
        facts.append(
            close(f"{title}, PyTorch's: log10 over 30 layers", log, expected, relative=1e-6)
        )
    facts.append(close("relu, He: log10 over 30 layers", he[1], 0.0, absolute=1e-9))
    gaps = [logs[0] - logs[-1], he[0] - he[1]]
    one, two, second, fourth, relu = logs
    return ExactVerdict(
        "X2",
        quantified(gap > DECADES for gap in gaps),
        "Theory expects it of PyTorch's initialisation and not of He's. Over 30 layers PyTorch's "
        f"changes the squared gradient by 10^{one:.1f} for ExpoLU(1, 1, 2), 10^{two:.1f} for "
        f"ExpoLU(2, 1, 2), 10^{relu:.1f} for ReLU, 10^{second:.1f} and 10^{fourth:.1f} for PowerLU "
        f"with p = 2 and 4; He's by 10^{he[0]:.1f} for ExpoLU(1, 1, 2) and not at all for "
        "ReLU.",
        tuple(facts),
    )


def proper_settings(using: Functions) -> ExactVerdict:
    """P15: whether weights exist at which signal and gradient both last."""
    facts: list[Fact] = []
    critical = []
    for name, params in (*NO_EDGE, ("powerlu", {"p": 4.0})):
        on_edge = [bias_variance(using.case(name, **params), 10**k) >= 0 for k in range(-2, 3)]
        critical.append(any(on_edge))
        facts.append(
            same(f"{_title(name, params)} has an edge of chaos", any(on_edge), len(critical) == 5)
        )
    # Why SmeLU has none at any q: f >= relu and f'(x) + f'(-x) = 1 with 0 <= f' <= 1, so that
    # E f^2 > q/2 and E f'^2 < 1/2.
    x = np.linspace(-6.0, 6.0, 2401)
    pairs = using.slope("smelu", x) + using.slope("smelu", -x)
    below = np.maximum(x, 0) - using.value("smelu", x)
    q = _crossing(using, "expolu", (1.0, 20.0))
    begins = _crossing(using, "powerlu", (0.01, 1.0), p=4.0)
    at = using.moments("expolu", q)
    weight = 1 / math.sqrt(at.slope_square)
    facts += [
        close("SmeLU: smallest f'(x) + f'(-x)", pairs.min(), 1.0),
        close("SmeLU: largest f'(x) + f'(-x)", pairs.max(), 1.0),
        at_most("SmeLU: largest relu(x) - f(x)", below.max(), 1e-15),
        close(
            "ExpoLU(1, 1, 2) at sw = 1 / sqrt(E f'^2): variance kept",
            weight**2 * at.square / q,
            1.0,
        ),
    ]
    critical.append(facts[-1].agrees)
    return ExactVerdict(
        "P15",
        quantified(critical),
        "Weights at which both signal and gradient last exist for ExpoLU(1, 1, 2): sw = "
        f"{weight:.4f}, sb = 0, variance {q:.2f}; and for PowerLU with p = 4, from a variance of "
        f"{begins:.2f} on. For PowerLU with p = 2 (SmeLU), p = 3 and ExpoLU(2, 1, 2) there are "
        "none, so that gradients vanish with depth unless layers are normalised. What "
        "training makes of it, runs say.",
        tuple(facts),
    )


def _title(name: str, params: dict[str, float]) -> str:
    inside = ", ".join(f"{value:g}" for value in params.values())
    return f"{name}({inside})" if inside else name


def _crossing(using: Functions, name: str, between: tuple[float, float], **params: float) -> float:
    """The variance at which the bias variance of the edge of chaos changes sign."""
    case = using.case(name, **params)
    low, high = between
    rising = bias_variance(case, high) > 0
    for _ in range(40):
        middle = math.sqrt(low * high)
        beyond = (bias_variance(case, middle) > 0) == rising
        low, high = (low, middle) if beyond else (middle, high)
    return high


Both = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _written(name: str, params: dict[str, float]) -> Both:
    """Value and slope as the source writes them."""
    if name == "relu":
        return lambda x: (np.maximum(x, 0.0), (x > 0).astype(float))
    p = params["p"]
    a, b = (params["a"], params["b"]) if name == "expolu" else (2.0**p, 1.0)

    def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ramp = np.clip(x + b, 0.0, 2 * b)
        value = np.where(x < b, ramp**p / a, x - b + (2 * b) ** p / a)
        slope = np.where(x < b, p * ramp ** (p - 1) / a, 1.0)
        return value, slope

    return both


def _by_hand(weight: float, bias: float, both: Both) -> float:
    """log10 of the squared gradient over 30 layers, by a fixed rule split at -1, 0 and 1."""
    q, total = 1.0, 0.0
    nodes, weights = gauss_legendre(64)
    for _ in range(DEPTH):
        reach = 12 * math.sqrt(q)
        cuts = sorted({-reach, reach, *(c for c in (-1.0, 0.0, 1.0) if abs(c) < reach)})
        halves = [(0.5 * (b - a), 0.5 * (a + b)) for a, b in itertools.pairwise(cuts)]
        x = np.concatenate([half * nodes + middle for half, middle in halves])
        w = np.concatenate([half * weights for half, _ in halves])
        w = w * Law(variance=q).density(x)
        value, slope = both(x)
        total += math.log10(weight * float((slope**2 * w).sum()))
        q = weight * float((value**2 * w).sum()) + bias
    return total


CHECKS = MappingProxyType({"P15": proper_settings, "X2": before_training})
