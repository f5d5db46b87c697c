"""Activations inside code that cannot be seen running: recurrent layers and TorchScript."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from actlab.surgery.site import Site
from actlab.surgery.tree import Tree

SCRIPTED = frozenset(
    ("relu", "relu_", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish",
     "softplus", "sigmoid", "tanh", "hardswish", "hardsigmoid", "hardtanh", "prelu", "rrelu",
     "log_sigmoid", "silu_", "elu_", "hardswish_", "hardtanh_", "leaky_relu_")
)  # fmt: skip
"""Operations of TorchScript that are activations."""


def recurrent_site(module: nn.Module, tree: Tree) -> Site:
    """The activations of one of torch's recurrent layers, which its kernel has built in."""
    kind = type(module).__name__
    if isinstance(module, nn.RNN | nn.RNNCell):
        function = str(module.nonlinearity)
    else:
        function = "sigmoid, tanh"
    return Site(
        tree.names[module] or "(model)",
        function,
        "",
        "recurrent",
        "hidden",
        type_name=kind,
        places=tuple(tree.path(place) for place in tree.places.get(module, [])),
        swappable=False,
        reason=f"built into torch's kernel of {kind}",
    )


def scripted_sites(tree: Tree) -> Iterator[Site]:
    """The activations that TorchScript modules name in their graphs."""
    inside: set[nn.Module] = set()
    for module, name in tree.names.items():
        if module not in tree.scripted or module in inside:
            continue
        inside |= set(module.modules())
        found: dict[str, int] = {}
        graph = getattr(module, "inlined_graph", None)
        for node in graph.nodes() if graph is not None else ():
            kind = str(node.kind()).removeprefix("aten::")
            if kind in SCRIPTED:
                found[kind] = found.get(kind, 0) + 1
        for kind, count in found.items():
            activation = kind.rstrip("_")
            yield Site(
                f"{name}:{activation}",
                activation,
                activation,
                how="hidden",
                owner=name,
                type_name="torch.jit.ScriptModule",
                calls=count,
                swappable=False,
                reason="compiled by TorchScript: swap in the model before it is scripted",
            )
