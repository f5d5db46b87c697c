"""Modules that stand in places of a tree for more than one module: by call, or by a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from actlab.surgery.location import here
from actlab.surgery.scope import Entry, Scope


class Overwriting(nn.Module):
    """An activation that writes its result into its input, as in-place activations do."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        # What backward needs of the input is kept in the copy.
        return x.copy_(self.activation(x.clone()))


class Calls(nn.Module):
    """In place of a module that is called several times in a pass: one module for each call.

    Args:
        modules: by the number of the site they are for.
        scope: that of the module in whose code the calls are.
        key: tells this from others in the same code.
        order: for training and evaluation, the calls as they come: number and place.
    """

    def __init__(
        self,
        modules: Mapping[int, nn.Module],
        scope: Scope,
        key: str,
        order: Mapping[bool, tuple[Entry, ...]],
    ) -> None:
        super().__init__()
        for number, module in modules.items():
            self.add_module(str(number), module)
        self.key = key
        self.order = dict(order)
        self.__dict__["scope"] = scope  # no part of the module tree

    def forward(self, x: Tensor) -> Tensor:
        scope: Scope = self.__dict__["scope"]
        run = scope.run
        if run is None or not run.whole:
            raise RuntimeError(
                f"{self.key} is one of the activations of {scope.place}, which were swapped "
                "call by call; call the module that it belongs to, not the activation alone"
            )
        counted = f"module {self.key}"
        number = run.count(counted)
        frame = None if torch.compiler.is_compiling() else here()
        orders = (self.order[run.training], self.order[not run.training])
        found = scope.find(run, counted, orders, number, frame, own_call=True)
        if found is None:
            scope.refuse(run, f"calls {self.key}", number, len(orders[0]))
        return self._modules[str(found.key)](x)  # type: ignore[misc]


class Function(nn.Module):
    """A function as a module, for calls that keep it while others are replaced."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Shielded:
    """A function kept in an attribute, whose calls are no calls of the code around it."""

    def __init__(self, function: Callable[..., object], scope: Scope) -> None:
        self.function = function
        self.scope = scope

    def __call__(self, *args: object, **kwargs: object) -> object:
        run = self.scope.run
        if run is None:
            return self.function(*args, **kwargs)
        run.held += 1
        try:
            return self.function(*args, **kwargs)
        finally:
            run.held -= 1
