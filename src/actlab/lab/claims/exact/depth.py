"""Many layers of ELU and its peers: variance and gradient by mean-field theory.

The maps of actlab.analysis are compared with closed forms where there are any: ELU's moments at
every variance, ReLU's, and those of a function without a bend.
"""

from __future__ import annotations

import math
from types import MappingProxyType

import mpmath
from mpmath import mpf

from actlab.analysis.laws import Law
from actlab.lab.claims.exact.functions import Functions, after
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_most,
    close,
    quantified,
    same,
    settled,
)

LIVELY = 2.0
"""Decades by which a squared gradient may change over all layers and still count as alive."""

PYTORCH = (1 / 3, 1 / (3 * 512))
"""Variances of nn.Linear's weights, times the fan-in, and of its biases, at width 512."""


def elu_maps(weight: float, bias: float, depth: int) -> tuple[list[float], list[float]]:
    """Variance and log10 of the squared gradient over the layers of ELU, in closed form.

    Args:
        weight: variance of the weights, times the fan-in. bias: variance of the biases.
        depth: the number of layers.
    """
    q, total = mpf(1), mpf(0)
    variances, gradients = [1.0], [0.0]
    with mpmath.workdps(30):
        for _ in range(depth):
            # E e^(k x) for x < 0, x ~ N(0, q): exp(k^2 q / 2) Phi(-k sqrt q).
            once, twice = (
                mpmath.exp(k * k * q / 2) * mpmath.erfc(k * mpmath.sqrt(q / 2)) / 2 for k in (1, 2)
            )
            total += mpmath.log10(mpf(weight) * (mpf("0.5") + twice))
            q = mpf(weight) * (q / 2 + twice - 2 * once + mpf("0.5")) + mpf(bias)
            variances.append(float(q))
            gradients.append(float(total))
    return variances, gradients


def vanishing(using: Functions) -> ExactVerdict:
    """E20: squared gradients of sigmoid and tanh over 30 layers."""
    logs = {
        (name, init): using.propagate(name, init, 30).gradient[-1]
        for name in ("sigmoid", "tanh")
        for init in ("own", "pytorch")
    }
    chi = {name: using.gains(name).chi for name in ("sigmoid", "tanh")}
    elu = using.propagate("elu", "pytorch", 30).gradient[-1]
    small = using.propagate("tanh", "pytorch", 400).gradient
    facts = (
        same("sigmoid's factor per layer at its own gain is below 1", chi["sigmoid"] < 1, True),
        same("tanh's is above 1, as for every zero-mean function", chi["tanh"] > 1, True),
        # Its signal dies out, so that only the slope at 0 matters: sw^2 per layer.
        close(
            "tanh, PyTorch's: late decades per layer",
            after(small, 400) - after(small, 399),
            math.log10(1 / 3),
            relative=0.01,
        ),
        close("ELU, PyTorch's: log10 over 30 layers", elu, elu_maps(*PYTORCH, 30)[1][-1]),
        same("tanh and ELU vanish alike there", abs(elu - logs["tanh", "pytorch"]) < 1, True),
    )
    return ExactVerdict(
        "E20",
        quantified(log < -LIVELY for log in logs.values()),
        f"Sigmoid does: its squared gradient changes by 10^{logs['sigmoid', 'own']:.1f} over "
        f"30 layers at its own gain. Tanh does with PyTorch's initialisation (10^"
        f"{logs['tanh', 'pytorch']:.1f}), where ELU does too "
        f"(10^{elu:.1f}), and grows at its own gain (10^{logs['tanh', 'own']:.1f}).",
        facts,
    )


def stray_inputs(using: Functions) -> ExactVerdict:
    """E37: the share of inputs so low that bfloat16 rounds ELU to -1."""
    low = math.log(2.0**-9)
    he = using.propagate("elu", "he", 100).variance
    own = using.propagate("elu", "own", 30).variance[-1]
    expected = elu_maps(2.0, 0.0, 100)[0]
    shares = [Law(variance=q).mass(-math.inf, low) for q in (own, after(he, 30), after(he, 100))]
    facts = (
        close("variance at the own gain, 30 layers", own, 1.0, relative=1e-6),
        close("variance with He, 30 layers", after(he, 30), expected[30]),
        close("variance with He, 100 layers", after(he, 100), expected[100]),
    )
    return ExactVerdict(
        "E37",
        quantified(share < 0.01 for share in shares),
        f"At ELU's own gain they do not: {shares[0]:.1g} of inputs lie below {low:.2f}. With He "
        f"initialisation {shares[1]:.1%} do after 30 layers and {shares[2]:.0%} after 100.",
        facts,
    )


