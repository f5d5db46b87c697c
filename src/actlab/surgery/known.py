"""The modules of a model that are activations by their class."""

from __future__ import annotations

from torch import nn

from actlab.init.naming import of_module
from actlab.nn import RReLU
from actlab.surgery.tree import Tree


def known_activations(tree: Tree) -> set[nn.Module]:
    """The modules that are activations of torch's or actlab's, by their class."""
    return {
        module
        for module in tree.visible()
        if isinstance(module, RReLU)
        or ((found := of_module(module)) is not None and found.label != "identity")
    }
