"""ELU beside its peers: ReLU, leaky ReLU, SELU, GELU, PReLU; defaults and interfaces."""

from __future__ import annotations

import inspect
import math
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch.nn import functional as native

from actlab import functional, nn
from actlab.analysis.laws import Law
from actlab.lab.claims.exact.functions import Functions
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

CHANNELS = 8
GRID = 10_001


def dead_side(using: Functions) -> ExactVerdict:
    """E2: ReLU's value and slope below 0."""
    x = -np.geomspace(1e-300, 1e300, 121)
    largest = max(float(np.abs(f("relu", x)).max()) for f in (using.value, using.slope))
    facts = (
        close("largest |f| and |f'| of ReLU below 0", largest, 0.0),
        close("P(f' = 0) for N(0, 1) inputs", using.under_law("relu").dead, 0.5),
    )
    return ExactVerdict(
        "E2",
        settled(facts[0].agrees),
        "Below 0 ReLU and its slope are exactly 0. A unit gets no gradient at all only where every "
        f"one of its inputs lies there; {facts[1].value:.0%} of them at initialisation is normal.",
        facts,
    )


def default_of_elu(using: Functions) -> ExactVerdict:
    """E7: alpha is 1 unless said otherwise."""
    ours, theirs = using.definition("elu").defaults["alpha"], torch.nn.ELU().alpha
    facts = (
        close("default alpha of actlab", ours, 1.0),
        close("default alpha of torch.nn.ELU", theirs, 1.0),
    )
    return ExactVerdict(
        "E7",
        settled(ours == theirs == 1),
        f"The default is {ours:g} here and {theirs:g} in PyTorch, as in the paper.",
        facts,
    )


def leaky_slope(using: Functions) -> ExactVerdict:
    """E16: leaky ReLU's slope below 0."""
    x = -np.geomspace(1e-300, 1e300, 121)
    slopes = using.slope("leaky_relu", x)
    facts = (
        close("smallest slope below 0", slopes.min(), 0.01),
        close("largest slope below 0", slopes.max(), 0.01),
        close("default of torch.nn.LeakyReLU", torch.nn.LeakyReLU().negative_slope, 0.01),
    )
    return ExactVerdict(
        "E16",
        settled(facts[0].agrees and facts[1].agrees),
        f"Leaky ReLU has the slope {slopes.min():g} below 0, everywhere, by default.",
        facts,
    )


def scaled_twin(using: Functions) -> ExactVerdict:
    """E31: SELU scales everything, ELU leaves positive inputs unchanged."""
    alpha = math.sqrt(2 / math.pi) / (1 - 2 * math.exp(0.5) * Law().mass(-math.inf, -1.0))
    scale = 1 / math.sqrt(0.5 + 0.5 * alpha**2 * _squared_branch())
    x = np.array([-30.0, -3.0, -1.0, -0.1, 0.1, 1.0, 30.0])
    ratio = using.value("selu", x) / using.value("elu", x, alpha=alpha)
    grows = using.value("selu", 2.0) / 2.0
    kept = using.value("elu", 2.0) / 2.0
    mean = using.moments("elu", alpha=alpha).mean
    facts = (
        close("smallest ratio of SELU and ELU of its alpha", ratio.min(), scale),
        close("largest ratio", ratio.max(), scale),
        close("SELU(2) / 2", grows, 1.0507009873554805),
        close("ELU(2) / 2", kept, 1.0),
        close("alpha from E f = 0 under N(0, 1)", alpha, 1.6732632423543772),
        close("mean of ELU at that alpha", mean, 0.0, absolute=1e-14),
    )
    return ExactVerdict(
        "E31",
        settled(not math.isclose(grows, 1.0) and kept == 1),
        f"SELU is {scale:.6f} times ELU with alpha = {alpha:.5f}, the one alpha for which the mean "
        "under N(0, 1) is 0; ELU leaves positive inputs as they are.",
        facts,
    )


def random_or_not(using: Functions) -> ExactVerdict:
    """E46: whether GELU is random, and how smooth it is."""
    ours, theirs = using.smoothness("elu"), using.smoothness("gelu")
    twice = _same_twice(using, "gelu")
    facts = (
        same("GELU gives the same bits twice", twice, True),
        close("k of C^k for GELU", theirs, math.inf),
        close("k of C^k for ELU", ours, 1),
    )
    return ExactVerdict(
        "E46",
        settled(not twice and theirs > ours),
        "GELU is not random: x Phi(x) is a fixed function that gives the same bits every time. "
        "Smoother it is: infinitely often differentiable, against once for ELU (alpha = 1).",
        facts,
    )


def deterministic(using: Functions) -> ExactVerdict:
    """E47: whether determinism sets ELU apart from GELU."""
    both = {name: _same_twice(using, name) for name in ("elu", "gelu")}
    return ExactVerdict(
        "E47",
        settled(both["elu"] and not both["gelu"]),
        "ELU is deterministic, and so is GELU: it is no difference between them.",
        tuple(
            same(f"{name} gives the same bits twice", twice, True) for name, twice in both.items()
        ),
    )


