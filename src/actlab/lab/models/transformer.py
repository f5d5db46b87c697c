"""Small transformers of the decoder kind, many at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from actlab.lab.models.attention import Attended, Attention
from actlab.lab.models.embedding import Embedding
from actlab.lab.models.layers import Activate, LayerNorm, Linear
from actlab.lab.models.start import Start

EXPANSION = 4
"""Units of a hidden layer for each feature of a token."""


class Block(nn.Module):
    """Attention, then a perceptron with the function of an arm; each after a LayerNorm and added.

    Args:
        start: where the parameters come from; its arm is the function.
        name: names the draws.
        width: features of a token.
        heads: of the attention.
    """

    def __init__(self, start: Start, name: str, width: int, heads: int) -> None:
        super().__init__()
        hidden = EXPANSION * width
        self.before_attention = LayerNorm(start.runs, width)
        self.attention = Attention(start, f"{name} attention", width, heads)
        self.before_hidden = LayerNorm(start.runs, width)
        # Normalised inputs scale the first map; the function's outputs the second.
        self.rise = Linear(start, f"{name} rise", width, hidden, place="first")
        self.function = Activate(start.arm, start.runs, hidden)
        self.fall = Linear(start, f"{name} fall", hidden, width)

    def forward(self, x: Tensor, last: bool = False) -> Tensor:
        """``(runs, n, tokens, width)`` to the same, or to the last token alone."""
        seen = self.attention(self.before_attention(x), last)
        x = (x[:, :, -1:] if last else x) + seen
        return x + self.fall(self.function(self.rise(self.before_hidden(x))))


class Transformer(nn.Module):
    """Embeddings of tokens and places, blocks, a LayerNorm and a linear map.

    Args:
        start: where the parameters come from; its arm is the function of the perceptrons.
        tokens: how many different ones there are.
        length: tokens of an example.
        outputs: numbers read out of a token's vector.
        width: features of a token.
        heads: of each attention.
        depth: blocks.
    """

    def __init__(
        self,
        start: Start,
        *,
        tokens: int,
        length: int,
        outputs: int,
        width: int,
        heads: int,
        depth: int,
    ) -> None:
        super().__init__()
        self.tokens = Embedding(start, "tokens", tokens, width)
        self.places = nn.Parameter(start.normal("places", 1, length, width))
        self.blocks = nn.ModuleList(
            Block(start, f"block {index}", width, heads) for index in range(depth)
        )
        self.norm = LayerNorm(start.runs, width)
        self.leave = Linear(start, "leave", width, outputs, place="first")

    def forward(self, tokens: Tensor, last: bool = False) -> Tensor:
        """``(runs, n, tokens)`` whole numbers to ``(runs, n, tokens, outputs)``.

        Args:
            tokens: the examples.
            last: read out the last token alone, ``(runs, n, 1, outputs)``. Default: False.
        """
        x = self.tokens(tokens) + self.places
        for index, block in enumerate(self.blocks):
            # What the last block gives for the other tokens would be thrown away.
            x = block(x, last and index == len(self.blocks) - 1)
        return self.leave(self.norm(x))

    @torch.no_grad()
    def watched(self, tokens: Tensor) -> Attended:
        """What attention does with these tokens: entropy as the mean over blocks, the largest score
        of all."""
        x = self.tokens(tokens) + self.places
        seen = []
        for block in self.blocks:
            assert isinstance(block, Block)
            seen.append(block.attention.watched(block.before_attention(x)))
            x = block(x)
        return Attended(
            torch.stack([one.entropy for one in seen]).mean(0),
            torch.stack([one.largest for one in seen]).amax(0),
        )
