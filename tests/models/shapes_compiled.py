"""Code that is not what the class says: scripted, compiled, traced."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.seeding import normal, seeded
from models.shape import Shape


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.b(self.act(self.a(x))))


class Outer(nn.Module):
    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block
        self.last = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.last(self.block(x)))


def scripted() -> nn.Module:
    return Outer(torch.jit.script(Block()))


def compiled() -> nn.Module:
    return Outer(torch.compile(Block(), backend="eager"))  # type: ignore[arg-type]


def compiled_in_place() -> nn.Module:
    block = Block()
    block.compile(backend="eager")
    return Outer(block)


def compiled_whole() -> nn.Module:
    return torch.compile(Outer(Block()), backend="eager")  # type: ignore[return-value]


def traced() -> nn.Module:
    return torch.fx.symbolic_trace(Outer(Block()))


def rows() -> Tensor:
    return normal(5, 8)


COMPILED = (
    Shape(
        "scripted submodule",
        seeded(scripted),
        rows,
        (":relu",),
        (":relu",),
        hidden=("block",),
    ),
    Shape(
        "compiled submodule",
        seeded(compiled),
        rows,
        ("block.act", "block:relu", ":relu"),
        ("block.act", "block:relu", ":relu"),
        note="names are those of the model inside the wrapper; state dicts have _orig_mod too",
    ),
    Shape(
        "submodule compiled by its method",
        seeded(compiled_in_place),
        rows,
        ("block.act", "block:relu", ":relu"),
        ("block.act", "block:relu", ":relu"),
    ),
    Shape(
        "compiled model",
        seeded(compiled_whole),
        rows,
        ("block.act", "block:relu", ":relu"),
        ("block.act", "block:relu", ":relu"),
        note="likewise; without the prefix would do as well",
    ),
    Shape(
        "traced by torch.fx",
        seeded(traced),
        rows,
        ("block.act", ":relu#1", ":relu#2"),
        ("block.act", ":relu#1", ":relu#2"),
        note="the code of the block is part of the root's after tracing",
    ),
)
