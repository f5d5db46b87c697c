"""Gated linear units of any activation as a module."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from actlab import core
from actlab.functional import glu
from actlab.functional.gates import SIDES
from actlab.nn.activation import Activation
from actlab.nn.recorded import Proxy, recorded


class GLU(nn.Module):
    """Gated linear unit: one half of the input times an activation of its other half.

    Args:
        activation: a name, an alias, ``"module:object"`` or a definition: ``"sigmoid"`` for
            GLU, ``"relu"`` for ReGLU, ``"gelu"`` for GEGLU, ``"silu"`` for SwiGLU.
            Default: "sigmoid".
        *args, **options: as for ``nn.Activation``: the activation's parameters, ``learnable``,
            ``num_parameters``, ``channel_dim``, ``constraint``, ``backend``, ``device``,
            ``dtype``.
        dim: the dimension that is halved. Default: -1.
        gate: which half is the gate: ``"second"`` as in ``torch.nn.GLU``, or ``"first"``.
            Default: "second".

    It reads the parameters of the activation inside without calling it: what gathers parameters
    when modules are called (``fully_shard``) goes around the unit.

    Shape:
        (*, 2 n, *) to (*, n, *), same dtype.

    Raises:
        ValueError: no such side, or a parameter outside its domain.
        TypeError: ``dim`` is not an integer, or an unknown parameter.

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.GLU("silu")(torch.zeros(5, 8)).shape
        torch.Size([5, 4])
    """

    def __init__(
        self,
        activation: str | core.Activation = "sigmoid",
        *args: float,
        dim: int = -1,
        gate: Literal["first", "second"] = "second",
        **options: Any,
    ) -> None:
        super().__init__()
        self.activation = Activation(activation, *args, **options)
        name = self.activation.definition.name
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise TypeError(f"{name}: dim must be an integer, got {dim!r}")
        if gate not in SIDES:
            raise ValueError(f"{name}: gate must be 'first' or 'second', got {gate!r}")
        self.dim = dim
        self.gate: Literal["first", "second"] = gate

    def forward(self, x: Tensor) -> Tensor:
        """See ``actlab.functional.glu``."""
        if type(x) is not Tensor and isinstance(x, Proxy):
            return recorded(self, x)
        return glu(
            x,
            self.activation.definition,
            dim=self.dim,
            gate=self.gate,
            channel_dim=self.activation.channel_dim,
            backend=self.activation.backend,
            **self.activation.values(),
        )

    def extra_repr(self) -> str:
        return f"dim={self.dim}, gate={self.gate!r}"
