"""Small models with one planted fact each, in plain torch.

Every case can be built with its fault and, for comparison, without it. Faults of units are planted
by setting the bias of the layer before the activation; the units are chosen by a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

BATCHES = 4
BATCH = 128
FEATURES = 32
CLASSES = 10


@dataclass(frozen=True)
class Case:
    """One model and the fact planted in it.

    Attributes:
        name: short name. title: for the table.
        build: makes the model; True plants the fault.
        shape: of one sample.
        faults: names of the fault that count as right; empty for a healthy model.
        count: how many units have it; None where the fault is not one of units.
        units: of how many.
        place: regular expression that the whole name of the faulty place matches, in any tool's way
            of naming it: the activation, the call, or the layer just before it.
    """

    name: str
    title: str
    build: Callable[[bool], nn.Module]
    shape: tuple[int, ...] = (FEATURES,)
    faults: tuple[str, ...] = ("dead",)
    count: int | None = None
    units: int | None = None
    place: str = ""

    def model(self, broken: bool = True) -> nn.Module:
        """A fresh model, the same each time, in training mode."""
        torch.manual_seed(1)
        return self.build(broken).train()

    def batches(self) -> list[Tensor]:
        """Normally distributed inputs, the same each time."""
        generator = torch.Generator().manual_seed(2)
        return [torch.randn(BATCH, *self.shape, generator=generator) for _ in range(BATCHES)]


def target_of(output: Tensor) -> Tensor:
    """A fixed target for a squared loss, of the shape of the output."""
    return torch.randn(output.shape, generator=torch.Generator().manual_seed(3))


def loss_of(output: Tensor, target: Tensor | None = None) -> Tensor:
    """The loss that all tools train on."""
    return F.mse_loss(output, target_of(output) if target is None else target)


def he(model: nn.Module) -> nn.Module:
    """He's initialisation, biases 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    return model


def plant(layer: nn.Linear | nn.Conv2d, count: int, bias: float) -> None:
    """Give some units, chosen at random, a bias."""
    order = torch.randperm(layer.bias.numel(), generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        layer.bias[order[:count]] = bias


class Mlp(nn.Module):
    """Two hidden layers; one activation module for each."""

    def __init__(self, act: Callable[[], nn.Module], width: int = 512) -> None:
        super().__init__()
        self.fc1, self.act1 = nn.Linear(FEATURES, width), act()
        self.fc2, self.act2 = nn.Linear(width, width), act()
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.act2(self.fc2(self.act1(self.fc1(x)))))


class Functional(nn.Module):
    """The same with calls of a function."""

    def __init__(self, width: int = 512) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(FEATURES, width), nn.Linear(width, width)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.fc2(F.relu(self.fc1(x)))))


class InPlaceResidual(nn.Module):
    """An in-place ReLU overwrites what a residual connection adds afterwards."""

    def __init__(self, width: int = 512) -> None:
        super().__init__()
        self.fc1, self.act1 = nn.Linear(FEATURES, width), nn.ReLU(inplace=True)
        self.fc2, self.out = nn.Linear(width, width), nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x)
        return self.out(self.fc2(self.act1(x)) + x)


def two_names(width: int = 256) -> Mlp:
    """One ReLU module in two places of the module tree."""
    model = Mlp(nn.ReLU, width)
    model.act2 = model.act1
    return model


class Shared(nn.Module):
    """One ReLU module in one place, called twice at two widths."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(FEATURES, 256), nn.Linear(256, 128)
        self.act, self.out = nn.ReLU(), nn.Linear(128, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.act(self.fc2(self.act(self.fc1(x)))))


class Tokens(nn.Module):
    """Layers along the last dimension of (B, L, C), then a mean over L."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.act1, self.out = nn.Linear(FEATURES, 96), nn.ReLU(), nn.Linear(96, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.act1(self.fc1(x)).mean(1))


class Cnn(nn.Module):
    """Two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.act1 = nn.Conv2d(3, 32, 3, padding=1), nn.ReLU()
        self.conv2, self.act2 = nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU()
        self.out = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act2(self.conv2(self.act1(self.conv1(x))))
        return self.out(x.mean((2, 3)))


class Encoder(nn.Module):
    """One of torch's encoder layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            FEATURES, 4, dim_feedforward=128, dropout=0.0, activation="relu", batch_first=True
        )
        self.out = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layer(x).mean(1))


class QuickGelu(nn.GELU):
    """A subclass that computes another approximation."""

    def forward(self, input: Tensor) -> Tensor:
        return input * torch.sigmoid(1.702 * input)


