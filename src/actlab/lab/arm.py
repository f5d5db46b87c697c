"""An arm of a comparison: a function with its parameters and the initialisation it starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor, nn

Scheme = Literal["default", "he", "lecun", "own", "forward", "centred"]
SCHEMES: tuple[Scheme, ...] = ("default", "he", "lecun", "own", "forward", "centred")
"""``default``: as PyTorch does. The others draw N(0, w^2 / fan_in) with w: ``he`` sqrt(2),
``lecun`` 1, ``own`` critical where the function has an edge of chaos and ``forward`` elsewhere,
``forward`` 1 / sqrt(E f^2), ``centred`` 1 / sqrt(Var f)."""

Learned = Literal["", "shared", "unit"]


@dataclass(frozen=True)
class Init:
    """How networks of an arm start.

    Args:
        scheme: one of ``SCHEMES``.
        weight: standard deviation of a hidden weight times sqrt(fan_in); 0 for ``default``.
        bias: standard deviation of a hidden bias; 0 for ``default``.
    """

    scheme: Scheme = "default"
    weight: float = 0.0
    bias: float = 0.0

    @property
    def key(self) -> dict[str, Any]:
        """What identifies it inside a cell's key."""
        if self.scheme == "default":
            return {"scheme": "default"}
        return {"scheme": self.scheme, "weight": self.weight, "bias": self.bias}


@dataclass(frozen=True)
class Arm:
    """A function as a task receives it.

    Args:
        name: what ``actlab.get`` is called with.
        params: every parameter by name.
        label: how tables call it.
        init: how its networks start.
        learn: ``shared``: its parameters are trained, one set per layer; ``unit``: one per
            channel; empty: they stay as they are.
        constraint: name of the interval that learned parameters are kept in, such as
            ``monotone``; empty for their own domain.
    """

    name: str
    params: Mapping[str, float] = field(default_factory=dict)
    label: str = ""
    init: Init = field(default_factory=Init)
    learn: Learned = ""
    constraint: str = ""

    def function(self) -> Callable[[Tensor], Tensor]:
        """The function with its parameters fixed, for tensors of any shape."""
        from actlab import functional

        values: dict[str, Any] = dict(self.params)
        return partial(functional.call, self.name, **values)

    def __call__(self, x: Tensor) -> Tensor:
        """The function's values at ``x``, parameters fixed."""
        return self.function()(x)

    def module(self, channels: int = 1) -> nn.Module:
        """A module of the function, its parameters learned where the arm says so.

        Args:
            channels: units of the layer, for parameters learned one per channel. Default: 1.
        """
        from actlab.nn import Activation

        if not self.learn:
            values: dict[str, Any] = dict(self.params)
            return Activation(self.name, learnable=False, **values)
        return self.learned_module(channels if self.learn == "unit" else 1)

    def learned_module(self, count: int, channel_dim: int = 1) -> nn.Module:
        """The function with ``count`` learned values of each parameter along ``channel_dim``."""
        from actlab.nn import Activation

        values: dict[str, Any] = dict(self.params)
        return Activation(
            self.name,
            learnable=True,
            num_parameters=count,
            channel_dim=channel_dim,
            constraint=self.constraint or None,
            **values,
        )
