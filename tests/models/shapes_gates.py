"""Gates: squeeze and excitation, recurrence by hand, and torch's recurrent layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.seeding import normal, seeded
from models.shape import Shape


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, gate: nn.Module) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, 2, 1)
        self.relu = nn.ReLU()
        self.up = nn.Conv2d(2, channels, 1)
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        squeezed = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.up(self.relu(self.down(squeezed))))


class FunctionalSqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Linear(channels, 2)
        self.up = nn.Linear(2, channels)

    def forward(self, x: Tensor) -> Tensor:
        scale = F.relu(self.down(x.mean((2, 3))))
        scale = torch.sigmoid(self.up(scale))
        return x * scale[:, :, None, None]


def squeezing(squeeze: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        squeeze,
        nn.Conv2d(4, 4, 3, padding=1),
        nn.ReLU(),
    )


class GatedCell(nn.Module):
    """One step of a gated recurrent unit."""

    def __init__(self) -> None:
        super().__init__()
        self.of_input = nn.Linear(6, 24)
        self.of_state = nn.Linear(8, 24)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        xr, xz, xn = self.of_input(x).chunk(3, 1)
        hr, hz, hn = self.of_state(h).chunk(3, 1)
        reset = torch.sigmoid(xr + hr)
        update = torch.sigmoid(xz + hz)
        new = torch.tanh(xn + reset * hn)
        return (1 - update) * new + update * h


class OwnRecurrence(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = GatedCell()
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], 8)
        for step in x.unbind(1):
            h = self.cell(step, h)
        return self.head(F.relu(h))


class Highway(nn.Module):
    """A gate between a value and what it was made from."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Linear(6, 6)
        self.gate = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        share = self.gate(x).sigmoid()
        return share * F.relu(self.value(x)) + (1 - share) * x


class Recurrent(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.rnn = layer
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        found, _ = self.rnn(x)
        return self.head(F.relu(found[:, -1]))


class ByCell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(6, 8)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], 8)
        for step in x.unbind(1):
            h = self.cell(step, h)
        return self.act(h)


def images() -> Tensor:
    return normal(3, 3, 6, 6)


def sequences() -> Tensor:
    return normal(4, 5, 6)


def recurrent(name: str, layer: type[nn.Module], **options: str) -> Shape:
    def build() -> nn.Module:
        return Recurrent(layer(6, 8, batch_first=True, **options))

    sites = (":relu",)
    return Shape(name, seeded(build), sequences, sites, sites, recurrent=("rnn",))


SE = ("2", "3.relu", "3.gate", "5")

GATES = (
    Shape(
        "squeeze and excitation, sigmoid",
        seeded(lambda: squeezing(SqueezeExcite(4, nn.Sigmoid()))),
        images,
        SE,
        ("2", "3.relu", "5"),
        gates=("3.gate",),
    ),
    Shape(
        "squeeze and excitation, hardsigmoid",
        seeded(lambda: squeezing(SqueezeExcite(4, nn.Hardsigmoid()))),
        images,
        SE,
        ("2", "3.relu", "5"),
        gates=("3.gate",),
    ),
    Shape(
        "squeeze and excitation, functional",
        seeded(lambda: squeezing(FunctionalSqueezeExcite(4))),
        images,
        ("2", "3:relu", "3:sigmoid", "5"),
        ("2", "3:relu", "5"),
        gates=("3:sigmoid",),
        channels=(("2", 1, 4), ("3:relu", 1, 2), ("3:sigmoid", 1, 4)),
    ),
    Shape(
        "recurrence by hand",
        seeded(OwnRecurrence),
        sequences,
        ("cell:sigmoid#1", "cell:sigmoid#2", "cell:tanh", ":relu"),
        (":relu",),
        gates=("cell:sigmoid#1", "cell:sigmoid#2"),
        calls=(("cell:sigmoid#1", 5), ("cell:sigmoid#2", 5), ("cell:tanh", 5)),
        note="the second sigmoid is also used as 1 - sigmoid, and only multiplies even so",
    ),
    Shape(
        "highway",
        seeded(Highway),
        lambda: normal(5, 6),
        (":sigmoid", ":relu"),
        (":relu",),
        gates=(":sigmoid",),
        note="likewise",
    ),
    recurrent("LSTM", nn.LSTM),
    recurrent("GRU", nn.GRU),
    recurrent("RNN with relu", nn.RNN, nonlinearity="relu"),
    Shape(
        "GRUCell",
        seeded(ByCell),
        sequences,
        ("act",),
        ("act",),
        recurrent=("cell",),
        note="the cell runs five times in a pass",
    ),
)
