"""Which entry of a transformers configuration an activation was built from."""

from __future__ import annotations

import re

from torch import nn

from actlab.surgery.identify import canonical
from actlab.surgery.tree import Tree

ENTRY = re.compile(r"act(ivation)?(_fn|_function)?$|^(hidden_|activation|act_|mlp_hidden_act)")

SPELLINGS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_python": "gelu",
    "swish": "silu",
    "relu2": "relu_squared",
    "linear": "identity",
    "quick_gelu": "quick_gelu",
}
"""What transformers calls functions of the catalogue."""


def entry_of(tree: Tree, owner: nn.Module, activation: str, label: str) -> str:
    """``hidden_act='gelu'``, where a module above has a configuration that says so."""
    path = tree.names[owner]
    by_name = {name: module for module, name in tree.names.items()}
    while True:
        config = getattr(by_name.get(path), "config", None)
        values = getattr(config, "__dict__", {}) if config is not None else {}
        for key, value in values.items():
            if isinstance(value, str) and ENTRY.search(key) and _names(value) & {activation, label}:
                return f"{key}={value!r}"
        if not path:
            return ""
        path = path.rpartition(".")[0]


def _names(value: str) -> set[str]:
    return {value, SPELLINGS.get(value, value), canonical(value)}
