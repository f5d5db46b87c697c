"""Transformers, mixers and recurrent networks that nothing is wrong with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.fault import Healthy, sequences
from models.seeding import seeded


class PreNorm(nn.Module):
    """Four layers with the norm first and a causal mask, whose infinities are meant."""

    def __init__(self) -> None:
        super().__init__()
        single = nn.TransformerEncoderLayer(
            16, 2, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(single, 4, enable_nested_tensor=False)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return self.head(self.encoder(x, mask=mask, is_causal=True).mean(1))


class Mix(nn.Module):
    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(size, hidden)
        self.act = nn.GELU()
        self.down = nn.Linear(hidden, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.act(self.up(x)))


class Mixer(nn.Module):
    """Mixes over length, then over channels, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.over_length = nn.ModuleList(Mix(5, 20) for _ in range(2))
        self.over_channels = nn.ModuleList(Mix(16, 32) for _ in range(2))
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        for length, channels in zip(self.over_length, self.over_channels, strict=True):
            x = x + length(self.norm(x).transpose(1, 2)).transpose(1, 2)
            x = x + channels(self.norm(x))
        return self.head(x.mean(1))


class Recurrent(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.rnn = layer(16, 24, batch_first=True)
        self.hidden = nn.Linear(24, 20)
        self.head = nn.Linear(20, 4)

    def forward(self, x: Tensor) -> Tensor:
        found, _ = self.rnn(x)
        return self.head(torch.tanh(self.hidden(found[:, -1])))


class LlamaLike(nn.Module):
    """RMSNorm and SwiGLU around causal attention, two blocks."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention_norm = nn.RMSNorm(16)
            self.qkv = nn.Linear(16, 48, bias=False)
            self.out = nn.Linear(16, 16, bias=False)
            self.norm = nn.RMSNorm(16)
            self.gate = nn.Linear(16, 44, bias=False)
            self.up = nn.Linear(16, 44, bias=False)
            self.down = nn.Linear(44, 16, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            q, k, v = self.qkv(self.attention_norm(x))[:, None].chunk(3, -1)
            x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 0])
            inside = self.norm(x)
            return x + self.down(F.silu(self.gate(inside)) * self.up(inside))

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*[self.Block() for _ in range(2)])
        self.head = nn.Linear(16, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(x))


SEQUENCES: tuple[Healthy, ...] = (
    Healthy("transformer, 4 layers, norm first", seeded(PreNorm), sequences),
    Healthy("mixer", seeded(Mixer), sequences),
    Healthy("LSTM and head", seeded(lambda: Recurrent(nn.LSTM)), sequences),
    Healthy("GRU and head", seeded(lambda: Recurrent(nn.GRU)), sequences),
    Healthy("SwiGLU and RMSNorm", seeded(LlamaLike), sequences),
)
