"""The Triton backend: value and gradients by kernels printed from the definition.

A call is one launch for the value and one for the gradient, on the current stream of the tensor's
device; gradients in parameters take one more for each of them. Nothing waits for the device: what
parameters that are tensors hold is looked at there alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.interpret.triton_ import Printed
from actlab.kernels.call import Call
from actlab.kernels.gpu.arguments import (
    DEVICE_HALF,
    DEVICE_MIXED,
    constants_of,
    device_of,
    parameter_arguments,
)
from actlab.kernels.gpu.layout import channel_steps, layout, memory_order

NO_CONTRACTION = {"enable_fp_fusion": False}
"""Multiply-adds are where the text has them and nowhere else: see ``maths.py``."""

MOST_REGISTERS = {DEVICE_MIXED: 96, DEVICE_HALF: 64}
"""For each thread, in modes that hold a second way in double for rare parameters: what that takes
would else leave room for too few threads to keep the memory busy. The first way takes about 40."""


@dataclass(frozen=True, slots=True, eq=False)
class TritonKernel:
    """The kernels of one definition."""

    activation: Activation
    printed: Printed
    module: ModuleType

    def value(
        self, call: Call, x: Tensor, tensors: tuple[Tensor, ...], factor: Tensor | None = None
    ) -> Tensor:
        """``f(x)``, or ``f(x) * factor``, in the shape, dtype and (when dense) strides of ``x``."""
        y = torch.empty_like(x)
        if not y.numel():
            return y
        order = memory_order(y)
        other = x if factor is None else factor
        lay = layout(x.shape, order, y, x, other)
        inner, channels = channel_steps(x.shape, order, _channel_dim(call, x))
        block = _block(x)
        constants = constants_of(self, "forward", call, x.dtype)
        with device_of(x):
            self.module.value_kernel[(_blocks(y.numel(), block),)](
                x, other, y, y.numel(), lay.shape, lay.strides[1], lay.strides[2],
                inner, channels,
                **parameter_arguments(self, call, tensors, x, constants),
                DIMS=len(lay.shape), GATED=factor is not None, MODE=constants.mode,
                WIDE=_is_wide(y, x, other), BLOCK=block, **_options(constants.mode),
            )  # fmt: skip
        return y

    def gradients(
        self,
        call: Call,
        saved: Tensor,
        tensors: tuple[Tensor, ...],
        cotangent: Tensor,
        wants_x: bool,
        wanted: list[str],
    ) -> dict[str | None, Tensor]:
        """Gradients by parameter name, that of the input under None."""
        if wanted:
            return self._sums(call, saved, tensors, cotangent, wants_x, wanted, None)
        x_grad = torch.empty_like(saved)
        self._gradient(call, saved, tensors, cotangent, None, x_grad, x_grad)
        return {None: x_grad}

    def gated_gradients(
        self,
        call: Call,
        gate: Tensor,
        value: Tensor,
        tensors: tuple[Tensor, ...],
        cotangent: Tensor,
        wanted: list[str],
        into: tuple[Tensor, Tensor],
    ) -> dict[str | None, Tensor]:
        """Gradients of ``f(gate) * value``: those of gate and value are written to ``into``."""
        self._gradient(call, gate, tensors, cotangent, value, *into)
        if not wanted:
            return {}
        return self._sums(call, gate, tensors, cotangent, False, wanted, value)

    def _gradient(
        self,
        call: Call,
        saved: Tensor,
        tensors: tuple[Tensor, ...],
        cotangent: Tensor,
        factor: Tensor | None,
        x_grad: Tensor,
        factor_grad: Tensor,
    ) -> None:
        """The gradient in the input, and in the factor where there is one, in one launch."""
        if not x_grad.numel():
            return
        order = memory_order(x_grad)
        other = saved if factor is None else factor
        lay = layout(saved.shape, order, saved, cotangent, other, x_grad, factor_grad)
        inner, channels = channel_steps(saved.shape, order, _channel_dim(call, saved))
        block, constants = _block(saved), constants_of(self, self._slope(call), call, saved.dtype)
        values = constants_of(self, "forward", call, saved.dtype)
        with device_of(saved):
            self.module.gradient_kernel[(_blocks(x_grad.numel(), block),)](
                saved, cotangent, other, x_grad, factor_grad, x_grad.numel(), lay.shape,
                *lay.strides, inner, channels,
                **parameter_arguments(self, call, tensors, saved, constants, values),
                DIMS=len(lay.shape), OUTPUT=call.form == "output", GATED=factor is not None,
                MODE=constants.mode, VALUE_MODE=values.mode,
                WIDE=_is_wide(x_grad, factor_grad, saved, cotangent, other), BLOCK=block,
                **_options(constants.mode),
            )  # fmt: skip

    def _sums(
        self,
        call: Call,
        saved: Tensor,
        tensors: tuple[Tensor, ...],
        cotangent: Tensor,
        wants_x: bool,
        wanted: list[str],
        factor: Tensor | None,
    ) -> dict[str | None, Tensor]:
        """Gradients in parameters, and in the input where wanted, by chunks in logical order."""
        params = call.bound(tensors)
        x_grad = torch.empty_like(saved) if wants_x else saved
        shared = all(tensor.numel() == 1 for tensor in tensors)
        order = list(range(saved.dim()))
        inner, channels = channel_steps(saved.shape, order, _channel_dim(call, saved))
        if shared:
            inner, channels = max(saved.numel(), 1), 1
        length = saved.numel() // max(channels, 1)
        rows, columns, chunk = tile(length, inner, channels)
        chunks = max(_blocks(length, chunk), 1)
        partial = torch.empty(
            (len(params), channels, chunks), dtype=torch.float64, device=saved.device
        )
        if not saved.numel():
            partial.zero_()
        other = saved if factor is None else factor
        lay = layout(saved.shape, order, saved, cotangent, other, x_grad)
        constants = constants_of(self, self._slope(call), call, saved.dtype)
        grads: dict[str | None, Tensor] = {None: x_grad} if wants_x else {}
        with device_of(saved):
            if saved.numel():
                self.module.sums_kernel[(chunks, _blocks(channels, columns))](
                    saved, cotangent, other, x_grad, partial, length, lay.shape,
                    *lay.strides, inner, channels, chunks,
                    **parameter_arguments(self, call, tensors, saved, constants),
                    **{f"W_{name}": name in wanted for name in params},
                    DIMS=len(lay.shape), OUTPUT=call.form == "output", GATED=factor is not None,
                    MODE=constants.mode, CHUNK=chunk, ROWS=rows, COLUMNS=columns, WANTS_X=wants_x,
                    **_options(constants.mode),
                )  # fmt: skip
            for place, (name, param) in enumerate(params.items()):
                if name in wanted and isinstance(param, Tensor):
                    grads[name] = self._total(partial[place], param)
        return grads

    def _total(self, partial: Tensor, param: Tensor) -> Tensor:
        """The chunks' sums added up in the shape and dtype of a parameter."""
        total = torch.empty(param.shape, dtype=param.dtype, device=partial.device)
        if total.numel():
            count = partial.numel() // total.numel()
            self.module.total_kernel[(total.numel(),)](partial, total, count, BLOCK=256)
        return total

    def _slope(self, call: Call) -> str:
        return "slope_from_output" if call.form == "output" else "slope"


