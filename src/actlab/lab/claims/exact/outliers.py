"""Far inputs: the influence of an outlier, and what is said beyond the data."""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np

from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import ExactVerdict, close, same, settled

FAR = -1e12


def bounded_influence(using: Functions) -> ExactVerdict:
    """E67: how much one negative input far out can change the output."""
    influence = {
        name: float(np.ptp(using.value(name, -np.geomspace(1e-12, -FAR, 400))))
        for name in ("elu", "relu", "powerlu", "leaky_relu", "ralu")
    }
    twice = float(np.ptp(using.value("elu", -np.geomspace(1e-12, -FAR, 400), alpha=2.0)))
    facts = (
        close("ELU, alpha = 1: largest difference over negative inputs", influence["elu"], 1.0),
        close("ELU, alpha = 2", twice, 2.0),
        close("ReLU", influence["relu"], 0.0),
        close("PowerLU, p = 2", influence["powerlu"], 0.25),
        same("leaky ReLU's grows without bound", influence["leaky_relu"] > 1e9, True),
        same("RaLU's grows without bound", influence["ralu"] > 1e9, True),
    )
    return ExactVerdict(
        "E67",
        settled(influence["elu"] <= 1 + 1e-9 and math.isclose(twice, 2.0)),
        f"It is: a negative input however far out changes the output by at most alpha "
        f"({influence['elu']:g} and {twice:g}), while leaky ReLU and RaLU set no bound. But ReLU's "
        f"bound is {influence['relu']:g} and PowerLU's {influence['powerlu']:g}.",
        facts,
    )


def trends(using: Functions) -> ExactVerdict:
    """E104: what networks of ELU, ReLU and tanh say beyond the data."""
    right = {name: using.shape(name).asymptotes[1] for name in ("elu", "relu", "tanh")}
    rises = {name: line[0] if line is not None else math.nan for name, line in right.items()}
    facts = (
        close("ELU: slope of the asymptote", rises["elu"], 1.0),
        close("ReLU: slope of the asymptote", rises["relu"], 1.0),
        close("tanh: slope of the asymptote", rises["tanh"], 0.0),
    )
    return ExactVerdict(
        "E104",
        settled(rises["elu"] > 0 and rises["tanh"] == 0),
        "Against tanh it holds: far out ELU goes on along a line and so does any network of it, "
        "while networks of tanh end at a constant. Against ReLU there is no difference: it goes on "
        "along the same line.",
        facts,
    )


CHECKS = MappingProxyType({"E67": bounded_influence, "E104": trends})
