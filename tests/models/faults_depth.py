"""Signals and gradients that grow or shrink with every layer, and means that swamp the rest."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional as F

from models.fault import Fault, batches, expect, rows, set_bias
from models.networks import HE, Functional, deep, mlp, residual_stack
from models.seeding import seeded


def of_depth(name: str, fault: str, build: Any, decades: float) -> Fault:
    """A fault of the whole model: gradients change by at least so many powers of ten."""
    return Fault(name, seeded(build), rows, {"fault": fault, "site": "", "decades": decades})


def biased(act: Any, bias: float, layers: tuple[int, ...]) -> Any:
    net = mlp(act, (16, 64, 64, 64, 4), HE)
    for layer in layers:
        set_bias(net[2 * layer], range(64), bias)
    return net


def shifted(name: str, act: Any, bias: float, layer: int) -> Fault:
    """All units of one site have a mean far larger than their deviation."""
    return Fault(
        name,
        seeded(lambda: biased(act, bias, (layer,))),
        rows,
        expect("shift", str(2 * layer + 1), range(64), 64),
        layer,
    )


def shifted_call() -> Any:
    net = Functional(F.gelu)
    set_bias(net.layers[1], range(64), 100.0)
    return net


def offset() -> Any:
    """The inputs were not centred: 100 is added to all of them."""
    return [batch + 100 for batch in batches(64, 16)]


DEPTH: tuple[Fault, ...] = (
    of_depth("relu, gain 4, 12 layers", "exploding", lambda: deep(nn.ReLU, 12, 4.0), 4),
    of_depth("relu, gain 3, 20 layers", "exploding", lambda: deep(nn.ReLU, 20, 3.0), 5),
    of_depth("relu, gain 3, 30 layers", "exploding", lambda: deep(nn.ReLU, 30, 3.0), 8),
    of_depth("gelu, gain 5, 16 layers", "exploding", lambda: deep(nn.GELU, 16, 5.0), 6),
    of_depth(
        "tanh, gain 6, 20 layers: signals stay", "exploding", lambda: deep(nn.Tanh, 20, 6.0), 4
    ),
    of_depth("residual stack", "exploding", lambda: residual_stack(24, 1.5), 4),
    of_depth("relu, gain 0.4, 12 layers", "vanishing", lambda: deep(nn.ReLU, 12, 0.4), 5),
    of_depth("elu, gain 0.3, 20 layers", "vanishing", lambda: deep(nn.ELU, 20, 0.3), 8),
    of_depth("sigmoid, gain 1, 12 layers", "vanishing", lambda: deep(nn.Sigmoid, 12, 1.0), 5),
    of_depth("sigmoid, gain 1, 20 layers", "vanishing", lambda: deep(nn.Sigmoid, 20, 1.0), 9),
    of_depth("tanh, gain 0.3, 15 layers", "vanishing", lambda: deep(nn.Tanh, 15, 0.3), 6),
    of_depth("silu, gain 0.5, 20 layers", "vanishing", lambda: deep(nn.SiLU, 20, 0.5), 8),
)

SHIFT: tuple[Fault, ...] = (
    shifted("relu, bias 100 in the first layer", nn.ReLU, 100.0, 0),
    shifted("elu, bias 100 in the last hidden layer", nn.ELU, 100.0, 2),
    shifted("gelu, bias 30 in the last hidden layer", nn.GELU, 30.0, 2),
    Fault(
        "second call of F.gelu, bias 100",
        seeded(shifted_call),
        rows,
        expect("shift", ":gelu#2", range(64), 64),
        order=1,
    ),
)
