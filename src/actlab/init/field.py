"""The mean-field prediction for a whole graph: second moments forward, squared gradients back.

Values are taken as N(0, m), and different values as independent, as in wide networks with fresh
random weights (Poole et al. 2016, arXiv:1606.05340; Yang, Schoenholz 2017, arXiv:1712.08969 for
residual branches). Where an operation is opaque the prediction stops, and starts again from what
the next layer was measured to receive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, nn

from actlab.init.graph import Graph, Node
from actlab.init.layers import Layer, mean_square
from actlab.init.nonlinearity import Nonlinearity


@dataclass(frozen=True, slots=True)
class Moment:
    """Predicted second moment and variance of the entries of a value."""

    square: float
    variance: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What mean-field theory expects of a run.

    Attributes:
        forward: the second moment of each value, where it can be predicted.
        backward: the mean squared gradient of each value, for N(0, 1) cotangents of the outputs.
    """

    forward: Mapping[Node, Moment]
    backward: Mapping[Node, float]


class Curve:
    """The expectations of a function at any variance, from those on a grid.

    Relative to q they vary slowly with log q, so that four points of the grid around give any
    other to about 1e-5; a hundred layers near one fixed point then take four quadratures.
    """

    STEP = 0.25

    def __init__(self, function: Nonlinearity) -> None:
        self.function = function
        self._grid: dict[int, tuple[float, float, float]] = {}

    def at(self, q: float) -> tuple[float, float, float]:
        """E f^2, Var f and E f'^2 under N(0, q)."""
        place = math.log(q) / self.STEP
        first = math.floor(place) - 1
        square = variance = slope_square = 0.0
        for k in range(first, first + 4):
            others = [j for j in range(first, first + 4) if j != k]
            weight = math.prod((place - j) / (k - j) for j in others)
            found = self._on_grid(k)
            square += weight * found[0] * q
            variance += weight * found[1] * q
            slope_square += weight * found[2]
        return square, variance, slope_square

    def _on_grid(self, k: int) -> tuple[float, float, float]:
        if k not in self._grid:
            q = math.exp(k * self.STEP)
            found = self.function.expectation(q)
            self._grid[k] = (found.square / q, found.variance / q, found.slope_square)
        return self._grid[k]


Curves: TypeAlias = dict[Nonlinearity, Curve]


def predict(graph: Graph, received: Mapping[Node, float], norms: Mapping[str, float]) -> Prediction:
    """Second moments and squared gradients of a graph.

    Args:
        graph: of a run.
        received: the measured second moment of each layer's input.
        norms: the mean squared weight of each norm, by its module's name.
    """
    curves: Curves = {}
    forward: dict[Node, Moment] = {}
    for node in graph.nodes:
        found = _forward(node, forward, received, norms, curves)
        if found is not None:
            forward[node] = found
    backward: dict[Node, float] = {}
    for node in reversed(graph.nodes):
        found = _backward(node, forward, backward, norms, curves)
        if found is not None:
            backward[node] = found
    return Prediction(forward, backward)


def _forward(
    node: Node,
    known: Mapping[Node, Moment],
    received: Mapping[Node, float],
    norms: Mapping[str, float],
    curves: Curves,
) -> Moment | None:
    given = [known.get(parent) for parent in node.parents]
    if node.layer is not None:
        before = given[0].square if given and given[0] is not None else received.get(node)
        return None if before is None else _centred(_through(node.layer, before))
    if node.square is not None:
        return _centred(node.square)
    if node.kind == "norm":
        return _centred(norms.get(node.name, 1.0))
    moments = [moment for moment in given if moment is not None]
    if not moments or len(moments) < len(node.parents):
        return None
    if node.kind == "pointwise":
        found = _expectation(node, moments[0].square, curves)
        return None if found is None else Moment(found[0], found[1])
    if node.kind == "sum":
        return Moment(sum(m.square for m in moments), sum(m.variance for m in moments))
    if node.kind == "product" and len(moments) == 2:
        return _centred(moments[0].square * moments[1].square)
    if node.kind == "pass" and node.keeps and len(moments) == 1:
        return moments[0]
    return None


def _through(layer: Layer, square: float) -> float:
    bias = 0.0 if layer.bias is None else mean_square(layer.bias)
    return layer.fan_in * mean_square(layer.weight) * square + bias


def _centred(square: float) -> Moment:
    return Moment(square, square)


def _expectation(node: Node, square: float, curves: Curves) -> tuple[float, float, float] | None:
    if node.formula is None or not square > 0:
        return None
    function = node.known or Nonlinearity(node.name, node.formula, key=node.key)
    return curves.setdefault(function, Curve(function)).at(square)


def _backward(
    node: Node,
    forward: Mapping[Node, Moment],
    backward: Mapping[Node, float],
    norms: Mapping[str, float],
    curves: Curves,
) -> float | None:
    """The sum of what comes back from everything made of a value; None if some is not known."""
    total = 1.0 if node.returned else 0.0
    for child in dict.fromkeys(node.children):
        if not (child.children or child.returned):
            continue
        factor = _factor(node, child, forward, norms, curves)
        if factor is None or child not in backward:
            return None
        total += factor * backward[child]
    return total


def _factor(
    node: Node,
    child: Node,
    forward: Mapping[Node, Moment],
    norms: Mapping[str, float],
    curves: Curves,
) -> float | None:
    """What a squared gradient is multiplied by on its way from a child to this value."""
    if not (node.size and child.size):
        return None  # inside an operation, where nothing was measured
    if child.layer is not None:
        # All outputs' gradients through fan_in weights each, spread over the inputs: right for
        # any stride and any padding by values.
        spread = child.layer.fan_in * child.size / node.size
        return spread * mean_square(child.layer.weight)
    here = forward.get(node)
    if child.kind == "sum":
        return 1.0
    if child.kind == "pass" and child.keeps:
        return child.size / node.size if len(child.parents) == 1 else 1.0
    if here is None:
        return None
    if child.kind == "pointwise":
        found = _expectation(child, here.square, curves)
        return None if found is None else found[2]
    if child.kind == "norm" and child.over == "features":
        return norms.get(child.name, 1.0) / here.variance
    if child.kind == "product" and len(child.parents) == 2:
        (other,) = [parent for parent in child.parents if parent is not node] or [node]
        return forward[other].square if other in forward else None
    return None


def squared_norm_weights(named: Mapping[str, nn.Module]) -> dict[str, float]:
    """The mean squared weight of every module that has a 1-D weight, such as norms, by name."""
    found = {}
    for name, module in named.items():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() == 1:
            found[name] = mean_square(weight)
    return found
