"""The models whose training steps are timed: ordinary ones, the activation left open."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Make = Callable[[], nn.Module]
"""Makes one activation module; called once for each place where one stands."""

SEED = 20_260_511
MLP_DEPTH, CNN_DEPTH, HEADS = 30, 12, 4


def deep_mlp(make: Make, width: int) -> nn.Module:
    """Thirty square layers, each but the last followed by the activation."""
    layers: list[nn.Module] = []
    for _ in range(MLP_DEPTH - 1):
        layers += [nn.Linear(width, width), make()]
    return nn.Sequential(*layers, nn.Linear(width, width))


def plain_cnn(make: Make, channels: int) -> nn.Module:
    """Twelve 3x3 convolutions that keep the shape, each followed by the activation."""
    layers: list[nn.Module] = []
    for _ in range(CNN_DEPTH):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), make()]
    return nn.Sequential(*layers)


class TransformerBlock(nn.Module):
    """Attention and a feed-forward layer four times as wide, normalised before each."""

    def __init__(self, make: Make, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), make(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """A batch of sequences to one of the same shape."""
        seen = self.first(x)
        x = x + self.attention(seen, seen, seen, need_weights=False)[0]
        return x + self.wide(self.second(x))


def feed_forward(make: Make, width: int) -> nn.Module:
    """The feed-forward part of a transformer block: four times as wide in between."""
    return nn.Sequential(nn.Linear(width, 4 * width), make(), nn.Linear(4 * width, width))


class ResidualBlock(nn.Module):
    """The basic block of a ResNet: two normalised 3x3 convolutions around a shortcut."""

    def __init__(self, make: Make, channels: int) -> None:
        super().__init__()

        def convolution() -> nn.Module:
            return nn.Conv2d(channels, channels, 3, padding=1, bias=False)

        self.inner = nn.Sequential(
            convolution(),
            nn.BatchNorm2d(channels),
            make(),
            convolution(),
            nn.BatchNorm2d(channels),
        )
        self.outer = make()

    def forward(self, x: Tensor) -> Tensor:
        """A batch of images to one of the same shape."""
        return self.outer(x + self.inner(x))


def build(model: str, make: Make, shape: tuple[int, ...]) -> nn.Module:
    """A model by name for inputs of a shape, the same weights every time.

    Raises:
        ValueError: an unknown model.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        if model.startswith("mlp"):
            return deep_mlp(make, shape[-1])
        if model == "cnn":
            return plain_cnn(make, shape[1])
        if model == "transformer":
            return TransformerBlock(make, shape[-1])
        if model == "feed-forward":
            return feed_forward(make, shape[-1])
        if model == "resnet-block":
            return ResidualBlock(make, shape[1])
    raise ValueError(
        f"model must be mlp-N, cnn, transformer, feed-forward or resnet-block, got {model!r}"
    )


def training_step(model: nn.Module, x: Tensor, target: Tensor) -> Callable[[], Tensor]:
    """Forward, loss, backward and an SGD update, as one call that returns the loss."""
    # So small a rate that hours of steps leave weights, and so the arithmetic, as they are.
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-12)

    def step() -> Tensor:
        optimiser.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimiser.step()
        return loss.detach()

    return step
