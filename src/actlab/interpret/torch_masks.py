"""Comparisons of doubles that compilers would rather compute again than keep for backward.

torch's partitioner never computes an operation again in backward whose result is less than a
fourth of what it reads: it takes it for a reduction. A comparison of doubles is such, so that
its mask would be kept, and CPUs read masks far more slowly than they compute them.
"""

from __future__ import annotations

import contextlib
import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

COMPARISONS = {
    function: compare
    for compare, names in (
        (operator.lt, ("lt", "__lt__")),
        (operator.le, ("le", "__le__")),
        (operator.gt, ("gt", "__gt__")),
        (operator.ge, ("ge", "__ge__")),
        (operator.eq, ("eq", "__eq__")),
    )
    for function in (compare, *(getattr(Tensor, name) for name in names))
}
"""By the functions that may be called for them."""

ENLARGED, REDUCED = 2.0**1000, 2.0**-900
"""A difference times the one is not 0 in float32 unless it is 0; a finite number times the other
is finite in float32."""

LARGEST = sys.float_info.max


def recomputed(x: Tensor) -> contextlib.AbstractContextManager[Any]:
    """Where compilers trace operations on ``x`` for a CPU and for backward: such comparisons."""
    wanted = (
        torch.compiler.is_compiling()
        and not torch.compiler.is_exporting()
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
    )
    return Recomputed() if wanted else contextlib.nullcontext()


class Recomputed(TorchFunctionMode):
    """Compares doubles by what float32 holds of their difference, with the same result."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.isinf and _is_double(args[0]):
            return torch.isinf((args[0].detach() * REDUCED).to(torch.float32))
        compare = COMPARISONS.get(func)
        if compare is None or not _is_double(args[0]):
            return func(*args, **(kwargs or {}))
        left, right = args[0].detach(), args[1]
        if isinstance(right, Tensor):
            difference = _bounded(left) - _bounded(right.detach())
            return compare((difference * ENLARGED).to(torch.float32), 0.0)
        if right == math.inf or right == -math.inf:  # dynamo cannot trace math.isinf
            return compare((left * REDUCED).to(torch.float32), right)
        difference = left if right == 0 else left - right
        return compare((difference * ENLARGED).to(torch.float32), 0.0)


def _bounded(x: Tensor) -> Tensor:
    """``x`` with the largest number for infinity, so that equal numbers have a difference of 0."""
    return x.clamp(-LARGEST, LARGEST)


def _is_double(x: Any) -> bool:
    return isinstance(x, Tensor) and x.dtype == torch.float64
