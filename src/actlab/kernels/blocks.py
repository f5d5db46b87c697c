"""The formula backend for eager tensors: value and gradients without a graph, block by block."""

from __future__ import annotations

import torch
from torch import Tensor

from actlab.kernels import formula as formulas
from actlab.kernels.call import Call
from actlab.kernels.channels import reduced, spread, tensors_of
from actlab.kernels.formula import Params
from actlab.kernels.policy import compute_dtype


def value(call: Call, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """``f(x)`` without a graph, in the shape, dtype and (when dense) strides of ``x``."""
    params = spread(call.bound(tensors), x, call.channel_dim)
    out = torch.empty_like(x)
    order = _memory_order(out)
    shared, separate = _split(params, x, order)

    def step(block: Tensor, *parts: Tensor) -> tuple[Tensor]:
        local = shared | dict(zip(separate, parts, strict=True))
        return (formulas.evaluate(call.activation.forward, block, local, x.dtype),)

    formulas.blockwise(step, [_flat(x, order), *separate.values()], [out.permute(order).view(-1)])
    return out


def gradients(
    call: Call,
    saved: Tensor,
    tensors: tuple[Tensor, ...],
    cotangent: Tensor,
    wants_x: bool,
    wanted: list[str],
) -> dict[str | None, Tensor]:
    """Gradients without a graph, block by block; parameter gradients in one fixed order."""
    chosen, params = call.formulas(wants_x, wanted), call.bound(tensors)
    grad_x = torch.empty_like(saved)
    order = _memory_order(grad_x)
    shared, separate = _split(spread(params, saved, call.channel_dim), saved, order)
    storage, wide = saved.dtype, compute_dtype(saved)
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
    learned = tensors_of(params)
    return {
        name: grad if name is None else reduced(grad, learned[name], call.channel_dim)
        for name, grad in grads.items()
    }


def _passed(cotangent: Tensor, slope: Tensor, storage: torch.dtype) -> Tensor:
    """``cotangent * slope``; a dead element passes 0, whatever comes in, infinite or NaN."""
    passed = cotangent * slope + 0.0  # + 0.0 makes the -0.0 of a dead element a 0.0
    if formulas.all_finite(cotangent):
        return passed
    dead = (slope == 0) | ((formulas.rounded(slope, storage) == 0) & ~torch.isfinite(cotangent))
    return torch.where(dead, 0.0, passed)


def _split(
    params: Params, x: Tensor, order: list[int]
) -> tuple[dict[str, float | Tensor], dict[str, Tensor]]:
    """Shared parameters as they are, and per-channel ones with one value per element of ``x``."""
    separate = {
        name: _flat(value.expand(x.shape), order)
        for name, value in tensors_of(params).items()
        if value.numel() > 1
    }
    return {name: value for name, value in params.items() if name not in separate}, separate


def _memory_order(dense: Tensor) -> list[int]:
    """The dimensions of a dense tensor from outermost to innermost in memory."""
    strides, shape = dense.stride(), dense.shape
    return sorted(range(dense.dim()), key=lambda d: (-strides[d], shape[d] == 1, d))


def _flat(x: Tensor, order: list[int]) -> Tensor:
    """The elements of ``x`` in the given order of dimensions, contiguous."""
    return x.permute(order).contiguous().view(-1)
