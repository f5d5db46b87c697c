"""Running a model once and recording what becomes of each layer's output.

Operations are seen through torch's function mode, which every function of torch and every tensor
method passes, whether a module calls it or the model's own code does. Modules known to be
activations or norms count as one operation each, and so do actlab's functions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _pop_mode_temporarily

from actlab.core import Activation
from actlab.init.graph import Graph, Node
from actlab.init.hook import Hook
from actlab.init.isolation import DEPTH, in_sight
from actlab.init.layers import ARGUMENTS, bound, mean_square
from actlab.init.naming import of_module, of_values
from actlab.init.nonlinearity import Nonlinearity
from actlab.init.operations import (
    activated,
    is_property,
    is_turn,
    node_for,
    tensors,
)
from actlab.init.weights import Weights
from actlab.kernels.watch import WATCHER, Watcher

Observer = Callable[[Node, Tensor, Callable[[], Tensor]], Tensor]
"""Called in place of each linear operation, with its node, its input and what carries it out."""


def trace(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    observer: Observer | None = None,
) -> tuple[Graph, Any]:
    """Run a model and record the graph of its values.

    The model runs in the mode (training or evaluation) it is in. Callers wrap this in
    ``unchanged``, and in ``torch.no_grad`` where they want no gradients.

    Args:
        model: any module.
        args, kwargs: what to call it with.
        observer: sees every linear operation, and may repeat it.

    Returns:
        The graph, and what the model returned.
    """
    recorder = Recorder(model, observer)
    for tensor in tensors((args, kwargs)):
        square = mean_square(tensor) if tensor.is_floating_point() else None
        recorder.mark(tensor, Node("input", "input", square=square))
    with recorder.listening():
        result = model(*args, **kwargs)
    for tensor in tensors(result):
        if (node := recorder.node(tensor)) is not None:
            node.returned = True
    used_by = {name: tuple(sorted(users)) for name, users in recorder.weights.used_by.items()}
    return Graph(tuple(recorder.nodes), used_by), result


class Recorder(TorchFunctionMode):
    """The nodes of a run, and from which node each tensor is; ``listening`` records."""

    def __init__(self, model: nn.Module, observer: Observer | None) -> None:
        super().__init__()
        self.model = model
        self.observer = observer
        self.nodes: list[Node] = []
        self.weights = Weights(model, self.node)
        self.whole = {module: kind for module in model.modules() if (kind := whole(module))}
        self.stack: list[nn.Module] = []
        self.quiet = 0
        self.depth = DEPTH.get()
        self._outer: Watcher | None = None
        self._node_of: dict[int, Node] = {}
        self._alive: list[Tensor] = []  # so that no id is used twice
        for name, parameter in self.weights.named.items():
            self.mark(parameter, Node("parameter", name))

    def node(self, tensor: Tensor) -> Node | None:
        """Where a tensor comes from; None for constants."""
        return self._node_of.get(id(tensor))

    def clear(self) -> None:
        """Let go of all values of the run; the nodes stay."""
        self._node_of.clear()
        self._alive.clear()

    def rename(self, tensor: Tensor, node: Node) -> None:
        """Say of a value that is known that it comes from another node."""
        self._node_of[id(tensor)] = node
        self._add(node)

    def mark(self, tensor: Tensor, node: Node) -> None:
        """Remember where a tensor comes from, and the nodes on the way to it."""
        self._node_of[id(tensor)] = node
        node.size = tensor.numel()
        self._alive.append(tensor)
        self._add(node)

    def _add(self, node: Node) -> None:
        if not node.placed:
            node.placed = True
            for parent in node.parents:
                self._add(parent)
            self.nodes.append(node)

    @contextlib.contextmanager
    def listening(self, entered: nn.Module | None = None) -> Iterator[None]:
        """While active, everything the model does is recorded.

        Args:
            entered: the module whose code is running already. Default: none is.
        """
        handles: list[Any] = []
        self.depth = DEPTH.get()
        if entered is not None:
            self.stack.append(entered)
        self._outer = WATCHER.get()
        token = WATCHER.set(self.watch)
        try:
            for module in self.model.modules():
                if isinstance(module, torch.jit.ScriptModule) or module is entered:
                    continue  # operations of TorchScript cannot be seen
                before, after = Hook(self._enter), Hook(self._leave)
                handles.append(module.register_forward_pre_hook(before))
                handles.append(module.register_forward_hook(after, with_kwargs=True))
            with in_sight(), self:
                yield
        finally:
            WATCHER.reset(token)
            for handle in handles:
                handle.remove()

    # ---- modules

    def _enter(self, module: nn.Module, args: Any) -> None:
        if self.depth != DEPTH.get():
            return  # somebody else's run, in the middle of this one
        self.stack.append(module)
        self.quiet += module in self.whole

    def _leave(self, module: nn.Module, args: Any, *rest: Any) -> None:
        kwargs, output = rest[0] if len(rest) > 1 else {}, rest[-1]
        if not self.stack or self.stack[-1] is not module or self.depth != DEPTH.get():
            return  # entered before recording began
        self.stack.pop()
        self.quiet -= module in self.whole
        if self.quiet or not isinstance(output, Tensor):
            return
        given = [node for t in tensors((args, kwargs)) if (node := self.node(t)) is not None]
        kind = self.whole.get(module)
        if kind is None:
            _name_after(module, self.node(output), given)
            return
        for parameter in module.parameters():
            self.weights.use(parameter, type(module).__name__)
        values = tuple(node for node in given if node.kind != "parameter")
        if not values:
            self.mark(output, Node("parameter", type(module).__name__, tuple(given)))
        elif isinstance(kind, Nonlinearity):
            self.mark(output, activated(kind, values[0]))
        else:
            self.mark(output, Node("norm", self.weights.module_names[module], values, over=kind))

    # ---- actlab's functions

    def watch(
        self,
        activation: Activation,
        x: Tensor,
        params: Mapping[str, Any],
        compute: Callable[[], Tensor],
    ) -> Tensor:
        """Carry out a call of one of actlab's functions as one operation."""
        token = WATCHER.set(None)
        self.quiet += 1
        try:
            if self._outer is not None:
                y = self._outer(activation, x, params, compute)
            else:
                with _pop_mode_temporarily():
                    y = compute()
        finally:
            self.quiet -= 1
            WATCHER.reset(token)
        if not self.quiet and self.depth == DEPTH.get():
            self.watched(activation, x, params, y)
        return y

    def watched(self, activation: Activation, x: Tensor, params: Mapping[str, Any], y: Any) -> None:
        """Record a call of one of actlab's functions."""
        node = self.node(x)
        if node is not None:
            for tensor in tensors(params):
                self.weights.use(tensor, activation.name)
            self.mark(y, activated(of_values(activation, params), node))

    # ---- torch's functions

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if self.quiet or self.depth != DEPTH.get() or (name == "__get__" and not is_property(func)):
            return func(*args, **kwargs)
        if self.observer is not None and name in ARGUMENTS:
            known = [t for t in tensors((args, kwargs)) if self.node(t) is not None]
            if known and (node := self._linear(name, args, kwargs, known)) is not None:
                values = bound(name, args, kwargs)["input"]
                result = self.observer(node, values, lambda: func(*args, **kwargs))
                self.mark(result, node)
                return result
        result = func(*args, **kwargs)
        self.computed(func, args, kwargs, result)
        return result

    def computed(self, func: Any, args: tuple[Any, ...], kwargs: Any, result: Any) -> None:
        """Record an operation that was carried out."""
        name = getattr(func, "__name__", "")
        known = [t for t in tensors((args, kwargs)) if self.node(t) is not None]
        if not known:
            return
        if self.observer is None and name in ARGUMENTS:
            linear = self._linear(name, args, kwargs, known)
            if linear is not None:
                self.mark(result, linear)
                return
        made = [args[0]] if name == "__setitem__" else tensors(result)
        if not made:
            return
        if not is_turn(name):
            for tensor in known:
                self.weights.use(tensor, name)
        if name == "multi_head_attention_forward":
            node = self.weights.attention(args, kwargs)
            if self.observer is not None:
                self.observer(node, known[0], lambda: made[0])
        elif name == "__get__":
            node = node_for(func, func.__self__.__name__, args, kwargs, self.node)
        else:
            node = node_for(func, name, args, kwargs, self.node)
        for k, tensor in enumerate(made):
            # Parts of one value are values of their own: halves of a gate are not the same.
            kind = "pass" if node.kind == "pass" else "other"
            own = node if k == 0 else Node(kind, node.name, node.parents, keeps=node.keeps)
            self._made(tensor, own, bool(args) and tensor is args[0])

    def _made(self, tensor: Tensor, node: Node, in_place: bool) -> None:
        base = tensor._base if in_place else None
        self.mark(tensor, node)
        if base is not None:
            old = self.node(base)
            self.mark(base, Node("pass", node.name, (node,) if old is None else (old, node)))

    def _linear(self, name: str, args: Any, kwargs: Any, known: list[Tensor]) -> Node | None:
        """The node of a linear operation; None where its weight is no parameter."""
        given = bound(name, args, kwargs)
        layer = self.weights.layer(name, given, self.stack[-1])
        if layer is None:
            return None
        for tensor in known:
            self.weights.use(tensor, name)
        source = self.node(given["input"])
        return Node("layer", layer.name, () if source is None else (source,), layer=layer)


def whole(module: nn.Module) -> Nonlinearity | Literal["batch", "features", ""]:
    """What a module is if it counts as one operation: an activation, or a norm over something."""
    found = of_module(module)
    name = type(module).__name__.lower()
    if found is not None:
        return found
    if "norm" not in name or next(module.children(), None) is not None:
        return ""
    return "batch" if "batch" in name or "instance" in name else "features"


def _name_after(module: nn.Module, node: Node | None, given: list[Node]) -> None:
    """Call an activation after the module that is nothing but it."""
    if node is None or node.kind != "pointwise" or node.known is not None or node.formula is None:
        return
    if [node.source] == given:
        node.known = Nonlinearity(type(module).__name__, node.formula)
