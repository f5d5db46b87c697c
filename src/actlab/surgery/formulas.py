"""Activations written out as formulas: which values are functions of one value, and of which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from torch import Tensor

from actlab import registry
from actlab.init.graph import Node
from actlab.surgery.identify import catalogued
from actlab.surgery.location import location
from actlab.surgery.noted import Noted

CHOICES = frozenset({"where", "maximum", "max"})
"""Operations that choose between two functions of a value, which is an activation in any case."""

SHAPES = frozenset(
    ("rectifier", "smooth rectifier", "exponential", "self-gated", "sigmoid", "shrinkage")
)
"""Families of the catalogue: a formula of another family, such as a square, need be none."""


class Spot:
    """Where an operation is: how many sites precede it, and in whose code.

    Args:
        position: the number of sites before. owner: the module. frame: from which it is called.
    """

    def __init__(self, position: int, owner: str, frame: FrameType) -> None:
        self.position, self.owner = position, owner
        self._frame: FrameType | None = frame
        self.shown = ""

    def forget(self) -> None:
        """Let go of the frame."""
        self._frame = None

    def settle(self) -> None:
        """Look up file and line, and let go of the frame."""
        if self._frame is not None:
            self.shown = location(self._frame)[1]
            self._frame = None


@dataclass(eq=False, slots=True)
class Formula:
    """A value that is a formula of several operations, known activations among them or not."""

    node: Node
    spot: Spot
    choice: bool
    parts: list[Noted]


class Formulas:
    """Follows values through elementwise operations.

    Args:
        node_of: the node of a value.
    """

    def __init__(self, node_of: Callable[[Tensor], Node | None]) -> None:
        self._node_of = node_of
        self._origin: dict[int, Noted] = {}
        self._last: dict[int, Formula] = {}

    def comes_from(self, value: Tensor, noted: Noted) -> None:
        """A value is the result of an activation."""
        self._origin[id(value)] = noted

    def follow(self, name: str, given: list[Tensor], made: Tensor, spot: Spot) -> None:
        """Follow one operation that is no activation."""
        node = self._node_of(made)
        nodes = [(t, self._node_of(t)) for t in given]
        known = [t for t, n in nodes if n is not None and n.kind != "parameter"]
        origins = [self._origin.get(id(t)) for t in known]
        found = [origin for origin in origins if origin is not None]
        if node is not None and node.known is not None:
            return  # an activation that is not counted here
        if node is None or node.kind != "pointwise":
            if node is not None and node.kind == "pass" and len(known) == 1 and found:
                self._origin[id(made)] = found[0]
            return
        inside = [one for t in known if (one := self._last.pop(id(t), None)) is not None]
        parts = [part for one in inside for part in one.parts]
        if len(known) == 1 and found and not parts:
            self._origin[id(made)] = found[0]
            return
        parts += self._combined(found, origins) if len(known) > 1 else []
        if found and not parts:
            return
        spot.settle()
        choice = (name in CHOICES and len(known) > 1) or any(one.choice for one in inside)
        self._last[id(made)] = Formula(node, spot, choice, parts)
        for part in parts:
            part.part_of = node

    def _combined(self, found: list[Noted], origins: list[Noted | None]) -> list[Noted]:
        """x * sigmoid(x), and the like: the other value comes from what the activation is of."""
        parts = []
        for origin in found:
            earlier = self._earlier(origin)
            if any(other in earlier and other is not origin for other in origins):
                chain = [origin, *(e for e in earlier if e is not None)]
                parts += [one for one in chain if one not in origins or one is origin]
        return parts

    def _earlier(self, noted: Noted) -> list[Noted | None]:
        """What an activation was applied to: the activations before it, None for the source."""
        found: list[Noted | None] = []
        one: Noted | None = noted
        while one is not None:
            one = self._origin.get(id(one.applied.x))
            found.append(one)
        return found

    def written_out(self) -> list[Formula]:
        """The formulas that are activations, none of them part of another."""
        return [
            formula
            for formula in self._last.values()
            if not formula.parts  # their own sites say so
            and formula.node.formula is not None
            and formula.node.function() is not None
            and (formula.choice or _is_activation(formula.node))
        ]


def _is_activation(node: Node) -> bool:
    name = catalogued(node)
    return bool(name) and registry.get(name).family in SHAPES
