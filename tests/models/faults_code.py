"""Units killed where activations are calls, shared, attributes or compiled."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab.functional as AF
from models.fault import Fault, expect, images, rows, sequences, set_bias
from models.faults_dead import FEW, killed
from models.networks import HE, Functional, mlp, scaled
from models.seeding import seeded


class Statement(nn.Module):
    """The call's result is thrown away."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 64)
        self.last = nn.Linear(64, 4)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        F.relu(x, inplace=True)
        return self.last(x)


class Nested(nn.Module):
    """A call in the code of a module inside."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(16, 16)
        self.block = nn.Sequential(Functional())
        scaled(self.stem, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.stem(x))


class BasicBlock(nn.Module):
    """One ReLU, called twice, around a residual sum."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + x)


class Tied(nn.Module):
    """One block, run three times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(16, 32)
        self.linear = nn.Linear(32, 32)
        self.head = nn.Linear(32, 4)
        self.block = nn.Sequential(self.linear, nn.ReLU())
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(3):
            x = x + self.block(x)
        return self.head(x)


class AfterRecurrence(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(16, 24, batch_first=True)
        self.linear = nn.Linear(24, 20)
        self.head = nn.Linear(20, 4)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        found, _ = self.rnn(x)
        return self.head(F.relu(self.linear(found)))


class Squeezed(nn.Module):
    """The bottleneck of a gate has a dead unit; the gate itself is fine."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.Linear(8, 6)
        self.relu = nn.ReLU()
        self.up = nn.Linear(6, 8)
        self.head = nn.Linear(8, 4)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        scale = torch.sigmoid(self.up(self.relu(self.down(x.mean((2, 3))))))
        return self.head((x * scale[:, :, None, None]).square().mean((2, 3)))


def shared() -> Any:
    act = nn.ReLU()
    net = nn.Sequential(nn.Linear(16, 64), act, nn.Linear(64, 32), act, nn.Linear(32, 4))
    return scaled(net, HE)


def residual(bn: str, units: tuple[int, ...]) -> nn.Module:
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), BasicBlock(), nn.Flatten())
    net.append(nn.Linear(8 * 36, 4))
    return killed(net, f"1.{bn}", units, -100.0)


def transformer(activation: str, layers: int, layer: int, bias: float) -> nn.Module:
    single = nn.TransformerEncoderLayer(
        16, 2, 32, dropout=0.0, activation=activation, batch_first=True
    )
    net = nn.Sequential(nn.TransformerEncoder(single, layers), nn.Linear(16, 4))
    with torch.no_grad():  # copies of one layer would be the same network twice
        for encoder in net[0].layers:
            nn.init.normal_(encoder.linear1.weight, std=0.25)
    set_bias(net[0].layers[layer].linear1, (2, 30, 31), bias)
    return net


def compiled() -> nn.Module:
    net = killed(Functional(), "layers.0", FEW, -100.0)
    return torch.compile(net, backend="eager")


def compiled_inside() -> nn.Module:
    inside = killed(mlp(nn.ReLU, (16, 64, 16)), "0", FEW, -100.0)
    return nn.Sequential(torch.compile(inside, backend="eager"), nn.ReLU(), nn.Linear(16, 4))


def compiled_by_method() -> nn.Module:
    net = killed(mlp(nn.ReLU), "2", FEW, -100.0)
    net.compile(backend="eager")
    return net


def calls(name: str, function: Any, sites: str, units: tuple[int, ...], bias: float) -> Fault:
    """Units of the second of two calls in the same code."""
    return Fault(
        name,
        seeded(lambda: killed(Functional(function), "layers.1", units, bias)),
        rows,
        expect("dead", f"{sites}#2", units, 64),
        order=1,
    )


IN_CODE: tuple[Fault, ...] = (
    calls("second call of F.relu", F.relu, ":relu", FEW, -100.0),
    calls("second call of torch.relu", torch.relu, ":relu", (63,), -100.0),
    calls("second call of relu_", torch.relu_, ":relu", (8, 9), -100.0),
    calls("second call of F.gelu", F.gelu, ":gelu", FEW, -1000.0),
    calls("second call of F.silu", F.silu, ":silu", FEW, -1000.0),
    calls("second call of actlab's powerlu", AF.powerlu, ":powerlu", FEW, -100.0),
    Fault(
        "F.relu as a statement",
        seeded(lambda: killed(Statement(), "first", FEW, -100.0)),
        rows,
        expect("dead", ":relu", FEW, 64),
    ),
    Fault(
        "a call in the code of a module inside",
        seeded(lambda: killed(Nested(), "block.0.layers.0", FEW, -100.0)),
        rows,
        expect("dead", "block.0:relu#1", FEW, 64),
    ),
    Fault(
        "one of two uses of a shared module",
        seeded(lambda: killed(shared(), "2", (0, 31), -100.0)),
        rows,
        expect("dead", "3", (0, 31), 32),
        order=1,
    ),
    Fault(
        "first call of a relu in a residual block",
        seeded(lambda: residual("bn1", (1, 4))),
        images,
        expect("dead", "1.relu#1", (1, 4), 8),
    ),
    Fault(
        "second call of a relu in a residual block",
        seeded(lambda: residual("bn2", (6,))),
        images,
        expect("dead", "1.relu#2", (6,), 8),
        order=1,
    ),
    Fault(
        "a block run three times",
        seeded(lambda: killed(Tied(), "linear", (5, 6), -100.0)),
        rows,
        expect("dead", "block.1", (5, 6), 32),
    ),
    Fault(
        "after an LSTM",
        seeded(lambda: killed(AfterRecurrence(), "linear", (0, 7), -100.0)),
        sequences,
        expect("dead", ":relu", (0, 7), 20),
    ),
    Fault(
        "bottleneck of a gate",
        seeded(lambda: killed(Squeezed(), "down", (2,), -100.0)),
        images,
        expect("dead", "relu", (2,), 6),
    ),
    Fault(
        "transformer, relu",
        seeded(lambda: transformer("relu", 2, 1, -100.0)),
        sequences,
        expect("dead", "0.layers.1.activation", (2, 30, 31), 32),
        order=1,
    ),
    Fault(
        "transformer, gelu",
        seeded(lambda: transformer("gelu", 2, 0, -1000.0)),
        sequences,
        expect("dead", "0.layers.0.activation", (2, 30, 31), 32),
    ),
    Fault(
        "compiled model",
        seeded(compiled),
        rows,
        expect("dead", ":relu#1", FEW, 64),
    ),
    Fault(
        "compiled submodule",
        seeded(compiled_inside),
        rows,
        expect("dead", "0.1", FEW, 64),
    ),
    Fault(
        "model compiled by its method",
        seeded(compiled_by_method),
        rows,
        expect("dead", "3", FEW, 64),
        order=1,
    ),
)
