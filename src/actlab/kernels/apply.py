"""The single runtime entry: validate, choose a path, compute."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.kernels import formula as formulas
from actlab.kernels import operators
from actlab.kernels.autograd import Elementwise, value
from actlab.kernels.call import Call
from actlab.kernels.channels import spread, tensors_of
from actlab.kernels.native import MOST_NUMBERS, Kernel
from actlab.kernels.policy import (
    DTYPES,
    check_backend,
    check_device,
    check_traced_backend,
    constant,
    form_to_save,
    in_transform,
    kernel_for,
    must_trace,
)
from actlab.kernels.watch import WATCHER

PLAIN = frozenset({Tensor, torch.nn.Parameter})
"""Tensor types without behaviour of their own."""

NUMBERS = frozenset({float, int})

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
        params: every parameter by name, in the definition's order: a Python number, or a tensor
            with one value or one value per channel.
        channel_dim: the dimension of ``x`` along which per-channel parameters lie. Default: 1.
        backend: None for the best available, ``"native"`` for compiled CPU kernels, or
            ``"formula"``.
        save: what backward works from, ``"input"`` or ``"output"``; None for the default.

    Returns:
        A new tensor of the shape and dtype of ``x``, and of its strides when ``x`` is dense.

    Raises:
        TypeError: ``x`` or a parameter has a type or dtype that is not accepted.
        ValueError: a parameter is outside its domain or does not fit the channels.
        BackendUnavailableError: the backend asked for cannot serve the call.
    """
    if type(x) in PLAIN and not in_transform():
        values = tuple(params.values())
        if NUMBERS.issuperset(map(type, values)) and type(channel_dim) is int:
            return _with_numbers(activation, x, values, backend, save)
    watcher = None if torch.compiler.is_compiling() else WATCHER.get()
    if watcher is None:
        return _general(activation, x, params, channel_dim, backend, save)

    def compute() -> Tensor:
        return apply(activation, x, params, channel_dim=channel_dim, backend=backend, save=save)

    return watcher(activation, x, params, compute)


def _with_numbers(
    activation: Activation, x: Tensor, values: tuple[float, ...], backend: Any, save: Any
) -> Tensor:
    """A call on an eager tensor with numbers for parameters: the one that has to be quick."""
    if backend is not None:
        check_device(activation, backend, x)
    place = "cpu" if x.is_cpu else x.device.type
    call = _number_call(activation, values, x.dtype, place, backend, save)
    kernel, numbers = call.kernel, call.numbers
    if kernel is None or numbers is None:
        _check_input(activation.name, x)
        return _eager(call, x, ())
    try:
        if x.requires_grad and torch.is_grad_enabled():
            return Elementwise.apply(call, x)
        return kernel.forward(x, kernel.number, *numbers)
    except NotImplementedError:
        _check_input(activation.name, x)  # sparse, nested: what the operators do not take
        raise


def _general(
    activation: Activation,
    x: Tensor,
    params: Mapping[str, Any],
    channel_dim: int,
    backend: str | None,
    save: str | None,
) -> Tensor:
    """Any call: parameters that are tensors, compilers, transforms, subclasses."""
    _check_input(activation.name, x)
    _check_channel_dim(activation.name, channel_dim)
    values = {
        p.name: _checked(activation, p.name, params[p.name], x, channel_dim)
        for p in activation.params
    }
    form = form_to_save(activation, values, save, x.dtype)
    if must_trace(x, *values.values()):
        if operators.serve(activation, x, values, backend):
            return operators.value(activation, x, values, channel_dim, form)
        check_traced_backend(activation, backend)
        return formulas.traced(activation, x, spread(values, x, channel_dim))
    check_backend(activation, backend)
    check_device(activation, backend, x)
    kernel = kernel_for(activation, x.device.type, backend)
    numbers = {name: None if isinstance(v, Tensor) else v for name, v in values.items()}
    call = Call(activation, form, channel_dim, numbers, kernel)
    return _eager(call, x, tuple(tensors_of(values).values()))


def check(
    activation: Activation,
    x: Tensor,
    params: Mapping[str, Any],
    *,
    channel_dim: int = 1,
    backend: str | None = None,
) -> None:
    """What ``apply`` checks of a call before any work, for those who compute it otherwise."""
    _check_input(activation.name, x)
    _check_channel_dim(activation.name, channel_dim)
    for p in activation.params:
        _checked(activation, p.name, params[p.name], x, channel_dim)
    check_backend(activation, backend)
    check_device(activation, backend, x)


@functools.lru_cache(maxsize=4096)
def _number_call(
    activation: Activation,
    values: tuple[float, ...],
    dtype: torch.dtype,
    place: str,
    backend: str | None,
    save: str | None,
) -> Call:
    """The call for parameters that are all numbers; checked once for each set of them."""
    _check_dtype(activation.name, dtype)
    pairs = zip(activation.params, values, strict=True)
    params = {p.name: p.check(activation.name, value) for p, value in pairs}
    check_backend(activation, backend)
    form = form_to_save(activation, params, save, dtype)
    kernel = kernel_for(activation, place, backend)
    few = isinstance(kernel, Kernel) and len(values) <= MOST_NUMBERS
    numbers = tuple(params.values()) if few else None
    return Call(activation, form, 0, params, kernel, numbers)


def _eager(call: Call, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """Compute now, with a graph where a gradient is wanted."""
    if torch.is_grad_enabled() and (
        x.requires_grad or any(tensor.requires_grad for tensor in tensors)
    ):
        return Elementwise.apply(call, x, *tensors)
    with torch.no_grad():
        return value(call, x, tensors)


def _check_channel_dim(owner: str, channel_dim: Any) -> None:
    if type(channel_dim) is not int and (
        isinstance(channel_dim, bool) or not isinstance(channel_dim, int)
    ):
        raise TypeError(f"{owner}: channel_dim must be an integer, got {channel_dim!r}")


def _check_input(owner: str, x: Any) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{owner}: x must be a torch.Tensor, got {type(x).__name__}")
    _check_dtype(owner, x.dtype)
    if type(x) is Tensor and (x.layout != torch.strided or x.is_nested):
        kind = "a nested tensor" if x.is_nested else f"layout {x.layout}"
        raise TypeError(f"{owner}: x must be a strided (dense) tensor, got {kind}")


def _check_dtype(owner: str, dtype: torch.dtype) -> None:
    if dtype not in DTYPES:
        raise TypeError(f"{owner}: x must be one of {DTYPE_NAMES}, got {_name(dtype)}")


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
