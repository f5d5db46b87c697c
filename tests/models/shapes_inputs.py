"""Models with unusual inputs, and layouts and dtypes of what activations are applied to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.seeding import normal, seeded
from models.shape import Shape


class Layered(nn.Module):
    """Layers for the models below."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(6, 8)
        self.b = nn.Linear(6, 8)
        self.head = nn.Linear(8, 2)
        self.act = nn.ReLU()


class TwoInputs(Layered):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.head(self.act(self.a(x)) + F.relu(self.b(y)))


class KeywordsOnly(Layered):
    def forward(self, *, left: Tensor, right: Tensor, scale: float = 1.0) -> Tensor:
        return self.head(self.act(self.a(left) + scale * self.b(right)))


class OneDict(Layered):
    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        hidden = self.act(self.a(batch["x"]) + self.b(batch["y"]))
        return {"hidden": hidden, "out": self.head(hidden)}


class Mixed(Layered):
    """A string, nothing, nested lists and a number."""

    def forward(
        self, mode: str, mask: Tensor | None, nested: Sequence[Sequence[Any]], count: int
    ) -> tuple[Tensor, list[Any]]:
        (first,), (second, label) = nested
        x = self.a(first) + (self.b(second) if mode == "both" else 0)
        if mask is not None:
            x = x * mask
        return self.head(self.act(x)) * count, [label, None, {"x": x}]


class Generator(nn.Module):
    """No input at all: a learned constant is where everything starts."""

    def __init__(self) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(4, 6))
        self.net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self) -> Tensor:
        return torch.tanh(self.net(self.constant))


class Indices(nn.Module):
    """The input is made of integers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.linear = nn.Linear(6, 8)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.relu(self.linear(self.embed(tokens)))


class Layouts(nn.Module):
    """Channels last for linear layers, first for convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 8)
        self.conv = nn.Conv1d(8, 7, 3, padding=1)
        self.last = nn.Linear(7, 4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.linear(x))  # (B, L, 8)
        x = self.act(self.conv(x.transpose(1, 2)))  # (B, 7, L)
        x = F.relu(x.transpose(1, 2))  # (B, L, 7)
        return F.relu(self.last(x).transpose(1, 2))  # (B, 4, L)


class Flattened(nn.Module):
    """Channels and places are one dimension by the time of the activation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.linear = nn.Linear(64, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(F.relu(self.conv(x).flatten(1)))


class LastLayout(nn.Module):
    """As ConvNeXt does it: linear layers over the last dimension of images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1, groups=3)
        self.norm = nn.LayerNorm(6)
        self.up = nn.Linear(6, 9)
        self.act = nn.GELU()
        self.down = nn.Linear(9, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x).permute(0, 2, 3, 1))
        return self.down(self.act(self.up(x))).permute(0, 3, 1, 2)


class Unbatched(nn.Module):
    """One sample only: the first dimension is that of the units; and a loss of no dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(F.relu(self.linear(x)).sum())


def of_dtype(dtype: torch.dtype) -> nn.Module:
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
    return net.to(dtype)


def rows(seed: int = 1) -> Tensor:
    return normal(5, 6, seed=seed)


def mixed() -> tuple[Any, ...]:
    return "both", None, [[rows()], [rows(2), "label"]], 2


LAYOUTS = ("act#1", "act#2", ":relu#1", ":relu#2")

INPUTS = (
    Shape(
        "two inputs",
        seeded(TwoInputs),
        lambda: (rows(), rows(2)),
        ("act", ":relu"),
        ("act", ":relu"),
    ),
    Shape(
        "keywords only",
        seeded(KeywordsOnly),
        lambda: {"left": rows(), "right": rows(2), "scale": 0.5},
        ("act",),
        ("act",),
    ),
    Shape(
        "a dictionary as the one argument",
        seeded(OneDict),
        lambda: ({"x": rows(), "y": rows(2)},),
        ("act",),
        ("act",),
    ),
    Shape("strings, None and nested lists", seeded(Mixed), mixed, ("act",), ("act",)),
    Shape(
        "no input",
        seeded(Generator),
        lambda: (),
        ("net.1", ":tanh"),
        ("net.1",),
    ),
    Shape(
        "integers as input",
        seeded(Indices),
        lambda: torch.arange(12).reshape(3, 4) % 10,
        (":relu",),
        (":relu",),
        channels=((":relu", 2, 8),),
    ),
    Shape(
        "layouts with transposes between",
        seeded(Layouts),
        lambda: normal(3, 5, 6),
        LAYOUTS,
        LAYOUTS,
        channels=(("act#1", 2, 8), ("act#2", 1, 7), (":relu#1", 2, 7), (":relu#2", 1, 4)),
    ),
    Shape(
        "channels flattened before the activation",
        seeded(Flattened),
        lambda: normal(3, 3, 6, 6),
        (":relu",),
        (":relu",),
        channels=((":relu", 1, 64),),
        note="4 channels of 16 places are 64 units by then",
    ),
    Shape(
        "images with channels last",
        seeded(LastLayout),
        lambda: normal(2, 3, 5, 5),
        ("act",),
        ("act",),
        function="gelu",
        channels=(("act", 3, 9),),
    ),
    Shape(
        "one sample without a batch, and a value without dimensions",
        seeded(Unbatched),
        lambda: normal(6),
        (":relu", ":softplus"),
        (":relu",),
        channels=((":relu", 0, 8),),
    ),
    Shape(
        "float64",
        seeded(lambda: of_dtype(torch.float64)),
        lambda: normal(5, 6, dtype=torch.float64),
        ("1", "3"),
        ("1",),
    ),
    Shape(
        "bfloat16",
        seeded(lambda: of_dtype(torch.bfloat16)),
        lambda: normal(5, 6, dtype=torch.bfloat16),
        ("1", "3"),
        ("1",),
    ),
)
