"""What one operation makes of values whose origin is known: the node of its result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from torch import Tensor

from actlab.init.graph import Formula, Node
from actlab.init.naming import of_call, recognise
from actlab.init.nonlinearity import Nonlinearity
from actlab.init.torch_operations import (
    BATCH_NORMS,
    BLURS,
    CASTS,
    MOVES,
    NORMS,
    POINTWISE,
    PRODUCTS,
    PROPERTIES,
    SUMS,
    TRANSPOSES,
)

NodeOf = Callable[[Tensor], "Node | None"]


def tensors(values: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists and mappings, in order."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, Mapping):
        return [tensor for value in values.values() for tensor in tensors(value)]
    if isinstance(values, list | tuple):
        return [tensor for value in values for tensor in tensors(value)]
    return []


def node_for(
    func: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], node_of: NodeOf
) -> Node:
    """The node of an operation's result.

    Args:
        func, name: torch's function and what it is called.
        args, kwargs: what it was called with; at least one tensor of known origin.
        node_of: the origin of a tensor.
    """
    found = (node_of(tensor) for tensor in tensors((args, kwargs)))
    given = tuple(dict.fromkeys(node for node in found if node is not None))
    values = tuple(node for node in given if node.kind != "parameter")
    if not values:
        return Node("parameter", name, given)
    if not args and "input" in kwargs:
        args, kwargs = (kwargs["input"],), {k: v for k, v in kwargs.items() if k != "input"}
    if len(values) == 1 and isinstance(args[0] if args else None, Tensor):
        activation = of_call(func, args[1:], kwargs)
        if activation is not None:
            return activated(activation, values[0])
    if name == "glu":
        size = tensors((args, kwargs))[0].numel() // 2
        gate = activated(recognise("sigmoid"), Node("pass", "chunk", values, size=size))
        gate.size = size
        return Node("product", name, (Node("pass", "chunk", values, size=size), gate))
    if name in NORMS | BATCH_NORMS:
        return Node("norm", name, values, over="batch" if name in BATCH_NORMS else "features")
    if name in MOVES | PROPERTIES | BLURS:
        wraps = name == "pad" and "constant" not in (*args[2:3], kwargs.get("mode", "constant"))
        return Node("pass", name, values, keeps=wraps or name not in BLURS)
    if name in POINTWISE:
        return _pointwise(func, name, args, kwargs, node_of, values)
    return Node("other", name, values)


def activated(activation: Nonlinearity, node: Node) -> Node:
    """The node of an activation applied to a value."""
    if node.kind != "pointwise" or node.formula is None:
        return Node(
            "pointwise",
            str(activation),
            (node,),
            formula=activation.function,
            known=activation,
            key=activation.key,
        )
    inner, outer = node.formula, activation.function
    return Node(
        "pointwise",
        f"{activation} of {node.name}",
        (node.source,),
        formula=lambda x: outer(inner(x)),
        key=None if None in (activation.key, node.key) else (activation.key, "of", node.key),
    )


def _pointwise(
    func: Any,
    name: str,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    node_of: NodeOf,
    values: tuple[Node, ...],
) -> Node:
    sources = dict.fromkeys(node.source for node in values)
    if len(sources) > 1:
        if name in SUMS:
            return Node("sum", name, values)
        if name in PRODUCTS and len(values) == 2:
            return Node("product", name, values)
        return Node("other", name, values)
    constants = [t for t in tensors((args, kwargs)) if (n := node_of(t)) is None or n not in values]
    if any(constant.numel() != 1 for constant in constants):
        # A bias, a scale or a mask for each channel: the values go on, changed.
        return Node("pass", name, values, keeps=False)
    (source,) = sources
    formula, label, key = compose(func, name, args, kwargs, node_of)
    return Node("pointwise", label, (source,), formula=formula, key=key)


def compose(
    func: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], node_of: NodeOf
) -> tuple[Formula, str, Hashable]:
    """An operation as a function of the one value that all its operands come from.

    Returns:
        The function, a label, and a key: equal for two operations that compute the same.
    """

    def taken(value: Any) -> tuple[Callable[[Tensor], Any], str, Hashable]:
        node = node_of(value) if isinstance(value, Tensor) else None
        if node is not None and node.kind != "parameter":
            if node.kind == "pointwise" and node.formula is not None:
                return node.formula, node.name, node.key
            return (lambda x: x), "x", "x"
        if isinstance(value, Tensor):
            number = value.detach().double().reshape(()).cpu()
            return (lambda x: number.to(x.device)), f"{float(number):g}", float(number)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return (lambda x: value), text, ("constant", repr(value))

    positional = [taken(value) for value in args]
    named = {key: taken(value) for key, value in kwargs.items() if key not in ("out", "inplace")}

    def formula(x: Tensor) -> Tensor:
        # Operations in place must not write into what another operand still needs.
        operands = [get(x) for get, _, _ in positional]
        operands = [o.clone() if isinstance(o, Tensor) else o for o in operands]
        if name in CASTS:
            return operands[0]  # the function is wanted, not its rounding
        return func(*operands, **{key: get(x) for key, (get, _, _) in named.items()})

    parts = [*positional, *named.values()]
    label = f"{name.strip('_')}({', '.join(text for _, text, _ in parts)})"
    keys = tuple(key for _, _, key in parts)
    return formula, label, None if None in keys else (func, keys, tuple(named))


def is_property(func: Any) -> bool:
    """Whether a call reads an attribute that is a tensor made from the tensor it is read from."""
    return getattr(getattr(func, "__self__", None), "__name__", "") in PROPERTIES


def parameters_behind(node: Node) -> list[str]:
    """The names of the parameters that a computed weight is made from."""
    if not node.parents:
        return [node.name]
    return list(dict.fromkeys(name for p in node.parents for name in parameters_behind(p)))


def is_turn(name: str) -> bool:
    """Whether an operation transposes a matrix."""
    return name in TRANSPOSES or name == "__get__"


def transposed(node: Node) -> bool:
    """Whether a weight is a parameter turned round, and nothing more."""
    direct = len(node.parents) == 1 and not node.parents[0].parents
    return direct and node.name in TRANSPOSES
