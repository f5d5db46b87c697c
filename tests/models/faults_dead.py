"""Units killed in plain layers: by bias, by batch norm, in every layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from actlab.nn import ExpoLU, PowerLU
from models.fault import Fault, batches, expect, images, rows, sequences, set_bias
from models.networks import HE, Make, convolutions, mlp, scaled
from models.seeding import seeded

FEW = (3, 17, 40)


def killed(model: Any, layer: str, units: Iterable[int], bias: float) -> Any:
    """The model, with that bias for those units of that layer."""
    set_bias(model.get_submodule(layer), units, bias)
    return model


def in_mlp(
    name: str,
    act: Make,
    units: tuple[int, ...],
    bias: float = -100.0,
    layer: int = 0,
    widths: tuple[int, ...] = (16, 64, 64, 4),
) -> Fault:
    """Units of one of the layers of an MLP; layer k is followed by site 2 k + 1."""

    def build() -> nn.Module:
        return killed(mlp(act, widths), str(2 * layer), units, bias)

    expected = expect("dead", str(2 * layer + 1), units, widths[layer + 1])
    return Fault(name, seeded(build), rows, expected, layer)


class ByLength(nn.Module):
    """Units last for the first activation, units first for the second."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(16, 24)
        self.act = nn.ReLU()
        self.mix = nn.Conv1d(24, 20, 3, padding=1)
        self.head = nn.Linear(20, 4)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.up(x)).transpose(1, 2)
        return self.head(torch.relu(self.mix(x)).transpose(1, 2))


class Transposed(nn.Module):
    """A linear layer's output, transposed before its activation."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(16, 24)
        self.act = nn.ReLU()
        self.head = nn.Linear(24, 4)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.act(self.up(x).transpose(1, 2)).mean(2))


def normed(norm: Callable[[int], nn.Module]) -> Any:
    return nn.Sequential(nn.Linear(16, 64), norm(64), nn.ReLU(), nn.Linear(64, 4))


def flattened() -> Any:
    """One dead channel of 9 places is 9 dead units once all is one dimension."""
    net = nn.Sequential(nn.Conv2d(3, 4, 4), nn.Flatten(), nn.ReLU(), nn.Linear(36, 4))
    return killed(scaled(net, HE), "0", [2], -100.0)


def float64() -> nn.Module:
    return killed(mlp(nn.ReLU), "0", FEW, -100.0).to(torch.float64)


def bfloat16() -> nn.Module:
    return killed(mlp(nn.ReLU), "0", FEW, -100.0).to(torch.bfloat16)


def at_two_sites() -> nn.Module:
    return killed(killed(mlp(nn.ReLU), "0", FEW, -100.0), "2", (0, 63), -100.0)


DEAD: tuple[Fault, ...] = (
    in_mlp("relu, 1 unit of 64", nn.ReLU, (37,)),
    in_mlp("relu, 3 units of 64", nn.ReLU, FEW),
    in_mlp("relu, 16 units of 64", nn.ReLU, tuple(range(0, 64, 4))),
    in_mlp("relu, 32 units of 64", nn.ReLU, tuple(range(32))),
    in_mlp("relu, 1 unit in the second layer", nn.ReLU, (0,), layer=1),
    in_mlp("relu, all units of the last site", nn.ReLU, tuple(range(64)), layer=1),
    in_mlp("relu, all but one of a narrow layer", nn.ReLU, (0, 2, 3), widths=(16, 4, 4)),
    in_mlp("relu6 killed from above", nn.ReLU6, FEW, 100.0, layer=1),
    in_mlp("hardtanh", nn.Hardtanh, FEW),
    in_mlp("hardswish", nn.Hardswish, FEW),
    in_mlp("hardsigmoid", nn.Hardsigmoid, FEW),
    in_mlp("SiLU, slopes that underflow", nn.SiLU, FEW, -1000.0),
    in_mlp("GELU, slopes that underflow", nn.GELU, FEW, -1000.0),
    in_mlp("PowerLU of actlab", PowerLU, FEW),
    in_mlp("PowerLU of actlab, second layer", PowerLU, tuple(range(10, 30)), layer=1),
    in_mlp("ExpoLU of actlab", ExpoLU, (5,)),
    Fault(
        "in-place relu",
        seeded(lambda: killed(mlp(lambda: nn.ReLU(inplace=True)), "0", FEW, -100.0)),
        rows,
        expect("dead", "1", FEW, 64),
    ),
    Fault(
        "two sites",
        seeded(at_two_sites),
        rows,
        expect("dead", "1", FEW, 64, also={"3": (0, 63)}),
    ),
    Fault(
        "relu in float64",
        seeded(float64),
        lambda: batches(64, 16, dtype=torch.float64),
        expect("dead", "1", FEW, 64),
    ),
    Fault(
        "relu in bfloat16",
        seeded(bfloat16),
        lambda: batches(64, 16, dtype=torch.bfloat16),
        expect("dead", "1", FEW, 64),
    ),
    Fault(
        "batch norm's beta",
        seeded(lambda: killed(normed(nn.BatchNorm1d), "1", FEW, -100.0)),
        rows,
        expect("dead", "2", FEW, 64),
    ),
    Fault(
        "layer norm's beta",
        seeded(lambda: killed(normed(nn.LayerNorm), "1", FEW, -100.0)),
        rows,
        expect("dead", "2", FEW, 64),
    ),
    Fault(
        "convolution's bias",
        seeded(lambda: killed(convolutions(nn.ReLU), "0", (1, 6), -100.0)),
        images,
        expect("dead", "1", (1, 6), 8),
    ),
    Fault(
        "second convolution's batch norm",
        seeded(lambda: killed(convolutions(nn.ReLU, norm=True), "4", (0, 5, 11), -100.0)),
        images,
        expect("dead", "5", (0, 5, 11), 12),
        order=1,
    ),
    Fault(
        "convolution with PowerLU",
        seeded(lambda: killed(convolutions(PowerLU), "2", (7,), -100.0)),
        images,
        expect("dead", "3", (7,), 12),
        order=1,
    ),
    Fault(
        "units last, (B, L, C)",
        seeded(lambda: killed(ByLength(), "up", FEW[:2], -100.0)),
        sequences,
        expect("dead", "act", FEW[:2], 24),
    ),
    Fault(
        "units first, (B, C, L)",
        seeded(lambda: killed(ByLength(), "mix", (4, 19), -100.0)),
        sequences,
        expect("dead", ":relu", (4, 19), 20),
        order=1,
        dim=1,
    ),
    Fault(
        "units of a linear layer moved to the middle",
        seeded(lambda: killed(Transposed(), "up", (23,), -100.0)),
        sequences,
        expect("dead", "act", (23,), 24),
        dim=1,
    ),
    Fault(
        "a channel, flattened",
        seeded(flattened),
        images,
        expect("dead", "2", range(18, 27), 36),
    ),
)
