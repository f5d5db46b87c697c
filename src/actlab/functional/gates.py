"""Gated linear units of any activation: an activation of one tensor times another tensor."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor

from actlab import registry
from actlab.core import Activation
from actlab.functional.options import SHIPPED, Backend, Parameter
from actlab.functional.stand_ins import handed_over, stands_in
from actlab.kernels.gated import gated_halves, gated_pair

SIDES = ("first", "second")


def glu(
    x: Tensor,
    activation: str | Activation = "sigmoid",
    *args: Parameter,
    dim: int = -1,
    gate: Literal["first", "second"] = "second",
    channel_dim: int = 1,
    backend: Backend = None,
    **params: Parameter,
) -> Tensor:
    """Gated linear unit: one half of ``x`` times an activation of its other half.

    ``f(gate) * value``, where gate and value are the halves of ``x`` along ``dim``. With
    ``"sigmoid"`` it is GLU (Dauphin et al. 2016), with ``"relu"`` ReGLU, with ``"gelu"`` GEGLU,
    with ``"silu"`` SwiGLU (Shazeer 2020); any activation and definition will do. Backward keeps
    ``x`` and nothing else.

    Args:
        x: any shape of an even size in ``dim``; float64, float32, float16 or bfloat16.
        activation: a name, an alias, ``"module:object"`` or a definition. Default: "sigmoid".
        *args, **params: its parameters; those not given take their defaults.
        dim: the dimension that is halved. Default: -1.
        gate: which half is the gate: ``"second"`` as in ``torch.nn.functional.glu``, or
            ``"first"`` as in the packed projections of Llama-like models. Default: "second".
        channel_dim: dimension of the gate along which 1-D parameters lie. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.

    Shape:
        (*, 2 n, *) to (*, n, *), same dtype.

    Raises:
        ValueError: an odd size, no such dimension or side, or a parameter outside its domain.
        TypeError: a dtype or parameter type that is not accepted.

    Reference:
        Dauphin et al. (2016), arXiv:1612.08083; Shazeer (2020), arXiv:2002.05202.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.glu(torch.tensor([[3.0, 5.0, 0.0, 2.0]]), "relu")
        tensor([[ 0., 10.]])
    """
    definition = _definition(activation)
    if gate not in SIDES:
        raise ValueError(f"{definition.name}: gate must be 'first' or 'second', got {gate!r}")
    if type(x) is not Tensor and stands_in(x):
        call = (x, registry.address(definition), *args)
        options: dict[str, Any] = {"dim": dim, "gate": gate, "channel_dim": channel_dim}
        return handed_over(glu, x, *call, **options, backend=backend, **params)
    return gated_halves(
        definition,
        x,
        definition.bind(args, params),
        dim=dim,
        gate_first=gate == "first",
        channel_dim=channel_dim,
        backend=backend,
    )


def gated(
    activation: str | Activation,
    gate: Tensor,
    value: Tensor,
    *args: Parameter,
    channel_dim: int = 1,
    backend: Backend = None,
    **params: Parameter,
) -> Tensor:
    """An activation of one tensor times another tensor: ``f(gate) * value``.

    The gated linear unit of two projections that are separate tensors. Backward keeps the two
    and nothing else.

    Args:
        activation: a name, an alias, ``"module:object"`` or a definition.
        gate: any shape; float64, float32, float16 or bfloat16.
        value: a tensor of the gate's shape and dtype.
        *args, **params: the activation's parameters; those not given take their defaults.
        channel_dim: dimension along which 1-D parameters lie. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.

    Shape:
        (*) and (*) to (*), same dtype.

    Raises:
        ValueError: shapes or devices that differ, or a parameter outside its domain.
        TypeError: a dtype or parameter type that is not accepted.

    Reference:
        Shazeer (2020), arXiv:2002.05202.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.gated("powerlu", torch.tensor([0.0, 2.0]), torch.tensor([8.0, 3.0]))
        tensor([2., 6.])
    """
    definition = _definition(activation)
    if type(gate) is not Tensor and stands_in(gate):
        call = (registry.address(definition), gate, value, *args)
        options: dict[str, Any] = {"channel_dim": channel_dim, "backend": backend}
        return handed_over(gated, gate, *call, **options, **params)
    return gated_pair(
        definition,
        gate,
        value,
        definition.bind(args, params),
        channel_dim=channel_dim,
        backend=backend,
    )


def _definition(activation: str | Activation) -> Activation:
    if isinstance(activation, str) and activation in SHIPPED:
        return SHIPPED[activation]
    return registry.get(activation)
