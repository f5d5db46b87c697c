"""A published architecture with random weights, and what is special about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.seeding import normal, seeded


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model to build and what to run it on.

    Attributes:
        name: what tests call it.
        make: makes it, drawing its weights from torch's generator.
        size: of an input, without the dimension of the batch.
        samples: how many are diagnosed, in batches of 16 or fewer.
        counts: of some operators, how often they are called in training, by hand from the paper
            or the code.
        ungated: how many sigmoids are no gates.
    """

    name: str
    make: Callable[[], nn.Module]
    size: tuple[int, ...]
    samples: int = 64
    counts: tuple[tuple[str, int], ...] = ()
    ungated: int = 0

    def build(self) -> nn.Module:
        """The model in training mode, the same one every time."""
        return seeded(lambda: awake(self.make()))().train()

    def example(self) -> Tensor:
        """The smallest batch that a BatchNorm takes."""
        return normal(2, *self.size)

    def data(self) -> list[Tensor]:
        """The batches to be diagnosed."""
        rows = min(16, self.samples)
        return [normal(rows, *self.size, seed=2 + k) for k in range(self.samples // rows)]

    def __str__(self) -> str:
        return self.name


def awake(model: nn.Module) -> nn.Module:
    """Move every weight a little: many branches and heads start at zero and would show nothing."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
    return model
