"""RReLU as a module: random slopes in training, their mean in evaluation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from actlab.functional import call, random_rrelu
from actlab.functional.randomised import slopes
from actlab.nn.activation import not_scriptable
from actlab.nn.recorded import Proxy, recorded


class RReLU(nn.Module):
    """Randomised leaky ReLU: slopes below 0 are drawn in training and fixed in evaluation.

    ``f(x) = x`` for x > 0 and ``a x`` for x <= 0: in training a is drawn uniformly from
    [lower, upper] for every element and every call; in evaluation it is (lower + upper) / 2.

    Args:
        lower: smallest slope, finite. Default: 1/8.
        upper: largest slope, at least ``lower``. Default: 1/3.
        inplace: accepted, as other libraries pass it; nothing is ever overwritten. Default: False.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: a slope is NaN or infinite, or ``upper < lower``.
        TypeError: a slope is not a number.

    Reference:
        Xu, Wang, Chen, Li (2015), arXiv:1505.00853.

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.RReLU(0.25, 0.75).eval()(torch.tensor([-2.0, 2.0]))
        tensor([-1.,  2.])
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper = slopes(lower, upper)

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Apply it; ``generator`` is where slopes come from in training."""
        if type(x) is not Tensor and isinstance(x, Proxy):
            return recorded(self, x)
        if self.training:
            return random_rrelu(x, self.lower, self.upper, generator=generator)
        return call("rrelu", x, self.lower, self.upper)

    def __prepare_scriptable__(self) -> Any:
        raise not_scriptable(self)

    def extra_repr(self) -> str:
        return f"lower={self.lower:g}, upper={self.upper:g}"
