"""Units driven to where a function is flat but nowhere exactly constant."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from actlab.nn import ELU, Activation
from models.fault import Fault, expect, images, rows, sequences
from models.faults_code import transformer
from models.faults_dead import FEW, killed
from models.networks import Functional, Make, convolutions, mlp
from models.seeding import seeded


def saturated(
    name: str, act: Make, units: tuple[int, ...], bias: float, layer: int = 0, gain: float = 1.0
) -> Fault:
    """Units of one of the layers of an MLP."""

    def build() -> Any:
        return killed(mlp(act, gain=gain), str(2 * layer), units, bias)

    expected = expect("saturated", str(2 * layer + 1), units, 64)
    return Fault(name, seeded(build), rows, expected, layer)


def both_sides(act: Make, bias: float) -> Any:
    """Every other of the first eight units on the other side."""
    net = killed(mlp(act, gain=1.0), "0", range(0, 8, 2), bias)
    return killed(net, "0", range(1, 8, 2), -bias)


def calls(function: Any, bias: float) -> Any:
    return killed(Functional(function), "layers.1", FEW, bias)


SATURATED: tuple[Fault, ...] = (
    saturated("ELU, bias -30", nn.ELU, FEW, -30.0),
    saturated("ELU, bias -30, all units of the last site", nn.ELU, tuple(range(64)), -30.0, 1),
    saturated("ELU of actlab", ELU, FEW, -30.0),
    saturated("CELU", nn.CELU, (50,), -30.0),
    saturated("SELU", nn.SELU, FEW, -30.0),
    saturated("tanh, bias 30", nn.Tanh, FEW, 30.0),
    saturated("tanh, bias -30, second layer", nn.Tanh, FEW, -30.0, 1),
    saturated("tanh, bias 100", nn.Tanh, tuple(range(20)), 100.0),
    saturated("sigmoid, bias -30", nn.Sigmoid, FEW, -30.0),
    saturated("sigmoid, bias 30", nn.Sigmoid, (0,), 30.0),
    saturated("SiLU, bias -20: slopes tiny but not 0", nn.SiLU, FEW, -20.0),
    saturated("GELU, bias -9: slopes tiny but not 0", nn.GELU, FEW, -9.0),
    saturated("softplus", nn.Softplus, FEW, -30.0),
    saturated("mish", nn.Mish, FEW, -30.0),
    saturated("logsigmoid, bias 30", nn.LogSigmoid, FEW, 30.0),
    saturated("softsign, which is never quite flat", nn.Softsign, FEW, -100.0),
    saturated("arctan of actlab", lambda: Activation("arctan"), FEW, 100.0),
    Fault(
        "tanh, both sides",
        seeded(lambda: both_sides(nn.Tanh, 100.0)),
        rows,
        expect("saturated", "1", range(8), 64),
    ),
    Fault(
        "second call of F.elu",
        seeded(lambda: calls(F.elu, -30.0)),
        rows,
        expect("saturated", ":elu#2", FEW, 64),
        order=1,
    ),
    Fault(
        "second call of torch.tanh",
        seeded(lambda: calls(torch.tanh, 30.0)),
        rows,
        expect("saturated", ":tanh#2", FEW, 64),
        order=1,
    ),
    Fault(
        "convolution with tanh",
        seeded(lambda: killed(convolutions(nn.Tanh, gain=1.0), "2", (1, 10), -30.0)),
        images,
        expect("saturated", "3", (1, 10), 12),
        order=1,
    ),
    Fault(
        "batch norm's beta, ELU",
        seeded(lambda: killed(convolutions(nn.ELU, norm=True), "1", (0, 7), -30.0)),
        images,
        expect("saturated", "2", (0, 7), 8),
    ),
    Fault(
        "transformer, gelu, slopes tiny but not 0",
        seeded(lambda: transformer("gelu", 2, 1, -9.0)),
        sequences,
        expect("saturated", "0.layers.1.activation", (2, 30, 31), 32),
        order=1,
    ),
)