def like_neurons(using: Functions) -> ExactVerdict:
    """E60: in which senses ELU mirrors the firing of neurons."""
    ours = using.shape("elu")
    peers = {name: using.shape(name).low for name in ("relu", "softplus", "powerlu")}
    facts = (
        close("infimum of ELU", ours.low, -1.0),
        same("ELU has a floor and rises", math.isfinite(ours.low) and ours.is_monotone, True),
        *(close(f"infimum of {name}", low, 0.0) for name, low in peers.items()),
    )
    return ExactVerdict(
        "E60",
        read((ours.low >= 0, math.isfinite(ours.low) and ours.is_monotone)),
        f"As a resting level below which nothing falls, yes; as a firing rate, no: rates are not "
        f"negative and ELU falls to {ours.low:g}. ReLU, Softplus and PowerLU stay at or above 0.",
        facts,
    )


def parameter_counts(using: Functions) -> ExactVerdict:
    """E64: how many parameters PReLU and ELU have."""
    counts = {
        "PReLU by default": _count(torch.nn.PReLU()),
        f"PReLU on {CHANNELS} channels": _count(torch.nn.PReLU(CHANNELS)),
        "ELU in PyTorch": _count(torch.nn.ELU()),
        "ELU in actlab": _count(nn.Activation(using.definition("elu"))),
    }
    expected = (1, CHANNELS, 0, 0)
    facts = [close(who, n, e) for (who, n), e in zip(counts.items(), expected, strict=True)]
    shared, by_channel, *of_elu = counts.values()
    return ExactVerdict(
        "E64",
        quantified(number == CHANNELS and not any(of_elu) for number in (shared, by_channel)),
        f"ELU has none. PReLU learns one slope per channel only when asked to; by default it has "
        f"{shared}, shared by all.",
        tuple(facts),
    )


def learnable(using: Functions) -> ExactVerdict:
    """E66: ELU can be made parametric."""
    x = torch.linspace(-40.0, -1e-3, GRID, dtype=torch.float64)
    alpha = torch.ones(1, dtype=torch.float64, requires_grad=True)
    using.call("elu", x, alpha=alpha).sum().backward()
    slope = float(alpha.grad) if alpha.grad is not None else math.nan
    each = using.value("elu", x.numpy(), alpha=2.0) - using.value("elu", x.numpy(), alpha=1.0)
    facts = (
        close("gradient in alpha, summed over inputs", slope, float(torch.expm1(x).sum())),
        at_least("smallest for one input", each.min(), -1.0),
        at_most("largest for one input", each.max(), 0.0),
        same("published since (PELU)", using.definition("pelu").year, 2016),
    )
    return ExactVerdict(
        "E66",
        settled(all(fact.agrees for fact in facts)),
        f"It can: the gradient in alpha is e^x - 1 below 0, in (-1, 0), and PELU "
        f"({facts[3].value}) learns slope and width.",
        facts,
    )


def drop_in(using: Functions) -> ExactVerdict:
    """E32: ELU in the place of another function of PyTorch."""
    ours = list(inspect.signature(functional.elu).parameters)[:2]
    theirs = list(inspect.signature(native.elu).parameters)
    x = torch.linspace(-20.0, 20.0, GRID)
    apart = float((using.call("elu", x) - native.elu(x)).abs().max())
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), nn.Activation(using.definition("elu")))
    out = net(torch.zeros(2, 3))
    unknown: Any = "elu"
    try:
        torch.nn.init.calculate_gain(unknown)
        refused = False
    except ValueError:
        refused = True
    facts = (
        same(
            "first arguments of actlab's elu", str(ours), "['input', 'alpha']".replace("input", "x")
        ),
        same("torch's elu knows alpha", "alpha" in theirs, True),
        at_most("largest difference of the two in float32", apart, 1.2e-7),
        same("a layer of it keeps the shape", str(tuple(out.shape)), "(2, 4)"),
        same("torch.nn.init.calculate_gain refuses 'elu'", refused, True),
    )
    return ExactVerdict(
        "E32",
        settled(all(fact.agrees for fact in facts[:4])),
        "It takes the same arguments and shapes as any activation and agrees with PyTorch's own. "
        "One gap: PyTorch's calculate_gain does not know it, so its initialisation is up to you.",
        facts,
    )


def _squared_branch() -> float:
    """``E (e^z - 1)^2`` given z < 0, by the normal distribution function."""
    below = Law().mass
    return 2 * (
        math.exp(2) * below(-math.inf, -2.0) - 2 * math.exp(0.5) * below(-math.inf, -1.0) + 0.5
    )


def _same_twice(using: Functions, name: str) -> bool:
    x = torch.linspace(-5.0, 5.0, GRID)
    return torch.equal(using.call(name, x), using.call(name, x))


def _count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


CHECKS = MappingProxyType(
    {
        "E2": dead_side,
        "E7": default_of_elu,
        "E16": leaky_slope,
        "E31": scaled_twin,
        "E32": drop_in,
        "E46": random_or_not,
        "E47": deterministic,
        "E60": like_neurons,
        "E64": parameter_counts,
        "E66": learnable,
    }
)
