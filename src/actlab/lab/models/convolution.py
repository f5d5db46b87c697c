"""Convolutional networks: channels last inside, as windows times a matrix for each run.

A grouped convolution over all runs at once takes half as long again or more on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.lab.models.layers import Activate, Linear, Norm, normalisation
from actlab.lab.models.start import Start

Pair = tuple[int, int]


class _Windows(torch.autograd.Function):
    """``(runs, n, height, width, channels)`` to ``(runs, n, rows, columns, numbers of a window)``.

    The gradient of a general strided view goes through an index of every number; this one adds
    whole slices.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
        down, across = padding
        x = functional.pad(x, (0, 0, across, across, down, down)).contiguous()
        ctx.shape, ctx.kernel, ctx.stride, ctx.padding = x.shape, kernel, stride, padding
        runs, count, height, width, channels = x.shape
        rows = (height - kernel[0]) // stride[0] + 1
        columns = (width - kernel[1]) // stride[1] + 1
        steps = x.stride()
        # Channels and the columns of a window lie side by side, so they are one dimension here.
        seen = x.as_strided(
            (runs, count, rows, columns, kernel[0], kernel[1] * channels),
            (*steps[:2], stride[0] * steps[2], stride[1] * steps[3], steps[2], 1),
        )
        return seen.reshape(runs, count, rows, columns, -1)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        (grad,) = grad_outputs
        total = grad.new_zeros(ctx.shape)
        _, _, height, width, channels = ctx.shape
        rows, columns = grad.shape[2:4]
        parts = grad.unflatten(-1, (*ctx.kernel, channels))
        for i in range(ctx.kernel[0]):
            down = slice(i, i + ctx.stride[0] * (rows - 1) + 1, ctx.stride[0])
            for j in range(ctx.kernel[1]):
                across = slice(j, j + ctx.stride[1] * (columns - 1) + 1, ctx.stride[1])
                total[:, :, down, across] += parts[..., i, j, :]
        (top, left) = ctx.padding
        return total[:, :, top : height - top, left : width - left], None, None, None


def windows(x: Tensor, kernel: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Tensor:
    """Every window of images, its numbers in the order row, column, channel.

    Args:
        x: ``(runs, n, height, width, channels)``.
        kernel: rows and columns of a window.
        stride: rows and columns from a window to the next.
        padding: rows and columns of zeros on either side.

    Returns:
        ``(runs, n, rows, columns, kernel rows * kernel columns * channels)``.
    """
    return cast(Tensor, _Windows.apply(x, kernel, stride, padding))


@dataclass(frozen=True)
class Filters:
    """A convolutional layer: as many filters as it gives channels. One row for signals."""

    channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    def size(self, height: int, width: int) -> Pair:
        """Rows and columns that it gives."""
        return (
            (height + 2 * self.padding[0] - self.kernel[0]) // self.stride[0] + 1,
            (width + 2 * self.padding[1] - self.kernel[1]) // self.stride[1] + 1,
        )


class ConvolutionalNet(nn.Module):
    """Convolutions with the function of an arm after each, then linear maps.

    Args:
        start: where the parameters come from; its arm is the function.
        shape: height, width and channels of an example; height 1 for signals.
        filters: the convolutional layers.
        outputs: numbers given for an example.
        hidden: units of a layer between the convolutions and the outputs; 0 for none.
        norm: normalisation before the function of each convolution. Default: ``none``.
    """

    def __init__(
        self,
        start: Start,
        shape: tuple[int, int, int],
        filters: Sequence[Filters],
        outputs: int,
        *,
        hidden: int = 0,
        norm: Norm = "none",
    ) -> None:
        super().__init__()
        self.shape, self.filters = shape, tuple(filters)
        self.maps, self.norms, self.functions = (nn.ModuleList() for _ in range(3))
        height, width, channels = shape
        for index, layer in enumerate(self.filters):
            inputs = layer.kernel[0] * layer.kernel[1] * channels
            place = "hidden" if index else "first"
            self.maps.append(Linear(start, f"filters {index}", inputs, layer.channels, place=place))
            self.norms.append(normalisation(norm, start.runs, layer.channels))
            self.functions.append(Activate(start.arm, start.runs, layer.channels))
            (height, width), channels = layer.size(height, width), layer.channels
        inputs = height * width * channels
        self.hidden = Linear(start, "hidden", inputs, hidden) if hidden else None
        self.last_function = Activate(start.arm, start.runs, hidden) if hidden else None
        self.leave = Linear(start, "leave", hidden or inputs, outputs, place="last")

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, features)`` to ``(runs, n, outputs)``; features lie row by row."""
        x = x.reshape(*x.shape[:2], *self.shape)
        for layer, linear, norm, function in zip(
            self.filters, self.maps, self.norms, self.functions, strict=True
        ):
            x = function(norm(linear(windows(x, layer.kernel, layer.stride, layer.padding))))
        x = x.flatten(2)
        if self.hidden is not None and self.last_function is not None:
            x = self.last_function(self.hidden(x))
        return self.leave(x)
