"""How the elements of tensors lie, with as few dimensions as they need, innermost first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes, and the strides of each tensor, from the innermost dimension outwards.

    Attributes:
        shape: sizes; one dimension of any size for tensors without elements or dimensions.
        strides: for each tensor, in elements.
    """

    shape: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]


def memory_order(dense: Tensor) -> list[int]:
    """The dimensions of a dense tensor from outermost to innermost in memory."""
    strides, shape = dense.stride(), dense.shape
    return sorted(range(dense.dim()), key=lambda d: (-strides[d], shape[d] == 1, d))


def layout(shape: Sequence[int], order: Sequence[int], *tensors: Tensor) -> Layout:
    """The layout of tensors of one shape whose elements are taken in an order of dimensions.

    Neighbouring dimensions become one where every tensor steps through them evenly.

    Args:
        shape: of all tensors.
        order: the dimensions, outermost first.
        tensors: whatever has strides.
    """
    sizes: list[int] = []
    strides: list[list[int]] = []
    for d in reversed(order):
        if shape[d] == 1:
            continue
        here = [tensor.stride(d) for tensor in tensors]
        if sizes and here == [size * sizes[-1] for size in strides[-1]]:
            sizes[-1] *= shape[d]
        else:
            sizes.append(shape[d])
            strides.append(here)
    if not sizes:
        return Layout((1,), tuple((1,) for _ in tensors))
    return Layout(tuple(sizes), tuple(zip(*strides, strict=True)))


def channel_steps(shape: Sequence[int], order: Sequence[int], channel_dim: int) -> tuple[int, int]:
    """Elements between one channel and the next in an order of dimensions, and channels."""
    inner = 1
    for d in reversed(order):
        if d == channel_dim:
            return inner, shape[d]
        inner *= shape[d]
    return max(inner, 1), 1