MOST_ROWS, MOST_COLUMNS = 1024, 64


def tile(length: int, inner: int, channels: int) -> tuple[int, int, int]:
    """Rows and columns of a block, and rows of a chunk, for sums over ``length`` per channel.

    Where channels lie side by side in memory a block takes several; else it takes one. The chunk
    depends on the shape alone, so that sums do not depend on anything else.
    """
    columns = 1
    while columns < min(channels, MOST_COLUMNS // min(inner, MOST_COLUMNS)):
        columns *= 2
    rows = MOST_ROWS // columns
    steps = 1
    while steps < 32 and length > 64 * rows * steps:
        steps *= 2
    return rows, columns, rows * steps


def _channel_dim(call: Call, x: Tensor) -> int:
    return call.channel_dim % x.dim() if x.dim() else 0


BLOCK_BYTES = 4096


def _options(mode: int) -> dict[str, Any]:
    """What the compiler is told."""
    if mode in MOST_REGISTERS and torch.version.hip is None:
        return NO_CONTRACTION | {"maxnreg": MOST_REGISTERS[mode]}
    return NO_CONTRACTION


def _block(x: Tensor) -> int:
    """Elements of a block: as many bytes for every dtype."""
    return BLOCK_BYTES // x.element_size()


def _blocks(count: int, block: int) -> int:
    return -(-count // block)


LARGEST_OFFSET = 2**31 - 1 - 2**16


def _is_wide(*tensors: Tensor) -> bool:
    """Whether offsets need 64 bits."""
    return any(_reach(tensor) > LARGEST_OFFSET for tensor in tensors)


def _reach(x: Tensor) -> int:
    spans = ((size - 1) * abs(step) for size, step in zip(x.shape, x.stride(), strict=True) if size)
    return max(sum(spans), x.numel())
