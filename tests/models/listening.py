"""Hear every activation of a pass, with torch's means only and without actlab's tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from actlab.nn import Activation
from models.networks import Functional

FLAT = frozenset(
    {
        *("relu", "relu_", "relu6", "hardtanh", "hardswish", "hardsigmoid"),
        *("powerlu", "PowerLU", "ExpoLU"),
    }
)
"""Functions that are exactly constant somewhere."""

SMOOTH = frozenset(
    {
        *("elu", "celu", "selu", "tanh", "sigmoid", "silu", "gelu", "softplus", "mish"),
        *("log_sigmoid", "softsign", "ELU", "Activation"),
    }
)
"""Functions that only fade."""

NEITHER = frozenset({"leaky_relu", "prelu", "RaLU"})


@dataclass(frozen=True, slots=True)
class Heard:
    """One call of an activation.

    Attributes:
        name: of the function. input: a copy from before the call. output: what came out.
        again: the function itself, to be applied to any tensor.
        in_place: whether the output lies where the input lay.
    """

    name: str
    input: Tensor
    output: Tensor
    again: Callable[[Tensor], Tensor]
    in_place: bool = False

    def slope(self, at: Tensor | None = None) -> Tensor:
        """By autograd, at the input of the call or elsewhere."""
        x = (self.input if at is None else at).detach().clone().requires_grad_()
        with torch.enable_grad():
            y = self.again(x * 1)  # a leaf must not be overwritten
            return torch.autograd.grad(y.sum(), x)[0]

    def steepest(self) -> float:
        """The largest slope of the function on [-20, 20]."""
        grid = torch.linspace(-20, 20, 4001, dtype=self.input.dtype)
        return float(self.slope(grid).abs().max())


class Ear(TorchFunctionMode):
    """Records activations in the order of execution.

    Args:
        apart: let them work on copies, so that none overwrites its input.
    """

    def __init__(self, apart: bool = False) -> None:
        super().__init__()
        self.apart = apart
        self.heard: list[Heard] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name not in FLAT | SMOOTH | NEITHER:
            return func(*args, **kwargs)
        before, place = args[0].detach().clone(), args[0].data_ptr()
        if self.apart:
            args = (args[0].clone(), *args[1:])
        result = func(*args, **kwargs)
        in_place = result.data_ptr() == place
        self.keep(name, before, result, lambda x: func(x, *args[1:], **kwargs), in_place)
        return result

    def attach(self, model: nn.Module) -> None:
        """Hear actlab's activations too, which are no functions of torch's."""
        for module in model.modules():
            if isinstance(module, Activation):
                module.register_forward_hook(self.module_ran)
            elif isinstance(module, Functional) and module.function[0].__module__.startswith(
                "actlab"
            ):
                module.__dict__["function"] = (self.around(module.function[0]),)

    def module_ran(self, module: nn.Module, args: tuple[Tensor], result: Tensor) -> None:
        self.keep(type(module).__name__, args[0].detach().clone(), result, module.forward)

    def around(self, function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def heard(x: Tensor) -> Tensor:
            before, result = x.detach().clone(), function(x)
            self.keep(function.__name__, before, result, function)
            return result

        return heard

    def keep(
        self,
        name: str,
        before: Tensor,
        result: Tensor,
        again: Callable[[Tensor], Tensor],
        in_place: bool = False,
    ) -> None:
        if result.requires_grad:
            result.retain_grad()
        self.heard.append(Heard(name, before, result, again, in_place))


def listen(model: nn.Module, data: list[Tensor]) -> list[list[Heard]]:
    """Forward and backward of every batch: the activations in order, and in each all batches."""
    passes = []
    ear = Ear()
    ear.attach(model)
    with torch.random.fork_rng(devices=[]), torch.compiler.set_stance("force_eager"):
        for batch in data:
            ear.heard = []
            model.zero_grad()
            with ear:
                model(batch).float().square().mean().backward()
            passes.append(ear.heard)
    return [list(calls) for calls in zip(*passes, strict=True)]


def by_unit(values: Tensor, dim: int) -> Tensor:
    """One row for each unit; three dimensions are sequences, more are images."""
    where = {1: 0, 2: 1, 3: dim}.get(values.ndim, 1)
    return values.movedim(where, 0).flatten(1)


def flags(calls: list[Heard], dim: int, test: Callable[[Heard], Tensor]) -> Tensor:
    """Per unit and sample what a test of each call says."""
    return torch.cat([by_unit(test(call), dim) for call in calls], 1)


def dead_units(calls: list[Heard], dim: int) -> tuple[int, ...]:
    """Those whose slope is exactly 0 for every sample."""
    found = flags(calls, dim, lambda call: call.slope() == 0).all(1)
    return tuple(found.nonzero().flatten().tolist())


def faded_units(calls: list[Heard], dim: int) -> tuple[int, ...]:
    """Those whose slope is at most 1/100 of the function's largest for every sample."""
    limit = calls[0].steepest() / 100
    found = flags(calls, dim, lambda call: call.slope().abs() <= limit).all(1)
    return tuple(found.nonzero().flatten().tolist())
