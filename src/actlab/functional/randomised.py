"""RReLU as it is trained with: slopes below 0 drawn at random."""

from __future__ import annotations

import torch
from torch import Tensor

from actlab.functional.options import SHIPPED
from actlab.functional.stand_ins import handed_over, stands_in
from actlab.kernels.policy import DTYPES


def random_rrelu(
    x: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """RReLU in training: ``x`` for x > 0, ``a x`` below with a drawn anew for every element.

    The slopes a are uniform in [lower, upper]. ``F.rrelu`` is the form for evaluation, with
    their mean; ``nn.RReLU`` changes between the two with ``train()`` and ``eval()``. Backward
    keeps one tensor, the slopes.

    Args:
        x: any shape; float64, float32, float16 or bfloat16.
        lower: smallest slope, finite. Default: 1/8.
        upper: largest slope, at least ``lower``. Default: 1/3.
        generator: where the slopes come from. Default: torch's own of the device.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: a slope is NaN or infinite, or ``upper < lower``.
        TypeError: x is not floating point, or a slope is not a number.

    Reference:
        Xu, Wang, Chen, Li (2015), arXiv:1505.00853.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.random_rrelu(torch.tensor([-1.0, 2.0]), 0.5, 0.5)
        tensor([-0.5000,  2.0000])
    """
    lower, upper = slopes(lower, upper)
    if stands_in(x):
        return handed_over(random_rrelu, x, x, lower, upper, generator=generator)
    if not isinstance(x, Tensor) or x.dtype not in DTYPES:
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"rrelu: x must be a floating-point torch.Tensor, got {kind}")
    drawn = torch.empty_like(x).uniform_(lower, upper, generator=generator)
    # Selected, not multiplied by 1: NaN and the sign of zero pass as they are.
    return x * torch.where(x > 0, torch.ones((), dtype=x.dtype, device=x.device), drawn)


def slopes(lower: float, upper: float) -> tuple[float, float]:
    """Both ends as numbers, checked.

    Raises:
        ValueError, TypeError: as for ``random_rrelu``.
    """
    definition = SHIPPED["rrelu"]
    low = definition.param("lower").check("rrelu", lower)
    high = definition.param("upper").check("rrelu", upper)
    if high < low:
        raise ValueError(f"rrelu: upper must be at least lower, {low!r}; got {high!r}")
    return low, high
