"""The graph of a traced model: which layer's output reaches which activation, norm or sum."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from actlab.init.layers import Layer
from actlab.init.nonlinearity import Nonlinearity

NodeKind = Literal[
    "input", "parameter", "layer", "pointwise", "norm", "sum", "product", "pass", "other"
]

UNKNOWN = "?"
"""The name of an ``other`` node that stands for what is not known to follow."""

Formula = Callable[[Tensor], Tensor]


@dataclass(eq=False, slots=True)
class Node:
    """A value in a run of the model.

    Kinds: ``layer`` is a linear map; ``pointwise`` an elementwise function of its one parent, which
    is never pointwise itself; ``norm`` a normalisation; ``sum`` and ``product`` join values of
    different origin; ``pass`` moves, selects or pools values; ``other`` is anything else.

    Args:
        kind: see above.
        name: of the module or operation.
        parents: the values it was made from.
        layer: of a layer.
        formula: of a pointwise node: the function of its parent.
        known: of a pointwise node: the activation, where it is one as a whole.
        key: of a pointwise node: what its formula computes; None where that is not known.
        over: of a norm: what it normalises over, ``"batch"`` or ``"features"``.
        keeps: whether a pass keeps the distribution of its values.
        children: the values made from it.
        size: how many numbers it has. square: of an input: their second moment.
        placed: whether it is part of the run. returned: whether the model returned it.
        straight: of a pointwise node: whether it is a straight line, once that is known.
    """

    kind: NodeKind
    name: str
    parents: tuple[Node, ...] = ()
    layer: Layer | None = None
    formula: Formula | None = None
    known: Nonlinearity | None = None
    key: Hashable = None
    over: Literal["", "batch", "features"] = ""
    keeps: bool = True
    children: list[Node] = field(default_factory=list)
    size: int = 0
    square: float | None = None
    placed: bool = False
    returned: bool = False
    straight: bool | None = None

    def __post_init__(self) -> None:
        for parent in self.parents:
            parent.children.append(self)

    @property
    def source(self) -> Node:
        """The value that this one is an elementwise function of, itself if of no other."""
        return self.parents[0] if self.kind == "pointwise" else self

    def function(self) -> Nonlinearity | None:
        """The activation that a pointwise node is; None for straight lines and other kinds."""
        if self.kind != "pointwise" or self.formula is None:
            return None
        found = self.known or Nonlinearity(self.name, self.formula, key=self.key)
        if self.straight is None:
            self.straight = found.affine()
        return None if self.straight else found

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """All nodes of a run, in the order of execution.

    Args:
        nodes: every value that depends on an input or a parameter.
        used_by: the operations that took each parameter, by its name; None without a run.
    """

    nodes: tuple[Node, ...]
    used_by: Mapping[str, tuple[str, ...]] | None

    def layers(self) -> list[Node]:
        """The layer nodes in the order of execution; a shared layer has several."""
        return [node for node in self.nodes if node.kind == "layer"]


@dataclass(frozen=True, eq=False, slots=True)
class Follower:
    """What a layer's output runs into.

    Args:
        kind: ``"activation"``, ``"gate"`` (an activation times another value), ``"residual"``
            (the end of a residual branch), ``"stream"`` (the value that branches are added to),
            ``"nothing"``, or ``"unknown"``.
        function: the activation.
        norm: the last normalisation on the way.
        what: in words, for tables.
        shares: how many values of equal standing were summed on the way.
        join: the sum at which a residual branch ends.
    """

    kind: Literal["activation", "gate", "residual", "stream", "nothing", "unknown"]
    what: str
    function: Nonlinearity | None = None
    norm: Node | None = None
    shares: int = 1
    join: Node | None = None


def followers(layer: Node, joins: dict[Node, Node]) -> list[Follower]:
    """Everything that a layer's output runs into, without repetition.

    Args:
        layer: a layer's node.
        joins: residual sums, and of each the parent that carries the stream.
    """
    found = list(_followers(layer, None, 1, joins))
    return list({(f.kind, f.what, f.norm, f.shares): f for f in found}.values())


def _followers(
    node: Node, norm: Node | None, shares: int, joins: dict[Node, Node]
) -> Iterator[Follower]:
    if node.returned:
        yield Follower("nothing", "nothing (output)", None, norm, shares)
    for child in dict.fromkeys(node.children):
        if not (child.children or child.returned):
            continue  # a step towards a larger elementwise function, or left unused
        if child.kind == "pointwise":
            function = child.function()
            if function is None:
                yield from _followers(child, norm, shares, joins)
            elif gate := _gate(child):
                yield Follower("gate", f"{function} times {gate}", function, norm, shares)
            else:
                yield Follower("activation", str(function), function, norm, shares)
        elif child.kind == "pass":
            yield from _followers(child, norm, shares, joins)
        elif child.kind == "norm":
            yield from _followers(child, child, shares, joins)
        elif child.kind == "sum" and child in joins:
            kind = "stream" if joins[child] is node else "residual"
            words = "residual stream" if kind == "stream" else "end of a residual branch"
            yield Follower(kind, words, None, norm, shares, child)
        elif child.kind == "sum":
            yield from _followers(child, norm, shares * len(child.parents), joins)
        elif child.kind == "product" and (act := _gating(child, node)) is not None:
            yield Follower("gate", f"gated by {act}", act, norm, shares)
        elif child.name == UNKNOWN:
            yield Follower("unknown", "?", None, norm, shares)
        else:
            words = child.layer.name if child.layer is not None else child.name
            yield Follower("nothing", f"nothing elementwise ({words})", None, norm, shares)


def _gate(activated: Node) -> str:
    """The value that an activation is multiplied by, if that is all it is for."""
    products = [child for child in activated.children if child.kind == "product"]
    if not products or len(products) < len(activated.children):
        return ""
    others = [parent for parent in products[0].parents if parent is not activated]
    return str(others[0].name) if others else ""


def _gating(product: Node, value: Node) -> Nonlinearity | None:
    """The activation that multiplies a value in a product."""
    for parent in product.parents:
        if parent is not value and (found := parent.function()) is not None:
            return found
    return None


def residual_joins(graph: Graph) -> dict[Node, Node]:
    """The sums where a branch rejoins what it branched from, and the parent that is the stream.

    A parent is the stream if, short of moves and straight lines, another parent was computed from
    it. Where none is, it is the one that is a linear map of what the other was computed from: a
    projection on the shortcut. If both are that, it is a plain sum.
    """
    above = _Ancestors(graph)
    joins: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.kind == "sum" and len(node.parents) == 2:
            stream = _stream(node, above)
            if stream is not None:
                joins[node] = stream
    return joins


class _Ancestors:
    """Which values a value was computed from, as bits of one number per node."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self.place = {node: k for k, node in enumerate(graph.nodes)}
        self.bits: list[int] = []
        for k, node in enumerate(graph.nodes):
            self.bits.append(1 << k)
            for parent in node.parents:
                self.bits[k] |= self.bits[self.place[parent]]

    def has(self, node: Node, ancestor: Node) -> bool:
        """Whether a value was computed from another, or is it."""
        return bool(self.bits[self.place[node]] >> self.place[ancestor] & 1)


