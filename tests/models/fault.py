"""What is known of a model with a planted fault, and how faults are planted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.seeding import normal


@dataclass(frozen=True, slots=True)
class Fault:
    """A model and what is wrong with it.

    Attributes:
        name: what was done to it.
        build: makes it, in training mode, the same one every time.
        data: batches of inputs, one tensor each.
        expected: ``fault``, ``site`` (empty: the whole model) and, where units were planted,
            ``units``, ``count`` and ``of`` (how many there are); other entries: ``step`` (the first
            batch with it), ``where`` (``input``, ``output`` or ``gradient``), ``decades`` (at least
            so many between the first and last site, gradient first over last) and ``also``
            (a second fault of that kind: units by site).
        order: which activation of a pass has it, from 0.
        dim: of a site's input with three dimensions, the one along which units lie.
    """

    name: str
    build: Callable[[], nn.Module]
    data: Callable[[], list[Tensor]]
    expected: Mapping[str, Any]
    order: int = 0
    dim: int = 2

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Healthy:
    """A model that nothing is wrong with.

    Attributes:
        name, build, data, dim: as of a fault.
        dead: by the position of the activation in a pass, from 0, how many units happen to be dead
            for all samples of ``data`` although nothing was planted; empty: none anywhere.
    """

    name: str
    build: Callable[[], nn.Module]
    data: Callable[[], list[Tensor]]
    dim: int = 2
    dead: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.name


def batches(*size: int, count: int = 4, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Batches of N(0, 1); the first size is that of a batch."""
    return [normal(*size, seed=100 + k, dtype=dtype) for k in range(count)]


def rows() -> list[Tensor]:
    return batches(64, 16)


def images() -> list[Tensor]:
    return batches(64, 3, 6, 6)


def sequences() -> list[Tensor]:
    return batches(64, 5, 16)


def expect(fault: str, site: str, units: Iterable[int], of: int, **more: Any) -> dict[str, Any]:
    """The expectation of a fault that some of a site's units have."""
    units = tuple(units)
    return {"fault": fault, "site": site, "units": units, "count": len(units), "of": of, **more}


def set_bias(layer: Any, units: Iterable[int], value: float) -> None:
    """Give some units of a layer or normalisation another bias."""
    with torch.no_grad():
        layer.bias[list(units)] = value
