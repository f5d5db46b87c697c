"""Models and data as a user has them in a file, for the commands that take module:object."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(16, 64), nn.Linear(64, 4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.b(F.gelu(self.act(self.a(x))))


def build() -> nn.Module:
    """Seven units of it are dead."""
    model = Net()
    with torch.no_grad():
        model.a.bias[:7] = -100.0
    return model


healthy = Net()
number = 3


def batches() -> list[tuple[Tensor, Tensor]]:
    draws = torch.Generator().manual_seed(0)
    return [
        (torch.randn(32, 16, generator=draws), torch.randint(4, (32,), generator=draws))
        for _ in range(3)
    ]


def loss(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target)


def not_a_model() -> int:
    return 3
