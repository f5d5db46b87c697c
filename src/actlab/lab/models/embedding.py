"""Tables of vectors, one for each run of a stack."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.lab.models.start import Start


class Embedding(nn.Module):
    """A vector for each token, drawn from N(0, scale^2); ``nn.Embedding`` draws with scale 1.

    Args:
        start: where the draws come from.
        name: names the draw.
        tokens: how many there are.
        features: of a vector.
        scale: standard deviation of the draws, the same for every arm. Default: 1.
    """

    def __init__(
        self, start: Start, name: str, tokens: int, features: int, *, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(start.normal(name, tokens, features) * scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(runs, ...)`` whole numbers to ``(runs, ..., features)``."""
        runs, count, features = self.weight.shape
        # All tables one below the other: one look-up, whose gradient is one dense sum.
        shift = (torch.arange(runs) * count).reshape(-1, *[1] * (tokens.dim() - 1))
        return functional.embedding(tokens + shift, self.weight.reshape(-1, features))
