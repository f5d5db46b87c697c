"""Rows of a report for everything that was left as it is."""

from __future__ import annotations

from torch import nn

from actlab.init.graph import Graph
from actlab.init.layers import layer_of_module
from actlab.init.plan import Choice
from actlab.init.report import Row


def leftovers(model: nn.Module, graph: Graph, named: set[str], choices: list[Choice]) -> list[Row]:
    """A row for every parameter that no row speaks of yet, by the module it belongs to."""
    spoken = {id(t) for c in choices for t in (c.layer.weight, c.layer.bias) if t is not None}
    for choice in choices:
        if choice.layer.owner is not None:
            spoken |= {id(p) for p in choice.layer.owner.parameters()}
    rows = []
    for name, module in model.named_modules():
        own = {k: p for k, p in module.named_parameters(recurse=False) if id(p) not in spoken}
        if not own or name in named:
            continue
        spoken |= {id(parameter) for parameter in own.values()}
        layer = layer_of_module(name, module)
        if layer is not None and graph.used_by is not None:
            note = "the example does not reach it"
        else:
            note = _why_left(name, module, list(own), graph)
        shape = tuple(next(iter(own.values())).shape)
        rows.append(Row(name, shape, "-", "-", None, 1.0, None, None, "left", note))
    return rows


def _why_left(name: str, module: nn.Module, own: list[str], graph: Graph) -> str:
    kind = type(module).__name__
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return f"{kind}: recurrent weights are no stack of layers"
    if isinstance(module, nn.MultiheadAttention):
        return f"{kind}: its projections are seen in a run only"
    if graph.used_by is None:
        return f"{kind}: no linear layer"
    full = [f"{name}.{key}".lstrip(".") for key in own]
    users = dict.fromkeys(user for key in full for user in graph.used_by.get(key, ()))
    return f"{kind}: no linear layer" if users else f"{kind}: the example does not use it"
