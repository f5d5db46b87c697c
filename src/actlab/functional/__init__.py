"""Activations as functions: ``import actlab.functional as F; F.powerlu(x, p=2.0)``.

The four functions actlab is built around are written out in ``four``. Every other registered
activation is an attribute too (``F.gelu``), and ``call`` takes any name, including a
definition of your own: ``F.call("mymodule:foo", x)``. ``glu`` and ``gated`` multiply a value by
any of them: ``F.glu(x, "silu")`` is SwiGLU.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor

from actlab import registry
from actlab.core import Activation
from actlab.describe import docstring, signature
from actlab.functional.four import elu, expolu, powerlu, ralu
from actlab.functional.gates import gated, glu
from actlab.functional.options import SHIPPED, Backend, Parameter, Save
from actlab.functional.randomised import random_rrelu
from actlab.functional.stand_ins import handed_over, stands_in
from actlab.kernels.apply import apply

__all__ = [
    "Backend",
    "Parameter",
    "Save",
    "call",
    "elu",
    "expolu",
    "gated",
    "glu",
    "powerlu",
    "ralu",
    "random_rrelu",
]


def call(
    activation: str | Activation,
    x: Tensor,
    *args: Parameter,
    channel_dim: int = 1,
    backend: Backend = None,
    save: Save = None,
    **params: Parameter,
) -> Tensor:
    """Apply any activation, by name or by definition.

    Args:
        activation: a name, an alias, ``"module:object"`` or an ``Activation``.
        x: any shape; float64, float32, float16 or bfloat16.
        *args, **params: its parameters; those not given take their defaults.
        channel_dim: dimension along which 1-D parameters lie. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from. Default: None, as the definition says.

    Shape:
        (*) to (*), same dtype, and same strides when x is dense.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain.
        TypeError: a dtype or parameter type that is not accepted.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.call("leaky_relu", torch.tensor([-1.0, 2.0]), negative_slope=0.5)
        tensor([-0.5000,  2.0000])
    """
    if isinstance(activation, str) and activation in SHIPPED:
        definition = SHIPPED[activation]
    else:
        definition = registry.get(activation)
    if type(x) is not Tensor and stands_in(x):
        options: dict[str, Any] = {"channel_dim": channel_dim, "backend": backend, "save": save}
        return handed_over(call, x, registry.address(definition), x, *args, **options, **params)
    return apply(
        definition,
        x,
        definition.bind(args, params),
        channel_dim=channel_dim,
        backend=backend,
        save=save,
    )


@functools.cache
def _function(definition: Activation) -> Callable[..., Tensor]:
    """The function of a registered activation, with its own signature and docstring."""
    described = signature(definition, channel_dim=1, backend=None, save=None)

    def function(x: Tensor, *args: Parameter, **keywords: Any) -> Tensor:
        if type(x) is not Tensor and stands_in(x):
            return handed_over(function, x, x, *args, **keywords)
        return call(definition, x, *args, **keywords)

    function.__name__ = function.__qualname__ = definition.name
    # A code of its own: profiles and tracebacks show the name, and compilers, which keep at most
    # so many variants of one code, keep them for each function.
    function.__code__ = function.__code__.replace(
        co_name=definition.name, co_qualname=definition.name
    )
    function.__doc__ = docstring(definition)
    function.__signature__ = described  # type: ignore[attr-defined]
    return function


def __getattr__(name: str) -> Any:
    if name in SHIPPED:
        return _function(SHIPPED[name])
    if name.startswith("_") or name not in registry.names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _function(registry.get(name))


def __dir__() -> list[str]:
    return sorted({*globals(), *registry.names()})
