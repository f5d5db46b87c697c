"""Activations for Keras 3: ``Dense(64, activation=actlab.keras.powerlu)``.

Every registered activation is an attribute, and a name that saved models are loaded by once this
module is imported; ``Activation`` is the layer of any of them, with parameters. On the torch
backend they are those of ``actlab.functional``, on JAX those of ``actlab.jax``, on NumPy those
of ``actlab.numpy``. Needs the extra ``keras``.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

from actlab import registry
from actlab.core import Activation as Definition
from actlab.core import MissingExtraError
from actlab.describe import docstring_of

if importlib.util.find_spec("keras") is None:
    raise MissingExtraError("actlab.keras", "keras")

import keras

__all__ = ["Activation"]

BACKENDS = {"torch": "actlab.functional", "jax": "actlab.jax", "numpy": "actlab.numpy"}
"""Where the functions of a backend are."""


@keras.saving.register_keras_serializable(package="actlab")
class Activation(keras.layers.Layer):
    """Any activation as a layer, by name.

    Args:
        activation: a name, an alias, or ``"module:object"``.
        *args, **params: its parameters, as numbers. Those not given take their defaults. (Keras's
            own options of layers, such as ``name`` and ``dtype``, may be among them.)

    Raises:
        ValueError: an unknown name, or a parameter outside its domain.
        TypeError: an unknown parameter, or a value that is not a number.

    Example::

        import keras
        from actlab.keras import Activation

        model = keras.Sequential([keras.layers.Dense(64), Activation("elu", alpha=0.5)])
    """

    def __init__(self, activation: str, *args: float, **params: Any) -> None:
        definition = registry.get(activation)
        own = {param.name for param in definition.params}
        layer = {key: value for key, value in params.items() if key in LAYER_OPTIONS - own}
        super().__init__(**layer)
        given = {key: value for key, value in params.items() if key not in layer}
        bound = definition.bind(args, given)
        self.activation = registry.address(definition)
        self.parameters = {
            param.name: param.check(definition.name, bound[param.name])
            for param in definition.params
        }
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Apply the activation."""
        return _call()(self.activation, inputs, **self.parameters)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape that goes in comes out."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What the layer is built from again."""
        return {**super().get_config(), "activation": self.activation, **self.parameters}


LAYER_OPTIONS = frozenset({"name", "dtype", "trainable", "autocast", "activity_regularizer"})
"""What keywords of ``Activation`` are Keras's."""


@functools.cache
def _call() -> Callable[..., Any]:
    """The function of the backend that Keras runs on."""
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise NotImplementedError(
            f"actlab.keras serves the backends {', '.join(BACKENDS)}, and Keras runs on {backend}"
        )
    return importlib.import_module(BACKENDS[backend]).call


def _function(definition: Definition) -> Callable[..., Any]:
    """A function that Keras finds again by its name."""
    name = definition.name

    def function(x: Any) -> Any:
        if isinstance(x, keras.KerasTensor):
            return Activation(name)(x)
        return _call()(name, x)

    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    function.__doc__ = docstring_of(
        definition,
        "",
        "(*) to (*), same dtype.",
        "    >>> import keras, actlab.keras\n"
        f"    >>> layer = keras.layers.Dense(64, activation=actlab.keras.{name})\n",
    )
    return keras.saving.register_keras_serializable(package="actlab", name=name)(function)


def _functions() -> dict[str, Callable[..., Any]]:
    return {name: _function(registry.get(name)) for name in registry.names()}


globals().update(_functions())
