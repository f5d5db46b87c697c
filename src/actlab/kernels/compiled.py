"""The native backend: value and gradients by compiled kernels."""

from __future__ import annotations

from torch import Tensor

from actlab.kernels import formula as formulas
from actlab.kernels.call import Call
from actlab.kernels.native import MOST_NUMBERS, Kernel, table


def value(call: Call, kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """``f(x)`` without a graph, in the shape, dtype and (when dense) strides of ``x``."""
    if call.numbers is not None:
        return kernel.forward(x, kernel.number, *call.numbers)
    values = list(call.bound(tensors).values())
    if len(values) <= MOST_NUMBERS and all(v.numel() == 1 for v in tensors):
        numbers = [v.item() if isinstance(v, Tensor) else v for v in values]
        return kernel.forward(x, kernel.number, *numbers)
    return kernel.forward_channels(x, kernel.number, table(values), _channel_dim(call, x))


def gradients(
    call: Call,
    kernel: Kernel,
    saved: Tensor,
    tensors: tuple[Tensor, ...],
    cotangent: Tensor,
    wants_x: bool,
    wanted: list[str],
) -> dict[str | None, Tensor]:
    """Gradients without a graph; parameter gradients sum in one fixed order."""
    from_output = call.form == "output"
    params = call.bound(tensors)
    mask = sum(1 << place for place, name in enumerate(params) if name in wanted)
    grad, sums = kernel.backward_channels(
        saved,
        cotangent,
        kernel.number,
        from_output,
        table(list(params.values())),
        _channel_dim(call, saved),
        wants_x,
        mask,
    )
    grads: dict[str | None, Tensor] = {None: grad} if wants_x else {}
    for place, (name, param) in enumerate(params.items()):
        if name in wanted and isinstance(param, Tensor):
            grads[name] = _fitted(sums[place], param)
    return grads


def _channel_dim(call: Call, x: Tensor) -> int:
    """The channels' dimension counted from 0; any, where parameters are shared."""
    return call.channel_dim % x.dim() if x.dim() else 0


def _fitted(sums: Tensor, param: Tensor) -> Tensor:
    """Sums per channel in the shape and dtype of a parameter that may be shared by all."""
    if param.numel() == 1 and sums.numel() > 1:
        sums = formulas.ordered_sum(sums.reshape(1, -1))
    return formulas.rounded(sums.reshape(param.shape), param.dtype)
