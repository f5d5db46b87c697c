"""The graph of a model that is not run: only what the order of modules makes certain."""

from __future__ import annotations

from torch import nn

from actlab.init.graph import UNKNOWN, Graph, Node
from actlab.init.layers import CONVOLUTIONS, TRANSPOSED, layer_of_module
from actlab.init.operations import activated
from actlab.init.trace import whole

LAYERS = (nn.Linear, *CONVOLUTIONS, *TRANSPOSED)

PASSES = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
    nn.Flatten,
    nn.Unflatten,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.Upsample,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AvgPool3d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
    nn.ZeroPad1d,
    nn.ZeroPad2d,
    nn.ZeroPad3d,
    nn.ReflectionPad1d,
    nn.ReflectionPad2d,
    nn.ReflectionPad3d,
    nn.ReplicationPad1d,
    nn.ReplicationPad2d,
    nn.ReplicationPad3d,
    nn.CircularPad1d,
    nn.CircularPad2d,
    nn.CircularPad3d,
)
"""Modules that pass values on."""


def tree(model: nn.Module) -> Graph:
    """What the tree of modules says without a run.

    The order of execution is certain inside a Sequential and nowhere else. Behind the last layer
    of an inner Sequential, and behind every layer of a module with code of its own, comes a node
    that stands for the unknown.
    """
    nodes: list[Node] = []
    end = _chain(model, "", _placed(Node("input", "input"), nodes), nodes)
    end.returned = True
    return Graph(tuple(nodes), None)


def _chain(module: nn.Module, name: str, given: Node, nodes: list[Node]) -> Node:
    """The node of a module's output, after those inside it."""
    forward = type(module).forward
    if forward is nn.Sequential.forward:
        for key, child in module.named_children():
            given = _chain(child, f"{name}.{key}".lstrip("."), given, nodes)
        return given
    if any(forward is kind.forward for kind in LAYERS):
        layer = layer_of_module(name, module)
        return _placed(Node("layer", name, (given,), layer=layer), nodes)
    kind = whole(module)
    if kind in ("batch", "features"):
        return _placed(Node("norm", name, (given,), over=kind), nodes)
    if kind:
        return _placed(activated(kind, given), nodes)
    if any(forward is kind.forward for kind in PASSES):
        return _placed(Node("pass", name, (given,), keeps=False), nodes)
    _unknown(given, nodes)
    for key, child in module.named_children():
        start = _placed(Node("other", UNKNOWN), nodes)
        _unknown(_chain(child, f"{name}.{key}".lstrip("."), start, nodes), nodes)
    return _placed(Node("other", UNKNOWN), nodes)


def _unknown(node: Node, nodes: list[Node]) -> None:
    if node.kind != "input" and node.name != UNKNOWN:
        _placed(Node("other", UNKNOWN, (node,)), nodes).returned = True


def _placed(node: Node, nodes: list[Node]) -> Node:
    nodes.append(node)
    return node
