"""Parameters and channels: shaping them against a tensor, and summing gradients back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from actlab.kernels import formula as formulas


def spread(
    params: Mapping[str, float | Tensor], x: Tensor, channel_dim: int
) -> dict[str, float | Tensor]:
    """Parameters shaped to broadcast against ``x``: one value, or one per channel."""
    return {
        name: _in_channels(value, x.dim(), channel_dim) if isinstance(value, Tensor) else value
        for name, value in params.items()
    }


def _in_channels(param: Tensor, dims: int, channel_dim: int) -> Tensor:
    if param.numel() == 1:
        return param.reshape(())
    shape = [1] * dims
    shape[channel_dim] = param.numel()
    return param.reshape(shape)


def reduced(terms: Tensor, param: Tensor, channel_dim: int) -> Tensor:
    """Sums of per-element terms in the shape and dtype of the parameter, in logical order."""
    if param.numel() == 0:
        return torch.zeros_like(param)
    if param.numel() == 1:
        total = formulas.ordered_sum(terms.reshape(1, -1))
    else:
        total = formulas.ordered_sum(terms.movedim(channel_dim, 0).reshape(param.numel(), -1))
    return formulas.rounded(total.reshape(param.shape), param.dtype)


def tensors_of(params: Mapping[str, float | Tensor]) -> dict[str, Tensor]:
    """The parameters that are tensors."""
    return {name: value for name, value in params.items() if isinstance(value, Tensor)}
