"""MLPs and convolutional networks that nothing is wrong with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.nn import PowerLU, RaLU
from models.fault import Healthy, batches, images, rows
from models.networks import HE, Make, convolutions, deep, residual_stack, scaled
from models.seeding import normal, seeded


def plain(
    name: str, act: Make, depth: int, gain: float | None, dead: dict[int, int] | None = None
) -> Healthy:
    build = seeded(lambda: deep(act, depth, gain))
    return Healthy(name, build, rows, dead=tuple((dead or {}).items()))


class ResNet(nn.Module):
    """Eight blocks with batch norm, one ReLU in each, called twice."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(8)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(8)

        def forward(self, x: Tensor) -> Tensor:
            out = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(out)) + x)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.blocks = nn.Sequential(*[self.Block() for _ in range(8)])
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(F.relu(self.stem(x))).mean((2, 3)))


class UNet(nn.Module):
    """Down, up, and what was there before beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, padding=1)
        self.deep = nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.mix = nn.Conv2d(16, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 3, 1)
        scaled(self, HE)

    def forward(self, x: Tensor) -> Tensor:
        left = F.relu(self.down(x))
        bottom = F.relu(self.deep(F.max_pool2d(left, 2)))
        right = F.relu(self.up(bottom))
        return self.last(F.relu(self.mix(torch.cat([left, right], 1))))


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(12, 6, 1)
        self.up = nn.Conv2d(6, 12, 1)
        self.gate = nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        squeezed = F.silu(self.down(x.mean((2, 3), keepdim=True)))
        return x * self.gate(self.up(squeezed))


def with_gates() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        SqueezeExcite(),
        nn.Conv2d(12, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.Hardswish(),
        nn.Flatten(),
        nn.Linear(12 * 36, 4),
    )


def autoencoder() -> Any:
    """Through four numbers and back."""
    return scaled(
        nn.Sequential(
            nn.Linear(16, 32), nn.ELU(), nn.Linear(32, 4), nn.Tanh(), nn.Linear(4, 32), nn.ELU(),
            nn.Linear(32, 16),
        ),
        1.0,
    )  # fmt: skip


def selu(depth: int) -> Any:
    """Gain 1, as its authors want it."""
    return deep(nn.SELU, depth, 1.0)


def heads() -> Any:
    """A sigmoid where the output is a probability."""
    return scaled(nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4), nn.Sigmoid()), 1.0)


def tanh_head() -> Any:
    return scaled(nn.Sequential(nn.Linear(16, 64), nn.ELU(), nn.Linear(64, 4), nn.Tanh()), 1.0)


def classes(seed: int) -> tuple[Tensor, Tensor]:
    """Four classes around points of their own, not quite apart, as digits are."""
    centres = normal(4, 16, seed=50)
    labels = torch.arange(128) % 4
    return centres[labels] + normal(128, 16, seed=seed), labels


def trained(act: Make) -> Any:
    """A hundred steps of Adam."""
    net = deep(act, 2, None)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(100):
        x, labels = classes(step)
        optimiser.zero_grad()
        F.cross_entropy(net(x), labels).backward()
        optimiser.step()
    optimiser.zero_grad()
    return net


def of_classes() -> list[Tensor]:
    return [classes(1000 + k)[0] for k in range(4)]


def rare() -> Any:
    """One unit answers one sample of 256 only, by a hair; that is rare, not dead."""
    net = deep(nn.ReLU, 2, HE)
    largest = torch.cat(rows())[:, 0].sort().values[-2:]
    with torch.no_grad():
        net[0].weight[11] = 0
        net[0].weight[11, 0] = 1
        net[0].bias[11] = -largest.mean()
    return net


def bfloat16() -> Any:
    return deep(nn.GELU, 4, None).to(torch.bfloat16)


PLAIN: tuple[Healthy, ...] = (
    plain("relu, 2 layers, PyTorch's initialisation", nn.ReLU, 2, None),
    plain("relu, 3 layers, He", nn.ReLU, 3, HE),
    plain("elu, 4 layers, PyTorch's initialisation", nn.ELU, 4, None),
    plain("elu, 10 layers, Xavier", nn.ELU, 10, 1.0),
    plain("gelu, 3 layers, PyTorch's initialisation", nn.GELU, 3, None),
    plain("gelu, 6 layers, He", nn.GELU, 6, HE),
    plain("tanh, 10 layers, Xavier", nn.Tanh, 10, 1.0),
    plain("tanh, 4 layers, PyTorch's initialisation", nn.Tanh, 4, None),
    plain("silu, 3 layers, PyTorch's initialisation", nn.SiLU, 3, None),
    plain("silu, 6 layers, He", nn.SiLU, 6, HE),
    plain("powerlu, 3 layers, PyTorch's initialisation", PowerLU, 3, None),
    plain("ralu, 4 layers, PyTorch's initialisation", RaLU, 4, None),
    plain("leaky relu, 8 layers, He", lambda: nn.LeakyReLU(0.1), 8, HE),
    Healthy("selu, 10 layers, its own initialisation", seeded(lambda: selu(10)), rows),
    Healthy("convolutions", seeded(lambda: convolutions(nn.ReLU)), images),
    Healthy("convolutions with batch norm", seeded(lambda: convolutions(nn.ReLU, True)), images),
    Healthy("ResNet of 8 blocks", seeded(ResNet), images),
    Healthy("U-Net", seeded(UNet), images),
    Healthy("gates of squeeze and excitation", seeded(with_gates), images),
    Healthy("autoencoder", seeded(autoencoder), rows),
    Healthy("residual stack, 8 blocks", seeded(lambda: residual_stack(8, 0.3, norm=True)), rows),
    Healthy("sigmoid head", seeded(heads), rows),
    Healthy("tanh head", seeded(tanh_head), rows),
    Healthy("elu, trained for 100 steps", seeded(lambda: trained(nn.ELU)), of_classes),
    Healthy("a unit that answers one sample", seeded(rare), rows),
    Healthy("bfloat16", seeded(bfloat16), lambda: batches(64, 16, dtype=torch.bfloat16)),
    Healthy(
        "float64",
        seeded(lambda: deep(nn.ReLU, 3, HE).to(torch.float64)),
        lambda: batches(64, 16, dtype=torch.float64),
    ),
)

DEEP: tuple[Healthy, ...] = (
    plain("relu, 4 layers, PyTorch's initialisation", nn.ReLU, 4, None, {2: 1, 3: 11}),
    plain(
        "relu, 10 layers, PyTorch's initialisation",
        nn.ReLU,
        10,
        None,
        {2: 1, 3: 11, 4: 18, 5: 33, 6: 24, 7: 35, 8: 36, 9: 32},
    ),
    plain("relu, 10 layers, He", nn.ReLU, 10, HE, {2: 1, 4: 5, 5: 2, 6: 1, 7: 6, 8: 8, 9: 8}),
    plain("relu, 6 layers, Xavier", nn.ReLU, 6, 1.0, {1: 1, 2: 1, 3: 2, 4: 3, 5: 3}),
    Healthy(
        "relu, trained for 100 steps", seeded(lambda: trained(nn.ReLU)), of_classes, dead=((1, 3),)
    ),
)
"""Initialised as usual or trained, and yet some units are dead for all samples: with depth, samples
become alike, so that a unit's sign is the same for all of them."""
