"""The class of modules that keep parameters inside an interval: one for all that are alike.

``torch.nn.utils.parametrize`` gives every module a class of its own, with a property for each
parametrised tensor. Compilers take such modules for different code, and compile the layers of a
model one by one until they give up. Here modules of one class that keep the same parameters share
a class, whose properties ask the module at hand.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class Shared(type):
    """Type of classes that torch's tools change for the sake of one module, and others share."""

    def __setattr__(cls, name: str, value: Any) -> None:
        if isinstance(value, property):
            value = cls.__dict__.get(name) or _parametrised(name)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if not isinstance(cls.__dict__.get(name), property):
            super().__delattr__(name)


def share(module: nn.Module) -> None:
    """Move a module from the class that torch has just made for it into the shared one."""
    names = tuple(module.parametrizations)  # type: ignore[arg-type]
    module.__class__ = _shared(type(module).__bases__[0], names)


@functools.cache
def _shared(cls: type[nn.Module], names: tuple[str, ...]) -> type[nn.Module]:
    body = {name: _parametrised(name) for name in names}
    made: Any = Shared(
        f"Parametrized{cls.__name__}", (cls,), {"__module__": cls.__module__, **body}
    )
    return made


def _parametrised(name: str) -> property:
    """A tensor that is computed where a module has a parametrisation for it, and else kept."""

    def steps(module: nn.Module) -> parametrize.ParametrizationList | None:
        every: Any = module._modules.get("parametrizations")
        return every[name] if every is not None and name in every else None

    def get(module: nn.Module) -> Any:
        computed = steps(module)
        if computed is not None:
            return _cached(module, name, computed) if parametrize._cache_enabled else computed()
        if name in module.__dict__:
            return module.__dict__[name]
        return type(module).__getattr__(module, name)

    def put(module: nn.Module, value: Any) -> None:
        computed = steps(module)
        if computed is not None:
            computed.right_inverse(value)
        else:
            module.__dict__[name] = value

    def drop(module: nn.Module) -> None:
        if name not in module.__dict__:
            raise AttributeError(name)
        del module.__dict__[name]

    return property(get, put, drop)


def _cached(module: nn.Module, name: str, computed: parametrize.ParametrizationList) -> Tensor:
    """The value inside ``torch.nn.utils.parametrize.cached()``."""
    if torch._C._get_tracing_state() is not None:
        raise RuntimeError("cannot trace a model inside torch.nn.utils.parametrize.cached()")
    key = (id(module), name)
    value = parametrize._cache.get(key)
    if value is None:
        value = parametrize._cache[key] = computed()
    return value
