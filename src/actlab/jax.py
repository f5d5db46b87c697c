"""Activations on JAX arrays: ``import actlab.jax as aj; aj.powerlu(x, p=2.0)``.

Every registered activation is an attribute, and ``call`` takes any name, including a definition
of your own, ``"mymodule:foo"``. They work under ``jit``, ``vmap``, ``grad`` and its like to any
order, in ``x`` and in parameters that are arrays. Torch is not imported. Needs the extra
``jax``.

Formulas are computed in double precision and rounded once, also where JAX has no 64-bit types
enabled: they are enabled for the operations of the formula alone, which XLA fuses, so that no
array of doubles is stored. XLA takes numbers below the smallest normal one for 0.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

from actlab import registry
from actlab.core import Activation, MissingExtraError
from actlab.describe import docstring_of, signature

__all__ = ["call"]

DTYPES = ("float64", "float32", "float16", "bfloat16")


def call(activation: str | Activation, x: Any, *args: Any, **params: Any) -> Any:
    """Apply any activation, by name or by definition.

    Args:
        activation: a name, an alias, ``"module:object"`` or an ``Activation``.
        x: an array, or what JAX makes an array of; float64, float32, float16 or bfloat16.
        *args, **params: its parameters: numbers, which are constants of the compiled function, or
            arrays that broadcast to the shape of ``x``, which have gradients. Numbers are
            checked, arrays are not looked at. Those not given take their defaults.

    Returns:
        An array of the shape and dtype of ``x``. A cotangent that is NaN or infinite becomes 0
        where the slope is 0 and the function, by its traits, never decreases.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain or of another shape.
        TypeError: a dtype or parameter type that is not accepted.
        MissingExtraError: jax is not installed.

    Example::

        import jax, jax.numpy as jnp, actlab.jax as aj

        aj.call("leaky_relu", jnp.array([-1.0, 2.0]), negative_slope=0.5)
        jax.grad(lambda p: aj.powerlu(x, p).sum())(jnp.float32(2.0))
    """
    definition = registry.get(activation)
    _require(definition.name)
    import jax.numpy as jnp

    from actlab.interpret.jax_ import elementwise

    owner = definition.name
    array = jnp.asarray(x)
    _check_dtype(owner, "x", array)
    numbers, arrays = [], {}
    for name, value in definition.bind(args, params).items():
        if hasattr(value, "shape") and not isinstance(value, float):
            arrays[name] = jnp.asarray(value)
            _check_dtype(owner, name, arrays[name])
            _check_shape(owner, name, arrays[name], array)
        else:
            numbers.append((name, definition.param(name).check(owner, value)))
    function = elementwise(definition, array.dtype, tuple(numbers), tuple(arrays))
    return function(array, *arrays.values())


def _require(feature: str) -> None:
    if importlib.util.find_spec("jax") is None:
        raise MissingExtraError(f"actlab.jax.{feature}", "jax")


def _check_dtype(owner: str, name: str, array: Any) -> None:
    if array.dtype.name not in DTYPES:
        raise TypeError(
            f"{owner}: {name} must be one of {', '.join(DTYPES)}, got {array.dtype.name}"
        )


def _check_shape(owner: str, name: str, value: Any, x: Any) -> None:
    import jax.numpy as jnp

    try:
        fits = jnp.broadcast_shapes(value.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{owner}: {name} has shape {value.shape}, which does not broadcast to the shape "
            f"{x.shape} of x"
        )


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
        "(*) to (*), same dtype.",
        "    >>> import jax.numpy as jnp, actlab.jax as aj\n"
        f"    >>> aj.{definition.name}(jnp.zeros((2, 3))).shape\n"
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
