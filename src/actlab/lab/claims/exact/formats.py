"""Numbers of a format by their bits: all of them, grids, and the first at which something holds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actlab.analysis.formats import INTEGERS

FORMATS: tuple[torch.dtype, ...] = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
NEAR = 64
"""Numbers on either side of a threshold that are looked at to confirm it."""


def title(dtype: torch.dtype) -> str:
    """``"float32"``."""
    return str(dtype).removeprefix("torch.")


def sizes(dtype: torch.dtype, count: int = 20_000) -> Tensor:
    """Positive finite numbers of a format: all of them for 16 bits, else as many per octave."""
    last = _bits(torch.finfo(dtype).max, dtype)
    if last < 1 << 16:
        return _numbers(torch.arange(1, last + 1), dtype)
    spread = torch.linspace(1, last, count, dtype=torch.float64).long()
    return _numbers(spread.clamp(max=last), dtype)


def first(holds: Callable[[Tensor], Tensor], dtype: torch.dtype, side: int) -> float | None:
    """The number of smallest size, on one side of 0, from which a predicate holds.

    Args:
        holds: takes numbers, gives truths; false up to some size and true from there on.
        dtype: the format. side: -1 or 1.

    Returns:
        The number, or None where the predicate does not hold for the largest one.

    Raises:
        ArithmeticError: the predicate changes back and forth around the place.
    """
    inside = _bits(torch.finfo(dtype).max, dtype)
    outside = 0

    def at(bits: Tensor) -> Tensor:
        # torch's loops round some functions otherwise in their scalar tail: fill the vectors.
        filled = torch.nn.functional.pad(bits, (0, -len(bits) % NEAR), value=int(bits[-1]))
        return holds(side * _numbers(filled, dtype))[: len(bits)]

    if not at(torch.tensor([inside]))[0]:
        return None
    while inside - outside > 1:
        steps = torch.tensor(
            sorted({outside + (inside - outside) * k // NEAR for k in range(1, NEAR + 1)})
        )
        here = at(steps)
        place = int(torch.nonzero(here)[0])
        outside = int(steps[place - 1]) if place else outside
        inside = int(steps[place])
    around = torch.arange(max(1, inside - NEAR), inside + NEAR)
    if not torch.equal(at(around), around >= inside):
        raise ArithmeticError(f"no clear threshold in {title(dtype)} near bit pattern {inside}")
    return float(side * _numbers(torch.tensor([inside]), dtype))


def rounded_out(x: float, dtype: torch.dtype) -> float:
    """The number of a format nearest to x that is not nearer to 0 than x."""
    near = torch.tensor(x, dtype=torch.float64).to(dtype)
    if abs(float(near)) >= abs(x):
        return float(near)
    bits = abs(near).view(INTEGERS[dtype]) + 1
    return float(torch.copysign(bits.view(dtype), near))


def share_unequal(left: Tensor, right: Tensor) -> float:
    """The share of elements at which two tensors differ; NaN equals NaN."""
    equal = (left == right) | (left.isnan() & right.isnan())
    return 1 - float(equal.double().mean())


def _bits(number: float, dtype: torch.dtype) -> int:
    return int(torch.tensor([number], dtype=dtype).view(INTEGERS[dtype]))


def _numbers(bits: Tensor, dtype: torch.dtype) -> Tensor:
    return bits.to(INTEGERS[dtype]).view(dtype)
