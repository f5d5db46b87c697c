"""Formulas on tensors: as traceable operations, and block by block without a graph.

The block-wise form is what eager tensors use. A block stays in the cache while the formula's
operations pass over it, so large tensors need no large temporaries. And it makes results
independent of layout, length, offset and thread count to the last bit: torch's vectorised loops
round some functions (``pow``) differently in their scalar tail, so every block is filled up to a
multiple of the widest vector, and no block is large enough to be split between threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret import torch_masks, torch_onnx
from actlab.interpret.torch_ import TorchMaths
from actlab.interpret.torch_single import SingleMaths
from actlab.kernels.policy import compute_dtype, is_grad_batch

Params = Mapping[str, "float | Tensor"]

HALVES = (torch.float16, torch.bfloat16)

BLOCK = 32768
"""Elements a block holds: torch runs no more than this many in one thread."""

LANES = 64
"""Blocks are filled up to a multiple of this, so that no loop has a scalar tail."""


def traced(activation: Activation, x: Tensor, params: Params) -> Tensor:
    """A value as plain differentiable operations, rounded once to the dtype of ``x``.

    In compiled and exported graphs half types round through float32, as torch converts them
    (0.501 ulp), so that the graph holds no bit manipulation; and single precision serves
    wherever the definition says that it is enough.
    """
    if torch_onnx.is_exporting():
        with torch_onnx.ExactNumbers():
            return _traced(activation, x, params)
    return _traced(activation, x, params)


def _traced(activation: Activation, x: Tensor, params: Params) -> Tensor:
    if _single_will_do(activation, x, params):
        return traced_single(activation, x, params).to(x.dtype)
    return narrowed(traced_wide(activation.forward, x, params), x.dtype)


def _single_will_do(activation: Activation, x: Tensor, params: Params) -> bool:
    direct, half = activation.direct, activation.half_types
    if (
        not torch.compiler.is_compiling()
        or x.dtype == torch.float64
        or compute_dtype(x) != torch.float64
        or any(isinstance(value, Tensor) for value in params.values())
    ):
        return False
    conditions = []
    if direct is not None:
        conditions.append(direct.usable)
        if x.dtype in HALVES and direct.slopes_usable is not None:
            conditions.append(direct.slopes_usable)  # float32 is in double where it matters
    elif half is not None and x.dtype in HALVES and not torch_onnx.is_exporting():
        # Exporters to ONNX write log1p as a logarithm of a sum, which only double forgives.
        conditions.append(half.usable)
    m = SingleMaths(x, storage=x.dtype)
    return bool(conditions) and all(usable(m, **params) for usable in conditions)


def traced_single(activation: Activation, x: Tensor, params: Params) -> Tensor:
    """A value as plain differentiable operations in single precision."""
    shown = activation.direct or activation.half_types
    single = x.to(torch.float32)
    formula: Formula = (shown.traced if shown else None) or activation.forward
    value = formula(SingleMaths(single, storage=x.dtype), single, **params)
    return _single_nan_at_nan(value, single)


def _nan_at_nan(value: Tensor, x: Tensor) -> Tensor:
    """The value, with a value and a slope of NaN wherever ``x`` is NaN."""
    # At NaN the input itself, times NaN: that makes the slope NaN too. The factor is 1 elsewhere;
    # a where would have to meet 0 * NaN in the branch it does not choose. Compilers vectorise
    # this comparison, and compute it again in backward rather than keep its mask; not so isnan.
    some = x <= math.inf
    factor = torch.where(some, 1.0, torch.nan).to(value.dtype)
    return torch.where(some, value, x.to(value.dtype)) * factor


def _single_nan_at_nan(value: Tensor, x: Tensor) -> Tensor:
    """The same, where little else is computed."""
    # torch.relu(-torch.relu(x)) is 0, or NaN at NaN. Without a mask in this factor, compilers
    # keep x for backward and not the masks of a few comparisons, which CPUs read slowly.
    factor = (1 - torch.relu(-torch.relu(x))).detach()
    return torch.where(x <= math.inf, value, x) * factor


def narrowed(wide: Tensor, dtype: torch.dtype) -> Tensor:
    """``rounded`` as a differentiable operation, where torch offers what that takes."""
    plain = torch.compiler.is_compiling() or is_grad_batch(wide)
    if wide.dtype == torch.float64 and dtype in HALVES and not plain:
        exact = rounded(wide.detach(), dtype).to(wide.dtype)
        change = (exact - wide).detach()
        # Where the result is 0 the conversion is right, and a sum would lose the zero's sign.
        wide = torch.where(torch.isfinite(change) & (exact != 0), wide + change, wide)
    return wide.to(dtype)


def traced_wide(formula: Formula, x: Tensor, params: Params) -> Tensor:
    """A formula as plain differentiable operations, in the dtype that formulas compute in."""
    wide = x.to(compute_dtype(x))
    maths = torch_onnx.OnnxMaths if torch_onnx.is_exporting() else TorchMaths
    m = maths(wide, storage=x.dtype, differentiable=True)
    with torch_masks.recomputed(x):
        value = formula(m, wide, **_widened(params, wide.dtype))
    if not isinstance(value, Tensor):  # such as the derivative in what is only added
        value = torch.full_like(wide, value)
    return _nan_at_nan(value, x)


def blockwise(
    step: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> None:
    """Run ``step`` over equal flat inputs block by block, writing its results to the outputs.

    Args:
        step: takes one block of each input and returns one block for each output.
        inputs: contiguous 1-D tensors of one length.
        outputs: contiguous 1-D tensors of that length, written in place.
    """
    length = inputs[0].numel()
    size = BLOCK if inputs[0].device.type == "cpu" else max(length, 1)
    for start in range(0, length, size):
        stop = min(start + size, length)
        blocks = [_filled(t[start:stop]) for t in inputs]
        for out, result in zip(outputs, step(*blocks), strict=True):
            out[start:stop] = rounded(result[: stop - start], out.dtype)


def _filled(block: Tensor) -> Tensor:
    """The block, lengthened with ones to a multiple of ``LANES``."""
    missing = -block.numel() % LANES if block.device.type == "cpu" else 0
    return torch.nn.functional.pad(block, (0, missing), value=1.0) if missing else block


def evaluate(formula: Formula, at: Tensor, params: Params, storage: torch.dtype) -> Tensor:
    """A formula on one block, in the dtype formulas compute in, NaN where ``at`` is NaN."""
    wide = at.to(compute_dtype(at))
    m = TorchMaths(wide, storage=storage, differentiable=False)
    value = formula(m, wide, **_widened(params, wide.dtype))
    return value if all_finite(wide) else torch.where(torch.isnan(wide), torch.nan, value)


def all_finite(block: Tensor) -> bool:
    """Whether a block is known to hold no infinity and no NaN.

    A finite sum proves it, and costs a fraction of looking at each element. Devices that would
    have to be waited for are not asked.
    """
    return block.device.type == "cpu" and math.isfinite(block.sum().item())


def rounded(wide: Tensor, dtype: torch.dtype) -> Tensor:
    """Round once to a narrower dtype, ties to even.

    torch converts double to half types through float32, which rounds twice: a value that
    float32 rounds onto the middle between two halves would then go the wrong way. Rounding to
    float32 with an odd last bit first (Boldo and Melquiond 2008) prevents exactly that.
    """
    if wide.dtype != torch.float64 or dtype not in HALVES:
        return wide.to(dtype)
    single = wide.to(torch.float32)
    bits = single.view(torch.int32)
    back = single.to(torch.float64)
    even_and_inexact = (back != wide) & torch.isfinite(wide) & (bits & 1 == 0)
    step = torch.where(back.abs() < wide.abs(), 1, -1).to(torch.int32)
    return torch.where(even_and_inexact, bits + step, bits).view(torch.float32).to(dtype)


def _widened(params: Params, dtype: torch.dtype) -> dict[str, float | Tensor]:
    return {
        name: value.to(dtype) if isinstance(value, Tensor) else value
        for name, value in params.items()
    }


def ordered_sum(terms: Tensor) -> Tensor:
    """Sums over the last dimension in one fixed order, whatever the thread count.

    Rows of a fixed length are summed first, then their sums, and so on. Each row is one
    contiguous run that torch sums in one thread.
    """
    while terms.shape[-1] > 1:
        missing = -terms.shape[-1] % 1024 if terms.shape[-1] > 1024 else 0
        if missing:
            terms = torch.nn.functional.pad(terms, (0, missing))
        width = min(terms.shape[-1], 1024)
        rows = terms.reshape(-1, width).contiguous()
        if rows.shape[0] == 1:
            # A second row keeps torch from splitting a lone one between threads.
            rows = torch.cat([rows, torch.zeros_like(rows)])
            sums = rows.sum(-1)[:1]
        else:
            sums = rows.sum(-1)
        terms = sums.reshape(*terms.shape[:-1], -1)
    return terms.sum(-1)