def _stream(join: Node, above: _Ancestors) -> Node | None:
    first, second = join.parents
    if first is second:
        return None
    for parent, other in ((first, second), (second, first)):
        base = parent
        while base.kind == "pass" or (base.kind == "pointwise" and base.function() is None):
            if above.has(other, base):
                return parent
            base = base.parents[0]
        if base.kind != "parameter" and above.has(other, base):
            return parent
    first_projects, second_projects = (
        _projects(first, second, above),
        _projects(second, first, above),
    )
    if first_projects == second_projects:
        return None
    return first if first_projects else second


def _projects(shortcut: Node, branch: Node, above: _Ancestors) -> bool:
    """Whether a value is a linear map of one that the other was computed from."""
    node = shortcut
    while node.kind in ("pass", "norm") or (node.kind == "pointwise" and node.function() is None):
        node = node.parents[0]
    if node.kind != "layer" or not node.parents:
        return False
    base = node.parents[0]
    while base.kind == "pass" and not base.keeps:  # a pooling on the shortcut
        base = base.parents[0]
    return base.kind != "parameter" and above.has(branch, base)


def residual_depths(graph: Graph, joins: dict[Node, Node]) -> dict[Node, int]:
    """For each residual sum, how many of them lie on the longest path through it."""
    before: dict[Node, int] = {}
    after: dict[Node, int] = {}
    for node in graph.nodes:
        before[node] = max((before.get(p, 0) for p in node.parents), default=0) + (node in joins)
    for node in reversed(graph.nodes):
        after[node] = max((after.get(c, 0) for c in node.children), default=0) + (node in joins)
    return {node: before[node] + after[node] - 1 for node in joins}
