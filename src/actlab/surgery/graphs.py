"""Replacing calls in graphs of torch.fx, whose code is written anew from the graph."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, fx

from actlab.surgery import calls
from actlab.surgery.tree import SITES


def replace_calls(module: fx.GraphModule, keys: Mapping[tuple[str, int], str]) -> Callable[[], Any]:
    """Replace calls of activations in a graph by calls of modules kept under ``actlab_sites``.

    Args:
        module: whose graph it is.
        keys: for a function and the number of its call, the key of the replacement.

    Returns:
        What puts the old graph back.
    """
    old = module.graph
    new = copy.deepcopy(old)
    counts: dict[str, int] = {}
    for node in list(new.nodes):
        name = _activation(node)
        if not name:
            continue
        counts[name] = counts.get(name, 0) + 1
        key = keys.get((name, counts[name]))
        if key is None:
            continue
        given = calls.input_of(node.args, node.kwargs)
        with new.inserting_before(node):
            call = new.call_module(f"{SITES}.{key}", (given,))
        node.replace_all_uses_with(call)
        new.erase_node(node)
    module.graph = new

    def undo() -> None:
        module.graph = old

    return undo


def _activation(node: fx.Node) -> str:
    if node.op == "call_function":
        return calls.activation_of(node.target, node.args, node.kwargs)
    if node.op == "call_method":
        method = getattr(Tensor, str(node.target), None)
        return calls.activation_of(method, node.args, node.kwargs)
    return ""
