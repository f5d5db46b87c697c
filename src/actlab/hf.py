"""Activations for transformers: ``import actlab.hf``, then ``hidden_act="actlab/powerlu"``.

The import makes every registered activation known to transformers, with its default parameters;
``register`` adds one with others. A configuration holds the name alone, so that whoever loads a
model imports this first. Needs the extra ``hf``.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from actlab import core, nn, registry
from actlab.core import MissingExtraError

if importlib.util.find_spec("transformers") is None:
    raise MissingExtraError("actlab.hf", "hf")

from transformers.activations import ACT2CLS, ACT2FN

__all__ = ["register"]


class _Initialised:
    """Sets the learned parameters that a checkpoint lacks, which transformers leaves undefined.

    Before transformers initialises a module, it asks for this attribute, of the module and of each
    parameter; those that came with a checkpoint have it.
    """

    @property
    def _is_hf_initialized(self) -> bool:
        done = self.__dict__.get("_initialised", False)
        if not done:
            _set_missing(self)
        return done

    @_is_hf_initialized.setter
    def _is_hf_initialized(self, done: bool) -> None:
        self.__dict__["_initialised"] = done


def _set_missing(module: Any) -> None:
    for name in module._learned:
        lists = getattr(module, "parametrizations", {})
        held = lists[name].original if name in lists else getattr(module, name)
        if held.device.type != "meta" and not getattr(held, "_is_hf_initialized", False):
            setattr(module, name, module._initial[name])


class Activation(_Initialised, nn.Activation):
    """``actlab.nn.Activation``, for models of transformers."""


class PowerLU(_Initialised, nn.PowerLU):
    """``actlab.nn.PowerLU``, for models of transformers."""


class ExpoLU(_Initialised, nn.ExpoLU):
    """``actlab.nn.ExpoLU``, for models of transformers."""


class RaLU(_Initialised, nn.RaLU):
    """``actlab.nn.RaLU``, for models of transformers."""


class ELU(_Initialised, nn.ELU):
    """``actlab.nn.ELU``, for models of transformers."""


OWN = {"powerlu": PowerLU, "expolu": ExpoLU, "ralu": RaLU, "elu": ELU}
"""Modules with classes of their own."""


def register(activation: str | core.Activation, *args: float, **options: Any) -> str:
    """Make an activation known to transformers.

    Args:
        activation: a name, an alias, ``"module:object"`` or an ``Activation``.
        *args, **options: as ``actlab.nn.Activation`` takes them: parameters, ``learnable`` and
            so on. Parameters are learned if the definition says so, as RaLU's is.

    Returns:
        The name for ``hidden_act``: ``actlab/elu``, or with parameters
        ``actlab/elu?alpha=0.5``. The same arguments give the same name. Before a model is
        loaded its name has to be registered again, for which importing ``actlab.hf`` is enough
        where everything is at its default.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain.
        TypeError: an unknown parameter, or a value that is not a number.

    Example::

        import actlab.hf

        config = LlamaConfig(hidden_act=actlab.hf.register("elu", alpha=0.5))
    """
    definition = registry.get(activation)
    given = dict(zip((param.name for param in definition.params), args, strict=False))
    options = {**given, **options} if len(given) == len(args) else options
    module: Any = OWN.get(definition.name, Activation)
    chosen = options if module is not Activation else {"activation": definition, **options}
    module(**chosen)  # or an error, now and not when a model is built
    name = f"actlab/{registry.address(definition)}"
    if options:
        name += "?" + "&".join(f"{key}={value}" for key, value in sorted(options.items()))
    for table in (ACT2FN, ACT2CLS):
        table[name] = (module, chosen)
    return name


for each in registry.names():
    register(each)
