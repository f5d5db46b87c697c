"""The one autograd Function that every elementwise activation runs through.

It keeps a single tensor for backward, the input or the output as the call says, and the
parameters. Backward runs a compiled kernel or the derivative formula block by block; when a
graph of the backward itself is wanted (``create_graph``) or a transform is active, it runs
differentiable operations on the same saved tensor instead, so that derivatives of every order
exist.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from actlab.kernels import blocks, compiled, native
from actlab.kernels import formula as formulas
from actlab.kernels.call import Call
from actlab.kernels.channels import spread, tensors_of
from actlab.kernels.policy import compute_dtype, in_transform, is_grad_batch


def value(call: Call, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """``f(x)`` without a graph, in the shape, dtype and (when dense) strides of ``x``."""
    kernel = call.kernel
    if kernel is None:
        return blocks.value(call, x, tensors)
    if isinstance(kernel, native.Kernel):
        return compiled.value(call, kernel, x, tensors)
    return kernel.value(call, x, tensors)


class Elementwise(torch.autograd.Function):
    """``f(x; params)`` with one saved tensor."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, call: Call, x: Tensor, *tensors: Tensor
    ) -> Tensor:
        kernel, numbers = call.kernel, call.numbers
        if numbers is not None and kernel is not None:
            y = kernel.forward(x, kernel.number, *numbers)
        else:
            y = value(call, x, tensors)
        ctx.save_for_backward(x if call.form == "input" else y, *tensors)
        ctx.call = call
        return y

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:  # type: ignore[override]
        call = ctx.call
        saved, *rest = ctx.saved_tensors
        graph = (
            torch.is_grad_enabled()
            or type(cotangent) is not Tensor
            or in_transform()
            or is_grad_batch(cotangent)
        )
        kernel, numbers = call.kernel, call.numbers
        if numbers is not None and not graph:
            output = call.form == "output"
            return None, kernel.backward(saved, cotangent, kernel.number, output, *numbers)
        tensors = tuple(rest)
        wants_x, wanted = ctx.needs_input_grad[1], call.wanted(ctx.needs_input_grad[2:])
        given = (saved, tensors, cotangent, wants_x, wanted)
        if graph:
            grads = traced_gradients(call, *given)
        elif kernel is None:
            grads = blocks.gradients(call, *given)
        elif isinstance(kernel, native.Kernel):
            grads = compiled.gradients(call, kernel, *given)
        else:
            grads = kernel.gradients(call, *given)
        of_tensors = (grads.get(name) for name, number in call.params.items() if number is None)
        return (None, grads.get(None), *of_tensors)


def traced_gradients(
    call: Call,
    saved: Tensor,
    tensors: tuple[Tensor, ...],
    cotangent: Tensor,
    wants_x: bool,
    wanted: list[str],
) -> dict[str | None, Tensor]:
    """Gradients as differentiable operations on the saved tensor."""
    params = call.bound(tensors)
    shaped = spread(params, saved, call.channel_dim)
    learned, shaped_tensors = tensors_of(params), tensors_of(shaped)
    g = cotangent.to(compute_dtype(saved))
    grads: dict[str | None, Tensor] = {}
    for name, chosen in call.formulas(wants_x, wanted).items():
        slope = formulas.traced_wide(chosen, saved, shaped)
        # Only a non-finite cotangent is masked: where the slope crosses 0, its own slope counts.
        grad = torch.where((slope == 0) & ~torch.isfinite(g), 0.0, g * slope)
        if name is None:
            grads[name] = formulas.narrowed(grad, saved.dtype)
        else:
            param = learned[name]
            total = grad.sum_to_size(shaped_tensors[name].shape)
            grads[name] = total.reshape(param.shape).to(param.dtype)
    return grads
