"""Products of an activation and a value that keep nothing but their inputs for backward.

A gated linear unit is ``f(gate) * value``. Written out, it keeps the gate, the value and
``f(gate)``; here backward computes ``f(gate)`` again, by the same kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.kernels.apply import apply, check
from actlab.kernels.call import Call
from actlab.kernels.channels import tensors_of
from actlab.kernels.policy import (
    in_transform,
    is_grad_batch,
    kernel_for,
    must_trace,
)

HALF_TYPES = (torch.float16, torch.bfloat16)


class Unit:
    """What one call computes: an activation, its options, and its parameters that are numbers."""

    def __init__(self, activation: Activation, params: Mapping[str, Any], **options: Any) -> None:
        self.activation = activation
        self.options = options
        self.params = {k: None if isinstance(v, Tensor) else v for k, v in params.items()}

    def of(self, gate: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
        """``f(gate)`` in the dtype in which the product is formed: half types are rounded once."""
        params = self.given(tensors)
        wide = gate.float() if gate.dtype in HALF_TYPES else gate
        return apply(self.activation, wide, params, **self.options)

    def given(self, tensors: tuple[Tensor, ...]) -> dict[str, Any]:
        """Every parameter by name."""
        rest = iter(tensors)
        return {k: next(rest) if v is None else v for k, v in self.params.items()}

    def fused(self, gate: Tensor) -> Call | None:
        """The call that computes the product in one kernel, on devices that have one."""
        kernel = kernel_for(self.activation, gate.device.type, self.options["backend"])
        if kernel is None or not hasattr(kernel, "gated_gradients"):
            return None
        channel_dim = self.options["channel_dim"]
        return Call(self.activation, "input", channel_dim, self.params, kernel)


class Gated(torch.autograd.Function):
    """``f(gate; params) * value``, keeping the gate, the value and the parameters."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, unit: Unit, gate: Tensor, value: Tensor, *tensors: Tensor
    ) -> Tensor:
        ctx.unit = unit
        ctx.save_for_backward(gate, value, *tensors)
        return _forward(unit, gate, value, tensors)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:  # type: ignore[override]
        gate, value, *tensors = ctx.saved_tensors
        unit, needs = ctx.unit, ctx.needs_input_grad
        graph = torch.is_grad_enabled()
        if _is_plain(cotangent) and (call := unit.fused(gate)):
            into = torch.empty_like(gate), torch.empty_like(value)
            rest = _fused_gradients(call, gate, value, tensors, cotangent, needs[3:], into)
            return None, *into, *rest
        if not graph and not in_transform() and not is_grad_batch(cotangent):
            gate, *tensors = (t.detach().requires_grad_(t.requires_grad) for t in (gate, *tensors))
        wanted = [
            t for t, need in zip((gate, *tensors), (needs[1], *needs[3:]), strict=True) if need
        ]
        with torch.enable_grad():
            height = unit.of(gate, tuple(tensors))
        wide = cotangent.to(height.dtype)
        found = iter(
            torch.autograd.grad(height, wanted, wide * value, create_graph=graph) if wanted else ()
        )
        of_gate = next(found) if needs[1] else None
        of_value = (wide * height).to(value.dtype) if needs[2] else None
        return None, of_gate, of_value, *(next(found) if need else None for need in needs[3:])


