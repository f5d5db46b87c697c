"""Linear layers as initialisation sees them: a weight, a bias, and how many numbers they add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn.utils import parametrize

Kind = Literal["linear", "conv", "conv_transpose", "matmul"]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

ARGUMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "linear": ("input", "weight", "bias"),
        "matmul": ("input", "other"),
        "__matmul__": ("input", "other"),
        "mm": ("input", "mat2"),
        "addmm": ("bias", "input", "mat2"),
    }
    | {
        f"conv{n}d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
        for n in (1, 2, 3)
    }
    | {
        f"conv_transpose{n}d": (
            *("input", "weight", "bias", "stride", "padding", "output_padding", "groups"),
            "dilation",
        )
        for n in (1, 2, 3)
    }
)
"""Torch's linear operations, by name, and the first of their arguments."""


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A weight that maps inputs linearly.

    Args:
        name: of the module, or of the parameter where it is used without one.
        kind: what it does with its weight.
        weight: the weight; a computed tensor where the module is parametrized.
        bias: the bias parameter, or None.
        stride: product of a convolution's strides.
        groups: of a convolution.
        owner: the module whose ``weight`` it is, where that is parametrized.
        out_first: whether the weight's first dimension counts outputs.
        problem: why its weight cannot be set, or an empty string.
        adjustable: whether it is an operation of its own, and not inside a larger one.
    """

    name: str
    kind: Kind
    weight: Tensor
    bias: Tensor | None = None
    stride: float = 1.0
    groups: int = 1
    owner: nn.Module | None = None
    out_first: bool = True
    problem: str = ""
    adjustable: bool = True

    def parameters(self) -> list[nn.Parameter]:
        """The parameters that the weight is, or is computed from by its parametrization."""
        if self.owner is not None:
            steps: Any = self.owner.parametrizations
            return list(steps["weight"].parameters())
        return [self.weight] if isinstance(self.weight, nn.Parameter) else []

    @property
    def fan_in(self) -> float:
        """How many products an output sums up; for a strided transpose, on average."""
        return self._fans()[0]

    @property
    def fan_out(self) -> float:
        """How many outputs an input goes into; for a strided convolution, on average."""
        return self._fans()[1]

    def _fans(self) -> tuple[float, float]:
        first, second = self.weight.shape[0], self.weight.shape[1]
        kernel = math.prod(self.weight.shape[2:])
        if not self.out_first:
            first, second = second, first
        per_input, per_output = float(second * kernel), float(first * kernel)
        # A weight of (out, in / groups, ...): an input meets the outputs of its own group only.
        if self.kind == "conv":
            return per_input, per_output / self.groups / self.stride
        if self.kind == "conv_transpose":
            return per_input / self.groups / self.stride, per_output
        return per_input, per_output


def layer_of_module(name: str, module: nn.Module) -> Layer | None:
    """The layer that a Linear or convolution module is, or None for any other module."""
    if isinstance(module, nn.Linear):
        kind: Kind = "linear"
    elif isinstance(module, CONVOLUTIONS):
        kind = "conv"
    elif isinstance(module, TRANSPOSED):
        kind = "conv_transpose"
    else:
        return None
    weight = module.weight
    owner = module if parametrize.is_parametrized(module, "weight") else None
    computed = owner is None and not isinstance(weight, nn.Parameter)
    return Layer(
        name,
        kind,
        weight,
        module.bias,
        stride=float(math.prod(getattr(module, "stride", ()))),
        owner=owner,
        out_first=kind != "conv_transpose",
        groups=getattr(module, "groups", 1),
        problem="its weight is computed anew in every call" if computed else "",
    )


def layer_of_call(
    name: str,
    operation: str,
    arguments: Mapping[str, Any],
    weight: Tensor,
    turned: bool,
    problem: str = "",
) -> Layer:
    """The layer of a linear operation.

    Args:
        name: what to call it.
        operation, arguments: torch's operation and its arguments by name.
        weight: the parameter, or the computed tensor.
        turned: whether the operation uses the parameter's transpose.
        problem: why the weight cannot be set.
    """
    kind: Kind = "matmul"
    if operation.startswith("conv"):
        kind = "conv_transpose" if "transpose" in operation else "conv"
    elif operation == "linear":
        kind = "linear"
    return Layer(
        name,
        kind,
        weight,
        arguments.get("bias"),
        stride=stride_product(arguments.get("stride", 1), weight.dim() - 2),
        groups=arguments.get("groups", 1),
        out_first=(kind in ("linear", "conv")) != turned,
        problem=problem,
    )


def bound(operation: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a linear operation by name."""
    return dict(zip(ARGUMENTS[operation], args, strict=False)) | dict(kwargs)


def stride_product(stride: Any, dimensions: int) -> float:
    """The product of strides given as a number, or as one for all or each dimension."""
    strides = [stride] if isinstance(stride, int) else list(stride)
    return float(math.prod(strides * dimensions if len(strides) == 1 else strides))


def mean_square(values: Tensor) -> float:
    """The mean of the squares, in double precision."""
    return float(values.detach().double().square().mean())
