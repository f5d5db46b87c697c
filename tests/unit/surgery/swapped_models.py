"""A small residual model with modules and calls, and the same swapped."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab import surgery

X = torch.linspace(-2, 2, 24).reshape(4, 6)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + F.relu(self.b(self.relu(self.a(x)))))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.blocks = nn.ModuleList(Block() for _ in range(2))
            self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(torch.relu(x))


def swapped(**options) -> tuple[Net, surgery.Swap]:
    model = Net()
    return model, surgery.swap(model, {"relu": "ralu"}, X, **options)