def he_for_elu(using: Functions) -> ExactVerdict:
    """E52: how well He initialisation suits ELU."""
    gain = using.gains("elu").forward
    over = 2 / gain**2
    found = using.propagate("elu", "he", 100)
    variances, gradients = elu_maps(2.0, 0.0, 100)
    facts: list[Fact] = [close("overscaling per layer", over, 2 * _elu_square())]
    adequate = []
    for depth in (5, 10, 30, 100):
        q, log = after(found.variance, depth), after(found.gradient, depth)
        facts += [
            close(f"variance after {depth} layers", q, variances[depth]),
            close(f"log10 of the squared gradient, {depth} layers", log, gradients[depth]),
        ]
        adequate.append(q < 10 and abs(log) < LIVELY)
    return ExactVerdict(
        "E52",
        quantified(adequate),
        f"For shallow networks: it is {over:.2f} times too large per layer (variance of weights), "
        f"which makes the variance {after(found.variance, 10):.1f} after 10 layers, "
        f"{after(found.variance, 30):.1f} after 30 and {after(found.variance, 100):.0f} after 100.",
        tuple(facts),
    )


def growing_variance(using: Functions) -> ExactVerdict:
    """E53: the variance over 300 layers with He initialisation."""
    he = using.propagate("elu", "he", 300).variance
    own = using.propagate("elu", "own", 300).variance
    lecun = using.propagate("elu", (1.0, 0.0), 300).variance
    expected = elu_maps(2.0, 0.0, 300)[0]
    listed = ", ".join(f"{after(he, layers):.3g}" for layers in (15, 30, 100, 300))
    slope = (after(he, 300) - after(he, 200)) / 100
    facts = (
        *(
            close(f"variance with He, {n} layers", after(he, n), expected[n])
            for n in (15, 30, 100, 300)
        ),
        at_most("its growth per layer at the end tends to 1", abs(slope - 1), 0.1),
        close("variance at the own gain, 300 layers", after(own, 300), 1.0, relative=1e-6),
    )
    return ExactVerdict(
        "E53",
        settled(after(he, 300) < 2 * after(he, 100)),
        f"With He initialisation, which the paragraph recommends, the variance grows in proportion "
        f"to depth: {listed} after 15, 30, 100, 300 layers. At the own gain it stays "
        f"{after(own, 300):.3g}; with weights of variance 1/fan-in it falls to "
        f"{after(lecun, 300):.2g}.",
        facts,
    )


def lively_gradients(using: Functions) -> ExactVerdict:
    """E55: the squared gradient over 300 layers."""
    gain = using.gains("elu").forward
    logs = {
        title: using.propagate("elu", init, 300).gradient[-1]
        for title, init in (
            ("He", "he"),
            ("own", "own"),
            ("LeCun", (1.0, 0.0)),
            ("PyTorch", "pytorch"),
            ("critical", "critical"),
        )
    }
    closed = {"He": (2.0, 0.0), "own": (gain**2, 0.0), "LeCun": (1.0, 0.0), "PyTorch": PYTORCH}
    facts = [
        close(f"{title}: log10 over 300 layers", logs[title], elu_maps(*pair, 300)[1][-1])
        for title, pair in closed.items()
    ]
    facts.append(
        close("edge of chaos: log10 over 300 layers", logs["critical"], 0.0, absolute=1e-6)
    )
    return ExactVerdict(
        "E55",
        settled(abs(logs["He"]) < LIVELY),
        f"With He initialisation, which the paragraph recommends, the squared gradient changes by "
        f"10^{logs['He']:.1f} over 300 layers; at the own gain by 10^{logs['own']:.1f}, with "
        f"weights of variance 1/fan-in by 10^{logs['LeCun']:.1f}, with PyTorch's by "
        f"10^{logs['PyTorch']:.0f}. Only on the edge of chaos does it last.",
        tuple(facts),
    )


def _elu_square() -> float:
    below = Law().mass
    tails = math.exp(2) * below(-math.inf, -2.0) - 2 * math.exp(0.5) * below(-math.inf, -1.0)
    return 0.5 + tails + 0.5


CHECKS = MappingProxyType(
    {
        "E20": vanishing,
        "E37": stray_inputs,
        "E52": he_for_elu,
        "E53": growing_variance,
        "E55": lively_gradients,
    }
)
