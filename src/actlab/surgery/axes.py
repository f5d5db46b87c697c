"""Along which dimension the units of a value lie, followed from the layer that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from actlab.init.operations import tensors
from actlab.init.torch_operations import BATCH_NORMS, BLURS, MOVES

LAST = frozenset(
    ("linear", "bilinear", "matmul", "mm", "bmm", "addmm", "baddbmm", "__matmul__",
     "__rmatmul__", "layer_norm", "rms_norm", "embedding", "embedding_bag",
     "multi_head_attention_forward", "lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell",
     "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
)  # fmt: skip
"""Operations whose results have units in the last dimension."""

SPATIAL = {f"conv{turn}{n}d": n for turn in ("", "_transpose") for n in (1, 2, 3)}
"""Convolutions, and how many dimensions come behind the units."""

PRODUCTS = frozenset({"matmul", "mm", "bmm", "addmm", "baddbmm", "__matmul__", "__rmatmul__"})
"""Products of matrices, which may have the weight on either side."""

SECOND = BATCH_NORMS | {"group_norm"}

MOST_ELEMENTS = 1 << 24
"""Above this, moves are followed by the number of dimensions alone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The dimension of units, counted from the front, and the layer they come from.

    ``last`` says that they come last however many dimensions precede them.
    """

    dim: int
    producer: str
    last: bool = False


class Axes:
    """The axes of all values of a run.

    Args:
        is_weight: whether a value is a parameter, or made from parameters alone.
    """

    def __init__(self, is_weight: Callable[[Tensor], bool]) -> None:
        self.is_weight = is_weight
        self._of: dict[int, Axis] = {}

    def _of_product(self, name: str, args: Any, output: Tensor, layer: str) -> Axis | None:
        """The axis of a product: the outer dimension of the weight, on whichever side it is."""
        if name == "einsum":
            operands = tensors(args[1:])
            weights = [self.is_weight(t) for t in operands]
            if not args or not isinstance(args[0], str) or not any(weights):
                return None
            dim = of_einsum(args[0], weights, output)
            return None if dim is None else Axis(dim, layer, dim == output.dim() - 1)
        operands = tensors(args)[-2:]
        if len(operands) < 2:
            return Axis(output.dim() - 1, layer, True)
        left, right = reversed(operands) if name == "__rmatmul__" else operands
        turned = self.is_weight(left) and not self.is_weight(right) and output.dim() > 1
        return Axis(output.dim() - 2, layer) if turned else Axis(output.dim() - 1, layer, True)

    def of(self, tensor: Tensor) -> Axis | None:
        """The axis of a value, where it is known."""
        return self._of.get(id(tensor))

    def same(self, tensor: Tensor, other: Tensor) -> None:
        """A value has the axis of another."""
        if (axis := self.of(other)) is not None:
            self._of[id(tensor)] = axis

    def made(self, func: Any, args: Any, kwargs: Any, result: Any, layer: str) -> None:
        """Follow one operation.

        Args:
            func, args, kwargs, result: of the operation.
            layer: the module in whose code it runs.
        """
        name = getattr(func, "__name__", "")
        outputs = [t for t in tensors(result) if t.dim()]
        if not outputs:
            return
        axis = produced(name, outputs[0], layer)
        if name == "einsum" or (axis is not None and name in PRODUCTS):
            axis = self._of_product(name, args, outputs[0], layer)
        if axis is not None:
            for output in outputs:
                if output.dim() > axis.dim:
                    self._of[id(output)] = axis
            return
        source = next((t for t in tensors((args, kwargs)) if self.of(t) is not None), None)
        if source is None:
            return
        axis = self._of[id(source)]
        for k, output in enumerate(outputs):
            dim = axis.dim if output.shape == source.shape and name not in MOVES else None
            if dim is None and name in MOVES | BLURS | {"__get__"}:
                dim = followed(func, args, kwargs, source, axis.dim, k)
            if dim is None and output.dim() == source.dim() and not turns(name):
                dim = axis.dim
            if dim is not None:
                last = axis.last and dim == output.dim() - 1
                self._of[id(output)] = Axis(dim, axis.producer, last)


def of_einsum(equation: str, weights: list[bool], output: Tensor) -> int | None:
    """The dimension of an einsum's result that comes from a weight alone."""
    given, arrow, result = equation.replace(" ", "").partition("->")
    operands = given.split(",")
    if not arrow or "." in equation or len(operands) != len(weights):
        return None
    free = {
        letter for letters, w in zip(operands, weights, strict=True) if not w for letter in letters
    }
    own = [
        letter
        for letters, w in zip(operands, weights, strict=True)
        if w
        for letter in letters
        if letter in result and letter not in free
    ]
    return result.index(own[0]) if own and len(result) == output.dim() else None


def produced(name: str, output: Tensor, layer: str) -> Axis | None:
    """The axis of the result of a layer or norm."""
    if name in LAST:
        return Axis(output.dim() - 1, layer, True)
    if name in SPATIAL and output.dim() > SPATIAL[name]:
        return Axis(output.dim() - 1 - SPATIAL[name], layer)
    if name in SECOND and output.dim() > 1:
        return Axis(1, layer)
    return None


def turns(name: str) -> bool:
    """Whether an operation may put dimensions into another order."""
    return name in {"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t",
                    "__get__", "rot90", "view", "reshape", "flatten", "unflatten"}  # fmt: skip


def followed(
    func: Any, args: Any, kwargs: Mapping[str, Any], source: Tensor, dim: int, which: int
) -> int | None:
    """Where a move takes a dimension: it is carried out on the numbers of the units instead."""
    units = source.shape[dim]
    if units < 2 or source.numel() > MOST_ELEMENTS:
        return None
    shape = [1] * source.dim()
    shape[dim] = units
    numbers = torch.arange(units, dtype=torch.float32, device=source.device).reshape(shape)
    index = numbers.expand(source.shape)

    def put(value: Any) -> Any:
        if value is source:
            return index
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            return type(value)(put(item) for item in value)
        return value

    try:
        with torch.no_grad(), torch._C.DisableTorchFunction():
            found = func(*put(args), **{key: put(value) for key, value in kwargs.items()})
            return _varying(tensors(found)[which])
    except Exception:  # the operation may take no such numbers; then its order is not known
        return None


def _varying(index: Tensor) -> int | None:
    """The one dimension along which consecutive numbers lie."""
    for dim, size in enumerate(index.shape):
        if size < 2:
            continue
        shape = [1] * index.dim()
        shape[dim] = size
        line = torch.arange(size, dtype=index.dtype, device=index.device).reshape(shape)
        if torch.equal(index - index.reshape(-1)[0], line.expand(index.shape)):
            return dim
    return None


def default_dim(tensor: Tensor) -> int | None:
    """The dimension of units where nothing is known of the layers before: images, sequences."""
    dims = tensor.dim()
    if dims == 0:
        return None
    return 0 if dims == 1 else 1 if dims in (2, 4, 5) else dims - 1
