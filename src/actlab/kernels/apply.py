"""The single runtime entry: validate, choose a path, compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.kernels import formula as formulas
from actlab.kernels.autograd import Elementwise, forward_blocks, spread
from actlab.kernels.policy import DTYPES, check_backend, constant, form_to_save, must_trace

DTYPE_NAMES = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)


def apply(
    activation: Activation,
    x: Tensor,
    params: Mapping[str, Any],
    *,
    channel_dim: int = 1,
    backend: str | None = None,
    save: str | None = None,
) -> Tensor:
    """Apply an activation to a tensor.

    Args:
        activation: the definition.
        x: any shape, float64, float32, float16 or bfloat16.
        params: every parameter by name: a Python number, or a tensor with one value or one
            value per channel.
        channel_dim: the dimension of ``x`` along which per-channel parameters lie. Default: 1.
        backend: None for the best available, or ``"formula"``.
        save: what backward works from, ``"input"`` or ``"output"``; None for the default.

    Returns:
        A new tensor of the shape and dtype of ``x``, and of its strides when ``x`` is dense.

    Raises:
        TypeError: ``x`` or a parameter has a type or dtype that is not accepted.
        ValueError: a parameter is outside its domain or does not fit the channels.
        BackendUnavailableError: the backend asked for cannot serve the call.
    """
    _check_input(activation.name, x)
    if isinstance(channel_dim, bool) or not isinstance(channel_dim, int):
        raise TypeError(f"{activation.name}: channel_dim must be an integer, got {channel_dim!r}")
    check_backend(activation.name, backend)
    values = {
        p.name: _checked(activation, p.name, params[p.name], x, channel_dim)
        for p in activation.params
    }
    form = form_to_save(activation, values, save, x.dtype)
    if must_trace(x, *values.values()):
        return formulas.traced(activation.forward, x, spread(values, x, channel_dim))
    tensors = [x, *(v for v in values.values() if isinstance(v, Tensor))]
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return Elementwise.apply(activation, form, channel_dim, x, *values.values())
    with torch.no_grad():
        return forward_blocks(activation, x, spread(values, x, channel_dim))


def _check_input(owner: str, x: Any) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{owner}: x must be a torch.Tensor, got {type(x).__name__}")
    if x.dtype not in DTYPES:
        raise TypeError(f"{owner}: x must be one of {DTYPE_NAMES}, got {_name(x.dtype)}")
    if type(x) is Tensor and (x.layout != torch.strided or x.is_nested):
        kind = "a nested tensor" if x.is_nested else f"layout {x.layout}"
        raise TypeError(f"{owner}: x must be a strided (dense) tensor, got {kind}")


def _checked(
    activation: Activation, name: str, value: Any, x: Tensor, channel_dim: int
) -> float | Tensor:
    if not isinstance(value, Tensor):
        return constant(activation.param(name).check(activation.name, value))
    owner = activation.name
    if value.dtype not in DTYPES:
        raise TypeError(f"{owner}: {name} must be one of {DTYPE_NAMES}, got {_name(value.dtype)}")
    if value.dim() > 1:
        raise ValueError(
            f"{owner}: {name} must be a number, a tensor with one element or a 1-D tensor with "
            f"one value per channel, got shape {tuple(value.shape)}"
        )
    if value.numel() != 1:
        _check_channels(owner, name, value, x, channel_dim)
    if value.device != x.device and not (value.dim() == 0 and value.device.type == "cpu"):
        raise ValueError(f"{owner}: {name} is on {value.device} but x is on {x.device}")
    return value


def _check_channels(owner: str, name: str, value: Tensor, x: Tensor, channel_dim: int) -> None:
    if not -x.dim() <= channel_dim < x.dim():
        raise ValueError(
            f"{owner}: channel_dim={channel_dim} is not a dimension of x with shape "
            f"{tuple(x.shape)}; {name} has {value.numel()} values"
        )
    if x.shape[channel_dim] != value.numel():
        raise ValueError(
            f"{owner}: {name} has {value.numel()} values but x has {x.shape[channel_dim]} "
            f"channels in dimension {channel_dim} of shape {tuple(x.shape)}"
        )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
