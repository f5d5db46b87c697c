"""Causal self-attention, many networks at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.lab.models.layers import Linear
from actlab.lab.models.start import Start


@dataclass(frozen=True)
class Attended:
    """What attention did with a batch, by run.

    Args:
        entropy: of the weights of a query, in nats, mean over queries, heads and examples.
        largest: the largest absolute score (before the softmax) that a query gives.
    """

    entropy: Tensor
    largest: Tensor


class Attention(nn.Module):
    """Causal self-attention with several heads.

    No activation shapes its inputs, so no arm scales its weights.

    Args:
        start: where the parameters come from.
        name: names the draws.
        width: features of a token, a multiple of ``heads``.
        heads: how many there are.
    """

    def __init__(self, start: Start, name: str, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads}")
        self.heads = heads
        self.enter = Linear(start, f"{name} enter", width, 3 * width, place="first")
        self.leave = Linear(start, f"{name} leave", width, width, place="first")

    def forward(self, x: Tensor, last: bool = False) -> Tensor:
        """``(runs, n, tokens, width)`` to the same, or to the last token alone."""
        queries, keys, values = self._heads(x)
        if last:  # which sees all of them
            queries = queries[:, :, -1:]
        attend = functional.scaled_dot_product_attention
        y = attend(queries, keys, values, is_causal=not last)
        return self.leave(y.transpose(1, 2).reshape(*x.shape[:2], -1, x.shape[-1]))

    def watched(self, x: Tensor) -> Attended:
        """Entropy and largest score for inputs ``(runs, n, tokens, width)``."""
        queries, keys, _ = self._heads(x)
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])
        length = scores.shape[-1]
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        logs = scores.masked_fill(future, -math.inf).log_softmax(-1)
        entropy = -(logs.exp() * logs.masked_fill(future, 0.0)).sum(-1)
        largest = scores.masked_fill(future, 0.0).abs()
        runs = x.shape[0]
        return Attended(entropy.reshape(runs, -1).mean(1), largest.reshape(runs, -1).amax(1))

    def _heads(self, x: Tensor) -> list[Tensor]:
        """Queries, keys and values, each ``(runs * n, heads, tokens, width / heads)``."""
        runs, count, length, width = x.shape
        mixed = self.enter(x).reshape(runs * count, length, 3, self.heads, width // self.heads)
        return list(mixed.permute(2, 0, 3, 1, 4).unbind(0))
