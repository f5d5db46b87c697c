"""Which parameter a linear operation uses as its weight, and the layer that makes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from actlab.init.graph import Node
from actlab.init.layers import Layer, layer_of_call, layer_of_module
from actlab.init.operations import parameters_behind, transposed

ATTENTION = inspect.signature(functional.multi_head_attention_forward)
PROJECTIONS = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


class Weights:
    """The parameters of a model, and the layers found so far.

    Args:
        model: the model.
        node_of: the origin of a tensor in the run.
    """

    def __init__(self, model: nn.Module, node_of: Callable[[Tensor], Node | None]) -> None:
        self.named = dict(model.named_parameters())
        self.names = {id(parameter): name for name, parameter in self.named.items()}
        self.module_names = {module: name for name, module in model.named_modules()}
        self.used_by: dict[str, set[str]] = {}
        self._node_of = node_of
        self._layers: dict[Any, Layer] = {}
        self._parametrized = {
            module: layer
            for name, module in model.named_modules()
            if parametrize.is_parametrized(module, "weight")
            and (layer := layer_of_module(name, module)) is not None
        }

    def use(self, tensor: Tensor, user: str) -> None:
        """Remember which operation took the parameters that a tensor is, or is made from."""
        node = self._node_of(tensor)
        if node is not None and node.kind == "parameter":
            for name in parameters_behind(node):
                self.used_by.setdefault(name, set()).add(user)

    def layer(
        self, operation: str, arguments: Mapping[str, Any], owner: nn.Module | None
    ) -> Layer | None:
        """The layer whose weight a linear operation uses; None if that is no parameter.

        Args:
            operation, arguments: torch's operation and its arguments by name.
            owner: the module that is running.
        """
        weight = arguments.get("weight", arguments.get("other", arguments.get("mat2")))
        values = arguments.get("input")
        origin = self._node_of(weight) if isinstance(weight, Tensor) else None
        given = self._node_of(values) if isinstance(values, Tensor) else None
        if origin is None or origin.kind != "parameter" or weight.dim() < 2:
            return None
        if given is None or given.kind == "parameter":
            return None
        names = parameters_behind(origin)
        turned = transposed(origin)
        if turned or not origin.parents:
            weight = self.named[names[0]]
            name = names[0].removesuffix(".weight")
            found = layer_of_call(name, operation, arguments, weight, turned)
            return self._layers.setdefault(id(weight), found)
        if owner is not None and owner in self._parametrized:
            return self._parametrized[owner]
        name = self.module_names.get(owner, "") if owner is not None else ""
        problem = f"its weight is computed from {', '.join(names)}"
        found = layer_of_call(
            name or names[0], operation, arguments, weight.detach(), False, problem
        )
        return self._layers.setdefault(tuple(names), found)

    def attention(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Node:
        """The nodes of torch's attention: projections in, the attention itself, projection out."""
        given = ATTENTION.bind(*args, **kwargs).arguments
        inputs = [self._node_of(given[name]) for name in ("query", "key", "value")]
        values = tuple(dict.fromkeys(node for node in inputs if node is not None))
        weights = [given[name] for name in PROJECTIONS if given.get(name) is not None]
        biases = [given["in_proj_bias"], None, None]
        inner = [self._projection(w, b, values) for w, b in zip(weights, biases, strict=False)]
        middle = Node("other", "attention", tuple(inner))
        return self._projection(given["out_proj_weight"], given["out_proj_bias"], (middle,))

    def _projection(self, weight: Tensor, bias: Any, parents: tuple[Node, ...]) -> Node:
        known = id(weight) in self.names
        name = self.names[id(weight)].removesuffix(".weight") if known else "attention"
        layer = Layer(
            name,
            "linear",
            weight,
            bias,
            problem="" if known else "its weight is computed",
            adjustable=False,
        )
        layer = self._layers.setdefault(id(weight), layer)
        return Node("layer", layer.name, parents, layer=layer)
