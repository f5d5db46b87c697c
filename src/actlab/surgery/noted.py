"""What is noted in a run: applications of activations, and where functions of a value begin."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from actlab.init.graph import Node
from actlab.surgery.applied import Applied
from actlab.surgery.tree import Place


@dataclass(eq=False, slots=True)
class Noted:
    """One application of an activation, as noted in a run."""

    applied: Applied
    shape: tuple[int, ...]
    dtype: str
    channel_dim: int | None
    producer: str
    units_last: bool = False
    place: Place | None = None
    recomputed: bool = False
    needs_in_place: bool = False
    gate: bool = False
    part_of: Node | None = None
    fixed: bool = False
    ignored: bool = False
    node: Node | None = None
    methods: set[str] = field(default_factory=set)
    loose: nn.Module | None = None


@dataclass(eq=False, frozen=True, slots=True)
class Root:
    """A value that begins anew inside a module, and what it was outside."""

    x: Tensor
    old: Node
    node: Node
