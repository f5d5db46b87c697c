"""Names of modules and of the places that hold them, and the model inside its wrappers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

COMPILED = "_orig_mod"
"""The child under which torch.compile's wrapper keeps what it wraps."""

SITES = "actlab_sites"
"""The child of a module under which replacements of function calls in its code are kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module is kept: the key of a parent, or an attribute that holds a function."""

    parent: nn.Module
    key: str

    def __hash__(self) -> int:
        return hash((id(self.parent), self.key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.parent is other.parent and self.key == other.key


class Tree:
    """The modules of a model as they are now.

    Attributes:
        names: the first name of every module. places: where each is kept, each place once.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.names: dict[nn.Module, str] = {}
        self.places: dict[nn.Module, list[Place]] = {}
        self.twin_of: dict[nn.Module, nn.Module] = {}
        self.twins: dict[Place, nn.Module] = {}
        scripted: set[nn.Module] = set()
        first: dict[int, nn.Module] = {}
        for name, module in model.named_modules():
            # Somebody who looks at the model right now may have put twins into it.
            if (own := first.setdefault(id(module.__dict__), module)) is not module:
                self.twin_of[module] = own
                continue
            self.names[module] = shown_name(name)
            if isinstance(module, torch.jit.ScriptModule) or module in scripted:
                scripted |= set(module.children())
        self.scripted = {m for m in self.names if isinstance(m, torch.jit.ScriptModule)} | scripted
        for module in self.names:
            for key, child in module._modules.items() if module not in self.scripted else ():
                if child is not None:
                    self.places.setdefault(self.original(child), []).append(Place(module, key))

    def visible(self) -> Iterator[nn.Module]:
        """The modules that can be hooked."""
        return (module for module in self.names if module not in self.scripted)

    @contextmanager
    def separated(self, modules: Iterable[nn.Module]) -> Iterator[None]:
        """While active, each place of these modules holds an object of its own.

        So a call tells by which place it came. The twins share all state with the original.
        """
        changed: list[tuple[Place, nn.Module, nn.Module]] = []
        try:
            for module in modules:
                for place in self.places.get(module, [])[1:]:
                    there = place.parent._modules.get(place.key)
                    if there is not module:
                        if there is not None and there.__dict__ is module.__dict__:
                            self.twin_of[there] = module  # somebody else's
                            self.twins[place] = there
                        continue
                    twin = self.twins.get(place)
                    if twin is None or twin.__dict__ is not module.__dict__:
                        twin = type(module).__new__(type(module))
                        object.__setattr__(twin, "__dict__", module.__dict__)
                    self.twin_of[twin] = module
                    self.twins[place] = twin
                    place.parent._modules[place.key] = twin
                    changed.append((place, module, twin))
            yield
        finally:
            for place, module, twin in changed:
                if place.parent._modules.get(place.key) is twin:
                    place.parent._modules[place.key] = module

    def original(self, module: nn.Module) -> nn.Module:
        """The module that a twin stands for."""
        return self.twin_of.get(module, module)

    def path(self, place: Place) -> str:
        """The name of a place."""
        parent = self.names[place.parent]
        if place.key == COMPILED:
            return parent
        return f"{parent}.{place.key}" if parent else place.key

    def site_name(self, place: Place) -> str:
        """The name of the site in a place; replaced calls keep the name of the call."""
        owner, _, last = self.names[place.parent].rpartition(".")
        if last == SITES:
            return f"{owner}:{called(place.key)}"
        return self.path(place)

    def place_seen_from(self, module: nn.Module, caller: nn.Module) -> Place | None:
        """The place by which a caller reaches a module: its own child before any other."""
        if module in self.twin_of:
            return next(place for place, twin in self.twins.items() if twin is module)
        places = self.places.get(module, [])
        if any(place in self.twins for place in places):
            return places[0]
        inside = f"{self.names[caller]}." if self.names[caller] else ""
        for place in places:
            if place.parent is caller:
                return place
        for place in places:
            if self.path(place).startswith(inside):
                return place
        return places[0] if places else None


def shown_name(name: str) -> str:
    """A module's name without the steps into wrappers of ``torch.compile``."""
    return ".".join(part for part in name.split(".") if part != COMPILED)


def key_of(function: str, call: int) -> str:
    """The key under which the replacement of a function's nth call is kept."""
    return f"{function}_{call}"


def called(key: str) -> str:
    """The function whose call a key stands for."""
    return key.rpartition("_")[0]


def unwrapped(model: Any) -> nn.Module:
    """The model inside ``torch.compile`` and data-parallel wrappers.

    Raises:
        TypeError: it is no module.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    while (inner := _inner(model)) is not None:
        model = inner
    return model


def data_parallel(model: nn.Module) -> bool:
    """Whether a wrapper that has taken stock of the parameters is around the model."""
    while model is not None:
        if isinstance(model, nn.parallel.DistributedDataParallel | nn.DataParallel):
            return True
        model = _inner(model)  # type: ignore[assignment]
    return False


def _inner(model: nn.Module) -> nn.Module | None:
    if COMPILED in model._modules:  # the class of the wrapper need not be imported
        return model._modules[COMPILED]
    if isinstance(model, nn.parallel.DistributedDataParallel | nn.DataParallel):
        return model.module
    return None