class Halves(torch.autograd.Function):
    """``Gated`` of the two halves of one tensor: what is kept is that tensor."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, unit: Unit, dim: int, gate_first: bool, x: Tensor, *tensors: Tensor
    ) -> Tensor:
        ctx.unit, ctx.dim, ctx.gate_first = unit, dim, gate_first
        ctx.save_for_backward(x, *tensors)
        gate, value = halves(x, dim, gate_first)
        return _forward(unit, gate, value, tensors)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:  # type: ignore[override]
        x, *tensors = ctx.saved_tensors
        gate, value = halves(x, ctx.dim, ctx.gate_first)
        if _is_plain(cotangent) and (call := ctx.unit.fused(gate)):
            of_x = torch.empty_like(x)
            into = halves(of_x, ctx.dim, ctx.gate_first)
            needed = ctx.needs_input_grad[4:]
            rest = _fused_gradients(call, gate, value, tensors, cotangent, needed, into)
            return None, None, None, of_x, *rest
        needs = (False, ctx.needs_input_grad[3], ctx.needs_input_grad[3], *ctx.needs_input_grad[4:])
        inner = _Context(ctx.unit, (gate, value, *tensors), needs)
        _, of_gate, of_value, *of_tensors = Gated.backward(inner, cotangent)
        of_x = None
        if of_gate is not None:
            pair = (of_gate, of_value) if ctx.gate_first else (of_value, of_gate)
            of_x = torch.cat(pair, ctx.dim)
        return None, None, None, of_x, *of_tensors


class _Context:
    """What ``Gated.backward`` reads from its context."""

    def __init__(self, unit: Unit, saved: tuple[Tensor, ...], needs: tuple[bool, ...]) -> None:
        self.unit, self.saved_tensors, self.needs_input_grad = unit, saved, needs


def _forward(unit: Unit, gate: Tensor, value: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    call = unit.fused(gate)
    if call is None:
        return _product(unit.of(gate, tensors), value)
    check(unit.activation, gate, unit.given(tensors), **unit.options)
    return call.kernel.value(call, gate, tensors, value)


def _is_plain(cotangent: Tensor) -> bool:
    """Whether backward may run kernels: no graph of it is wanted, and nothing transforms it."""
    traced = torch.is_grad_enabled() or in_transform() or is_grad_batch(cotangent)
    return not traced and type(cotangent) is Tensor


def _fused_gradients(
    call: Call,
    gate: Tensor,
    value: Tensor,
    tensors: Sequence[Tensor],
    cotangent: Tensor,
    needed: tuple[bool, ...],
    into: tuple[Tensor, Tensor],
) -> list[Tensor | None]:
    """Writes the gradients of gate and value; those of the parameters that are tensors."""
    wanted = call.wanted(needed)
    kernel = call.kernel
    grads = kernel.gated_gradients(call, gate, value, tuple(tensors), cotangent, wanted, into)
    return [grads.get(name) for name, number in call.params.items() if number is None]


def _product(height: Tensor, value: Tensor) -> Tensor:
    return (height * value).to(value.dtype)


def halves(x: Tensor, dim: int, gate_first: bool) -> tuple[Tensor, Tensor]:
    """The gate and the value in one tensor."""
    first, second = x.chunk(2, dim)
    return (first, second) if gate_first else (second, first)


def gated_pair(
    activation: Activation,
    gate: Tensor,
    value: Tensor,
    params: Mapping[str, Any],
    *,
    channel_dim: int = 1,
    backend: str | None = None,
) -> Tensor:
    """``f(gate) * value`` for two tensors of one shape and dtype.

    Raises:
        TypeError: ``value`` is not a tensor of the gate's dtype.
        ValueError: ``value`` has another shape or device than ``gate``.
    """
    _check_pair(activation.name, gate, value)
    unit = Unit(activation, params, channel_dim=channel_dim, backend=backend)
    tensors = tuple(tensors_of(params).values())
    if must_trace(gate, value, *tensors):
        return _product(unit.of(gate, tensors), value)
    return Gated.apply(unit, gate, value, *tensors)


def gated_halves(
    activation: Activation,
    x: Tensor,
    params: Mapping[str, Any],
    *,
    dim: int = -1,
    gate_first: bool = False,
    channel_dim: int = 1,
    backend: str | None = None,
) -> Tensor:
    """``f(gate) * value`` for the two halves of ``x`` along ``dim``.

    Raises:
        TypeError: ``x`` is not a tensor, or ``dim`` is not an integer.
        ValueError: ``x`` has no such dimension, or its size is odd.
    """
    _check_halves(activation.name, x, dim)
    unit = Unit(activation, params, channel_dim=channel_dim, backend=backend)
    tensors = tuple(tensors_of(params).values())
    if must_trace(x, *tensors):
        gate, value = halves(x, dim, gate_first)
        return _product(unit.of(gate, tensors), value)
    return Halves.apply(unit, dim, gate_first, x, *tensors)


def _check_pair(owner: str, gate: object, value: object) -> None:
    for name, tensor in (("gate", gate), ("value", value)):
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise TypeError(f"{owner}: {name} must be a torch.Tensor, got {kind}")
    assert isinstance(gate, Tensor)
    assert isinstance(value, Tensor)
    if gate.dtype != value.dtype:
        raise TypeError(f"{owner}: value must be {gate.dtype} as gate is, got {value.dtype}")
    if gate.shape != value.shape:
        raise ValueError(
            f"{owner}: value must have the shape of gate, {tuple(gate.shape)}, "
            f"got {tuple(value.shape)}"
        )
    if gate.device != value.device:
        raise ValueError(f"{owner}: gate is on {gate.device} but value is on {value.device}")


def _check_halves(owner: str, x: object, dim: object) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{owner}: x must be a torch.Tensor, got {type(x).__name__}")
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise TypeError(f"{owner}: dim must be an integer, got {dim!r}")
    if not -x.dim() <= dim < x.dim():
        raise ValueError(
            f"{owner}: dim must be a dimension of x with shape {tuple(x.shape)}, got {dim}"
        )
    if x.shape[dim] % 2:
        raise ValueError(
            f"{owner}: x must have an even size in dimension {dim} to be halved, "
            f"got shape {tuple(x.shape)}"
        )
