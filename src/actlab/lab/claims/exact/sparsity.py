"""Zeros and dead units: how often outputs and slopes are exactly 0, and what that saves."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor

from actlab import nn
from actlab.analysis.laws import Law
from actlab.lab.claims.exact import formats
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    close,
    quantified,
    same,
    settled,
)

UNITS, SAMPLES = 64, 512
SEED = 20261130


def cheaper_arithmetic(using: Functions) -> ExactVerdict:
    """E35: whether outputs of small mean make the next layer cheaper."""
    zeros = {name: using.under_law(name).sparsity for name in ("elu", "relu")}
    facts = (
        close("share of exact zeros, ELU", zeros["elu"], 0.0),
        close("share of exact zeros, ReLU", zeros["relu"], 0.5),
    )
    return ExactVerdict(
        "E35",
        settled(zeros["elu"] > zeros["relu"]),
        "A dense layer multiplies every element whatever its value, so a small mean saves nothing. "
        f"Only exact zeros could be skipped, and ELU has {zeros['elu']:.0%} of them, ReLU "
        f"{zeros['relu']:.0%}.",
        facts,
    )


def natural_sparsity(using: Functions) -> ExactVerdict:
    """E102: how many outputs are exactly 0."""
    zeros = {name: using.under_law(name).sparsity for name in ("elu", "relu", "powerlu")}
    facts = (
        close("P(ELU(z) = 0)", zeros["elu"], 0.0),
        close("P(ReLU(z) = 0)", zeros["relu"], 0.5),
        close("P(PowerLU(z) = 0)", zeros["powerlu"], Law().mass(-float("inf"), -1.0)),
    )
    return ExactVerdict(
        "E102",
        settled(zeros["elu"] > 0),
        f"ELU is not sparse: for continuous inputs {zeros['elu']:.0%} of its outputs are exactly "
        f"0, against {zeros['relu']:.0%} for ReLU and {zeros['powerlu']:.1%} for PowerLU.",
        facts,
    )


def deactivation(using: Functions) -> ExactVerdict:
    """E101: units whose output does not vary."""
    silent = {}
    for name in ("elu", "relu"):
        outputs = using.call(name, _silenced())
        silent[name] = float((outputs.std(dim=0) < 1e-6).double().mean())
    facts = (
        close("ReLU: units without variation when every input is negative", silent["relu"], 1.0),
        close("ELU: the same", silent["elu"], 0.0),
    )
    return ExactVerdict(
        "E101",
        settled(silent["elu"] < silent["relu"]),
        "By construction: a unit that sees negative inputs only is constant with ReLU "
        f"({silent['relu']:.0%} of such units) and varies with ELU ({silent['elu']:.0%} constant).",
        facts,
    )


def lit_again(using: Functions) -> ExactVerdict:
    """E57: gradients of dead ReLU units after ELU has taken ReLU's place."""
    dark = {
        name: float((using.gradient(name, _silenced()) == 0).all(dim=0).double().mean())
        for name in ("relu", "elu")
    }
    facts = (
        close("ReLU: units without any gradient", dark["relu"], 1.0),
        close("ELU in its place: the same", dark["elu"], 0.0),
    )
    return ExactVerdict(
        "E57",
        settled(dark["relu"] == 1 and dark["elu"] == 0),
        "The first half holds by construction: of units that see negative inputs only, "
        f"{dark['relu']:.0%} have no gradient with ReLU and {dark['elu']:.0%} with ELU in its "
        "place. Whether the loss then falls is for runs to say.",
        facts,
    )


def death_trap(using: Functions) -> ExactVerdict:
    """E58: inputs for which the slope is exactly 0."""
    dead = {name: using.under_law(name).dead for name in ("elu", "relu", "powerlu")}
    narrow = using.under_law("expolu", b=0.5).dead
    below = Law().mass
    facts: list[Fact] = [
        close("P(f' = 0) of ELU", dead["elu"], 0.0),
        close("of ReLU", dead["relu"], 0.5),
        close("of PowerLU", dead["powerlu"], below(-float("inf"), -1.0)),
        close("of ExpoLU with b = 0.5", narrow, below(-float("inf"), -0.5)),
    ]
    escapes = [dead["elu"] == 0]
    for dtype in formats.FORMATS:
        first = formats.first(lambda x: using.gradient("elu", x) == 0, dtype, -1)
        facts.append(
            same(f"{formats.title(dtype)}: there is an x of gradient 0", first is not None, True)
        )
        escapes.append(first is None)
    return ExactVerdict(
        "E58",
        quantified(escapes),
        "In real numbers no input of ELU has slope 0; in every number format inputs far below 0 "
        f"do (see E28). PowerLU keeps the trap: {dead['powerlu']:.1%} of N(0, 1) inputs; so does "
        f"ExpoLU: {narrow:.1%} for b = 0.5.",
        tuple(facts),
    )


def same_traffic(using: Functions) -> ExactVerdict:
    """E110: bytes that distributed training exchanges."""
    sizes = {
        name: sum(p.numel() * p.element_size() for p in _network(using, name).parameters())
        for name in ("elu", "relu")
    }
    facts = (
        close("bytes of gradients with ELU", sizes["elu"], 4 * 4 * (256 * 256 + 256)),
        close("with ReLU", sizes["relu"], 4 * 4 * (256 * 256 + 256)),
    )
    return ExactVerdict(
        "E110",
        settled(sizes["elu"] < sizes["relu"]),
        f"The same {sizes['elu']:,} bytes of gradients are exchanged with ELU as with ReLU in a "
        "network of four layers of 256: the function has no part in it.",
        facts,
    )


def _silenced() -> Tensor:
    """Negative inputs only, for 64 units."""
    draws = torch.rand(SAMPLES, UNITS, generator=torch.Generator().manual_seed(SEED))
    return -0.1 - 4.9 * draws


def _network(using: Functions, name: str) -> torch.nn.Module:
    layers: list[torch.nn.Module] = []
    for _ in range(4):
        layers += [torch.nn.Linear(256, 256), nn.Activation(using.definition(name))]
    return torch.nn.Sequential(*layers)


CHECKS = MappingProxyType(
    {
        "E35": cheaper_arithmetic,
        "E57": lit_again,
        "E58": death_trap,
        "E101": deactivation,
        "E102": natural_sparsity,
        "E110": same_traffic,
    }
)
