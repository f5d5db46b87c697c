"""Torch's own transformer layers: functions in attributes, and fast paths in evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from models.seeding import normal, seeded
from models.shape import Shape


def layer(activation: Any, *, batch_first: bool = True, norm_first: bool = False) -> nn.Module:
    return nn.TransformerEncoderLayer(
        8, 2, 16, activation=activation, batch_first=batch_first, norm_first=norm_first
    )


def encoder(activation: Any, **options: bool) -> nn.TransformerEncoder:
    """Two layers; torch warns of nested tensors asked for where its fast path does not go."""
    fast = activation in ("relu", "gelu") and not options
    return nn.TransformerEncoder(layer(activation, **options), 2, enable_nested_tensor=fast)


class Masked(nn.Module):
    """An encoder among other layers, with padding where the input says so."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.encoder = encoder("relu")
        self.head = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x: Tensor, padding: Tensor | None = None) -> Tensor:
        return self.head(self.encoder(self.embed(x), src_key_padding_mask=padding)[:, 0])


def decoder(activation: Any) -> nn.TransformerDecoder:
    single = nn.TransformerDecoderLayer(8, 2, 16, activation=activation, batch_first=True)
    return nn.TransformerDecoder(single, 2)


def whole() -> nn.Transformer:
    return nn.Transformer(8, 2, 1, 1, 16, batch_first=True)


def sequences() -> Tensor:
    return normal(3, 5, 8)


def padding() -> Tensor:
    return torch.arange(5)[None] >= torch.tensor([5, 3, 2])[:, None]


def both() -> tuple[Tensor, Tensor]:
    return normal(3, 4, 8, seed=2), normal(3, 5, 8)


def of_encoder(name: str, build: Callable[[], nn.Module], rule: str = "relu") -> Shape:
    sites = ("layers.0.activation", "layers.1.activation")
    return Shape(name, seeded(build), sequences, sites, sites, function=rule)


MASKED = ("encoder.layers.0.activation", "encoder.layers.1.activation", "head.1")

TRANSFORMERS = (
    Shape(
        "encoder layer, relu",
        seeded(lambda: layer("relu")),
        sequences,
        ("activation",),
        ("activation",),
        channels=(("activation", 2, 16),),
        note="in evaluation without gradients torch runs one fused operation instead",
    ),
    Shape(
        "encoder layer, gelu",
        seeded(lambda: layer("gelu")),
        sequences,
        ("activation",),
        ("activation",),
        function="gelu",
    ),
    Shape(
        "encoder layer, length first",
        seeded(lambda: layer("relu", batch_first=False)),
        lambda: normal(5, 3, 8),
        ("activation",),
        ("activation",),
        channels=(("activation", 2, 16),),
    ),
    Shape(
        "encoder layer with a module",
        seeded(lambda: layer(nn.ReLU())),
        sequences,
        ("activation",),
        ("activation",),
        note="a module here, not an attribute that holds a function",
    ),
    of_encoder("encoder, relu", lambda: encoder("relu")),
    of_encoder("encoder, gelu", lambda: encoder("gelu"), "gelu"),
    of_encoder("encoder, silu as a function", lambda: encoder(nn.functional.silu), "silu"),
    of_encoder("encoder, norm first", lambda: encoder("gelu", norm_first=True), "gelu"),
    of_encoder("encoder, length first", lambda: encoder("relu", batch_first=False)),
    Shape(
        "encoder with a padding mask",
        seeded(Masked),
        lambda: (normal(3, 5, 6), padding()),
        MASKED,
        MASKED,
        note="the fast path packs sequences into nested tensors, of which torch warns once",
    ),
    Shape("encoder without the mask", seeded(Masked), lambda: normal(3, 5, 6), MASKED, MASKED),
    Shape(
        "decoder",
        seeded(lambda: decoder("relu")),
        both,
        ("layers.0.activation", "layers.1.activation"),
        ("layers.0.activation", "layers.1.activation"),
    ),
    Shape(
        "decoder, gelu",
        seeded(lambda: decoder("gelu")),
        both,
        ("layers.0.activation", "layers.1.activation"),
        ("layers.0.activation", "layers.1.activation"),
        function="gelu",
    ),
    Shape(
        "nn.Transformer",
        seeded(whole),
        both,
        ("encoder.layers.0.activation", "decoder.layers.0.activation"),
        ("encoder.layers.0.activation", "decoder.layers.0.activation"),
    ),
)
