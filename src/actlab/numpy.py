"""Activations on NumPy arrays: ``import actlab.numpy as an; an.powerlu(x, p=2.0)``.

Every registered activation is an attribute; ``call`` takes any name, including a definition of
your own, ``"mymodule:foo"``, and ``slope`` computes derivatives. Torch is not imported. All is
computed in double precision and rounded once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from actlab import registry
from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.describe import docstring_of, signature
from actlab.interpret.numpy_ import evaluate

__all__ = ["call", "slope"]

DTYPES = ("float64", "float32", "float16", "bfloat16")

Array: TypeAlias = "np.ndarray[Any, Any]"


def call(activation: str | Activation, x: Any, *args: Any, **params: Any) -> Any:
    """Apply any activation, by name or by definition.

    Args:
        activation: a name, an alias, ``"module:object"`` or an ``Activation``.
        x: an array, or what NumPy makes an array of; float64, float32, float16, and the bfloat16
            of ml_dtypes.
        *args, **params: its parameters, numbers or floating-point arrays that broadcast to the
            shape of ``x``. Those not given take their defaults.

    Returns:
        A new array of the shape and dtype of ``x``; a scalar of NumPy where ``x`` is a number.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain or of another shape.
        TypeError: a dtype or parameter type that is not accepted.

    Example:
        >>> import numpy as np, actlab.numpy as an
        >>> an.call("leaky_relu", np.array([-1.0, 2.0]), negative_slope=0.5)
        array([-0.5,  2. ])
    """
    definition = registry.get(activation)
    return _apply(definition, definition.forward, x, definition.bind(args, params))


def slope(activation: str | Activation, x: Any, *args: Any, **params: Any) -> Any:
    """The derivative of any activation in ``x``, joints as its definition declares them.

    Args:
        activation, x, *args, **params: as for ``call``.

    Returns:
        A new array of the shape and dtype of ``x``; a scalar of NumPy where ``x`` is a number.

    Raises:
        ValueError, TypeError: as for ``call``.

    Example:
        >>> import numpy as np, actlab.numpy as an
        >>> an.slope("powerlu", np.array([-2.0, 0.0, 1.0, 3.0]), p=3.0)
        array([0.   , 0.375, 1.5  , 1.   ])
    """
    definition = registry.get(activation)
    return _apply(definition, definition.derivative, x, definition.bind(args, params))


def _apply(definition: Activation, formula: Formula, x: Any, params: Mapping[str, Any]) -> Any:
    owner = definition.name
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{owner}: x must be a plain array, got a masked one")
    array = np.asarray(x)
    if array.dtype.name not in DTYPES:
        raise TypeError(f"{owner}: x must be one of {', '.join(DTYPES)}, got {array.dtype.name}")
    values = {
        param.name: _checked(definition, param.name, params[param.name], array)
        for param in definition.params
    }
    result = evaluate(formula, array, values)
    return result if isinstance(x, np.ndarray) else result[()]


def _checked(definition: Activation, name: str, value: Any, x: Array) -> float | Array:
    """A number, or an array of doubles that fits, every one of them inside the domain."""
    param, owner = definition.param(name), definition.name
    if not isinstance(value, np.ndarray):
        return param.check(owner, value)
    if value.dtype.name not in DTYPES:
        raise TypeError(
            f"{owner}: {name} must be one of {', '.join(DTYPES)}, got {value.dtype.name}"
        )
    try:
        np.broadcast_to(value, x.shape)
    except ValueError as error:
        raise ValueError(
            f"{owner}: {name} has shape {value.shape}, which does not broadcast to the shape "
            f"{x.shape} of x"
        ) from error
    wide = value.astype(np.float64)
    for end in (wide.min(), wide.max()) if wide.size else ():
        param.check(owner, float(end))  # a NaN is both
    return wide


@functools.cache
def _function(definition: Activation) -> Callable[..., Any]:
    """The function of a registered activation, with its own signature and docstring."""

    def function(x: Any, *args: Any, **params: Any) -> Any:
        return call(definition, x, *args, **params)

    function.__name__ = function.__qualname__ = definition.name
    function.__module__ = __name__
    function.__doc__ = docstring_of(
        definition,
        "",
        "(*) to (*), same dtype; numbers to a scalar of NumPy.",
        "    >>> import numpy as np, actlab.numpy as an\n"
        f"    >>> an.{definition.name}(np.zeros((2, 3))).shape\n"
        "    (2, 3)\n",
    )
    function.__signature__ = signature(definition)  # type: ignore[attr-defined]
    return function


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in registry.names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _function(registry.get(name))


def __dir__() -> list[str]:
    return sorted({*globals(), *registry.names()})