class Deep(nn.Module):
    """Twenty layers of the same width."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(FEATURES, FEATURES) for _ in range(20))
        self.acts = nn.ModuleList(nn.LeakyReLU() for _ in range(20))
        self.out = nn.Linear(FEATURES, CLASSES)
        he(self)
        with torch.no_grad():
            for layer in self.layers:
                layer.weight *= scale

    def forward(self, x: Tensor) -> Tensor:
        for layer, act in zip(self.layers, self.acts, strict=True):
            x = act(layer(x))
        return self.out(x)


def mlp(act: Callable[[], nn.Module], count: int, bias: float, width: int = 512):
    """How to build an `Mlp` with some units of its first layer broken."""

    def build(broken: bool) -> nn.Module:
        model = he(Mlp(act, width))
        if broken:
            plant(model.fc1, count, bias)
        return model

    return build


def planted(make: Callable[[], nn.Module], layer: str, count: int, bias: float = -50.0):
    """How to build any other model with some units of a layer broken."""

    def build(broken: bool) -> nn.Module:
        model = he(make())
        if broken:
            plant(model.get_submodule(layer), count, bias)
        return model

    return build


def with_nan(broken: bool) -> nn.Module:
    """A weight of the second layer is NaN."""
    model = he(Mlp(nn.ReLU))
    if broken:
        with torch.no_grad():
            model.fc2.weight[5, 7] = float("nan")
    return model


def compiled(broken: bool) -> nn.Module:
    """Compiled before any tool sees it; not yet run."""
    return torch.compile(mlp(nn.ReLU, 61, -50.0)(broken), backend="eager")


FIRST = r"(fc1|act1)(#1)?"
CALL = r"fc1|:?relu(#1)?"
EITHER = ("dead", "saturated")
IMAGE, TOKENS = (3, 12, 12), (7, FEATURES)

CASES = (
    Case("relu", "dead ReLU modules", mlp(nn.ReLU, 61, -50.0), (FEATURES,), ("dead",), 61, 512,
         FIRST),
    Case("functional", "dead, `F.relu` called", planted(Functional, "fc1", 61), (FEATURES,),
         ("dead",), 61, 512, CALL),
    Case("in-place", "dead, in-place ReLU, input added later",
         planted(InPlaceResidual, "fc1", 61), (FEATURES,), ("dead",), 61, 512, FIRST),
    Case("shared-first", "dead in the 1st use of a shared ReLU, two names",
         planted(two_names, "fc1", 37), (FEATURES,), ("dead",), 37, 256, FIRST),
    Case("shared-second", "dead in the 2nd use of a shared ReLU, two widths",
         planted(Shared, "fc2", 37), (FEATURES,), ("dead",), 37, 128,
         r"fc2|act(#2)?"),
    Case("elu-120", "ELU at -120, slope exactly 0", mlp(nn.ELU, 40, -120.0, 256), (FEATURES,),
         EITHER, 40, 256, FIRST),
    Case("elu-30", "ELU at -30, slope 1e-13", mlp(nn.ELU, 40, -30.0, 256), (FEATURES,), EITHER, 40,
         256, FIRST),
    Case("silu", "dead SiLU", mlp(nn.SiLU, 40, -1000.0, 256), (FEATURES,), EITHER, 40, 256, FIRST),
    Case("tanh", "saturated tanh", mlp(nn.Tanh, 40, 30.0, 256), (FEATURES,), EITHER, 40, 256,
         FIRST),
    Case("tokens", "dead ReLU on (B, L, C)", planted(Tokens, "fc1", 20), TOKENS, ("dead",), 20, 96,
         FIRST),
    Case("conv", "dead ReLU on (B, C, H, W)", planted(Cnn, "conv1", 5), IMAGE, ("dead",), 5, 32,
         r"conv1|act1"),
    Case("encoder", "dead in `nn.TransformerEncoderLayer`",
         planted(Encoder, "layer.linear1", 10), TOKENS, ("dead",), 10, 128,
         r"layer\.(linear1|dropout)|layer[:.](relu|activation)"),
    Case("subclass", "dead in a subclass of GELU", mlp(QuickGelu, 61, -100.0), (FEATURES,), EITHER,
         61, 512, FIRST),
    Case("nan", "NaN, first at the second activation", with_nan, (FEATURES,), ("nonfinite",), None,
         None, r"fc2|act2"),
    Case("exploding", "exploding, 20 layers", lambda broken: Deep(2.0 if broken else 1.0),
         (FEATURES,), ("exploding",), None, None, r".*"),
    Case("compiled", "dead, `torch.compile`d", compiled, (FEATURES,), ("dead",), 61, 512,
         r"(_orig_mod\.)?(fc1|act1)"),
    Case("healthy-mlp", "healthy MLP", lambda broken: he(Mlp(nn.ReLU, 256)), (FEATURES,), ()),
    Case("healthy-deep", "healthy, 20 layers of LeakyReLU", lambda broken: Deep(1.0), (FEATURES,),
         ()),
    Case("healthy-cnn", "healthy CNN", lambda broken: he(Cnn()), IMAGE, ()),
)  # fmt: skip
