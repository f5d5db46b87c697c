"""The one autograd Function that every elementwise activation runs through.

It keeps a single tensor for backward, the input or the output as the definition says, and the
parameters. Backward runs the derivative formula block by block; when a graph of the backward
itself is wanted (``create_graph``) or a transform is active, it runs differentiable operations
on the same saved tensor instead, so that derivatives of every order exist.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.kernels import formula as formulas
from actlab.kernels.formula import Params
from actlab.kernels.policy import must_trace

Form = Literal["input", "output"]


def forward_blocks(activation: Activation, x: Tensor, params: Params) -> Tensor:
    """``f(x)`` without a graph, in the shape, dtype and (when dense) strides of ``x``.

    ``params`` broadcast against ``x``, as ``spread`` shapes them.
    """
    out = torch.empty_like(x)
    order = _memory_order(out)
    shared, separate = _split(params, x, order)

    def step(block: Tensor, *parts: Tensor) -> tuple[Tensor]:
        local = shared | dict(zip(separate, parts, strict=True))
        return (formulas.evaluate(activation.forward, block, local, x.dtype),)

    formulas.blockwise(step, [_flat(x, order), *separate.values()], [out.permute(order).view(-1)])
    return out


class Elementwise(torch.autograd.Function):
    """``f(x; params)`` with one saved tensor."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, activation: Activation, form: Form, channel_dim: int, x: Tensor, *values: Any
    ) -> Tensor:
        names = [param.name for param in activation.params]
        params = dict(zip(names, values, strict=True))
        y = forward_blocks(activation, x, spread(params, x, channel_dim))
        tensors = _tensors(params)
        ctx.save_for_backward(x if form == "input" else y, *tensors.values())
        ctx.activation, ctx.form, ctx.channel_dim = activation, form, channel_dim
        ctx.tensor_names = tuple(tensors)
        ctx.params = params | dict.fromkeys(tensors)
        return y

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:  # type: ignore[override]
        saved, *tensors = ctx.saved_tensors
        params = ctx.params | dict(zip(ctx.tensor_names, tensors, strict=True))
        wants_x = ctx.needs_input_grad[3]
        wanted = [
            name for name, needed in zip(params, ctx.needs_input_grad[4:], strict=True) if needed
        ]
        work = _traced_backward if _needs_graph(cotangent, saved) else _block_backward
        grads = work(
            ctx.activation, ctx.form, ctx.channel_dim, saved, params, cotangent, wants_x, wanted
        )
        return (None, None, None, grads.get(None), *(grads.get(name) for name in params))


def _needs_graph(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() or must_trace(*tensors)


def _formulas(
    activation: Activation, form: Form, wants_x: bool, wanted: list[str]
) -> dict[str | None, Formula]:
    """The derivative formula for the input (key None) and for each wanted parameter."""
    if form == "output" and activation.from_output is not None:
        slope, partials = activation.from_output.derivative, activation.from_output.partials
    else:
        slope = activation.derivative
        partials = {name: formulas.partial_formula(activation.forward, name) for name in wanted}
    chosen: dict[str | None, Formula] = {None: slope} if wants_x else {}
    return chosen | {name: partials[name] for name in wanted}


def _block_backward(
    activation: Activation,
    form: Form,
    channel_dim: int,
    saved: Tensor,
    params: Params,
    cotangent: Tensor,
    wants_x: bool,
    wanted: list[str],
) -> dict[str | None, Tensor]:
    """Gradients without a graph, block by block; parameter gradients in one fixed order."""
    chosen = _formulas(activation, form, wants_x, wanted)
    grad_x = torch.empty_like(saved)
    order = _memory_order(grad_x)
    shared, separate = _split(spread(params, saved, channel_dim), saved, order)
    storage, wide = saved.dtype, formulas.compute_dtype(saved)
    grads = {
        name: torch.empty_like(grad_x, dtype=storage if name is None else wide) for name in chosen
    }

    def step(block: Tensor, g: Tensor, *parts: Tensor) -> list[Tensor]:
        local = shared | dict(zip(separate, parts, strict=True))
        factors = [formulas.evaluate(f, block, local, storage) for f in chosen.values()]
        return [_passed(g.to(wide), factor, storage) for factor in factors]

    formulas.blockwise(
        step,
        [_flat(saved, order), _flat(cotangent, order), *separate.values()],
        [grad.permute(order).view(-1) for grad in grads.values()],
    )
    learned = _tensors(params)
    return {
        name: grad if name is None else _reduced(grad, learned[name], channel_dim)
        for name, grad in grads.items()
    }


def _passed(cotangent: Tensor, slope: Tensor, storage: torch.dtype) -> Tensor:
    """``cotangent * slope``; a dead element passes 0, whatever comes in, infinite or NaN."""
    passed = cotangent * slope + 0.0  # + 0.0 makes the -0.0 of a dead element a 0.0
    if formulas.all_finite(cotangent):
        return passed
    dead = (slope == 0) | ((formulas.rounded(slope, storage) == 0) & ~torch.isfinite(cotangent))
    return torch.where(dead, 0.0, passed)


def _traced_backward(
    activation: Activation,
    form: Form,
    channel_dim: int,
    saved: Tensor,
    params: Params,
    cotangent: Tensor,
    wants_x: bool,
    wanted: list[str],
) -> dict[str | None, Tensor]:
    """Gradients as differentiable operations on the saved tensor."""
    shaped = spread(params, saved, channel_dim)
    learned, shaped_tensors = _tensors(params), _tensors(shaped)
    g = cotangent.to(formulas.compute_dtype(saved))
    grads: dict[str | None, Tensor] = {}
    for name, chosen in _formulas(activation, form, wants_x, wanted).items():
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


def _reduced(terms: Tensor, param: Tensor, channel_dim: int) -> Tensor:
    """Sums of per-element terms in the shape and dtype of the parameter, in logical order."""
    if param.numel() == 0:
        return torch.zeros_like(param)
    if param.numel() == 1:
        total = formulas.ordered_sum(terms.reshape(1, -1))
    else:
        total = formulas.ordered_sum(terms.movedim(channel_dim, 0).reshape(param.numel(), -1))
    return formulas.rounded(total.reshape(param.shape), param.dtype)


def spread(params: Params, x: Tensor, channel_dim: int) -> dict[str, float | Tensor]:
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


def _split(
    params: Params, x: Tensor, order: list[int]
) -> tuple[dict[str, float | Tensor], dict[str, Tensor]]:
    """Shared parameters as they are, and per-channel ones with one value per element of ``x``."""
    separate = {
        name: _flat(value.expand(x.shape), order)
        for name, value in _tensors(params).items()
        if value.numel() > 1
    }
    return {name: value for name, value in params.items() if name not in separate}, separate


def _tensors(params: Params) -> dict[str, Tensor]:
    return {name: value for name, value in params.items() if isinstance(value, Tensor)}


def _memory_order(dense: Tensor) -> list[int]:
    """The dimensions of a dense tensor from outermost to innermost in memory."""
    strides, shape = dense.stride(), dense.shape
    return sorted(range(dense.dim()), key=lambda d: (-strides[d], shape[d] == 1, d))


def _flat(x: Tensor, order: list[int]) -> Tensor:
    """The elements of ``x`` in the given order of dimensions, contiguous."""
    return x.permute(order).contiguous().view(-1)
