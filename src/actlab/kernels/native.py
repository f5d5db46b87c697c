"""The compiled CPU kernels: finding them, loading them, and saying why there are none."""

from __future__ import annotations

import functools
import platform
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from actlab import registry
from actlab.core import Activation
from actlab.kernels import built

MOST_NUMBERS = 3
"""Parameters that the quick operators take; more go through a tensor."""

PREFERENCE = ("avx512", "avx2", "default")
"""Instruction sets, the fastest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """The compiled functions of one definition.

    Args:
        number: its place in the library's table.
        forward, backward: the operators for parameters that are numbers.
        forward_channels, backward_channels: the operators for parameters in a tensor.
    """

    number: int
    forward: Callable[..., Tensor]
    backward: Callable[..., Tensor]
    forward_channels: Callable[..., Tensor]
    backward_channels: Callable[..., tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """The kernels of a shared object, by the name of their definition, or why there are none."""

    kernels: dict[str, Kernel]
    instruction_set: str = ""
    problem: str = ""


def kernel(activation: Activation) -> Kernel | None:
    """The compiled functions of a definition; None where it has none that load."""
    return _found(activation)[0]


def lacking(activation: Activation) -> str:
    """Why a definition has no compiled functions and how to get them; empty when it has."""
    return _found(activation)[1]


def problem() -> str:
    """Why no compiled kernels can be used, with the fix; empty when they can."""
    return library().problem


@functools.cache
def library() -> Library:
    """The kernels that come with actlab, for this processor."""
    found = built.problem()
    return Library({}, problem=found) if found else _loaded(built.kernels_folder())


@functools.cache
def _found(activation: Activation) -> tuple[Kernel | None, str]:
    if registry.shipped().get(activation.name) is activation:
        own = library()
        return own.kernels.get(activation.name), own.problem
    # Another definition's kernels lie in the user's cache, under a hash of its C++ text.
    from actlab.interpret.cpp import UnprintableError
    from actlab.kernels.compile import definition_folder

    try:
        folder = definition_folder(activation)
    except UnprintableError as error:
        return None, f"cannot be compiled: {error}"
    if built.read_manifest(folder) is None:
        return None, "is not compiled; the command for it: actlab build " + _address(activation)
    own = _loaded(folder)
    if own.problem:
        _warn(own.problem)
    return own.kernels.get(activation.name), own.problem


def _address(activation: Activation) -> str:
    try:
        return registry.address(activation)
    except ValueError:
        return "module:object"


def _loaded(folder: Path) -> Library:
    """The best of a folder's shared objects that this processor runs."""
    manifest = built.read_manifest(folder)
    if manifest is None:
        return Library({}, problem=f"no compiled kernels are in {folder}")
    usable = [name for name in _runnable() if name in manifest["instruction_sets"]]
    if not usable:
        made = ", ".join(manifest["instruction_sets"])
        return Library(
            {},
            problem=f"the kernels in {folder} are for {made}, this is {platform.machine()}; the "
            "command to compile them again: actlab build",
        )
    try:
        torch.ops.load_library(built.shared_object(folder, usable[0]))
        space = getattr(torch.ops, f"{manifest['namespace']}_{usable[0]}")
        operators = [getattr(space, name).default._op for name in OPERATORS]
    except (OSError, RuntimeError, AttributeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return Library(
            {},
            problem=f"the kernels in {folder} do not load with torch {torch.__version__} "
            f"({first}); the command to compile them again: actlab build",
        )
    kernels = {
        name: Kernel(number, *operators) for number, name in enumerate(manifest["definitions"])
    }
    return Library(kernels, usable[0])


OPERATORS = ("forward", "backward", "forward_channels", "backward_channels")


def _runnable() -> Sequence[str]:
    """The instruction sets that torch runs with here, the fastest first."""
    capability = torch.backends.cpu.get_cpu_capability().lower()
    if capability not in PREFERENCE:
        return PREFERENCE[-1:]
    return PREFERENCE[PREFERENCE.index(capability) :]


@functools.cache
def warn_once() -> None:
    """Say, the first time that it matters, that the formulas are doing the kernels' work."""
    if problem():
        _warn(problem())


def _warn(reason: str) -> None:
    warnings.warn(
        f"actlab computes by formula, which is right and several times slower: {reason}. "
        "(actlab doctor tells more.)",
        RuntimeWarning,
        stacklevel=3,
    )


def table(values: Sequence[Any]) -> Tensor:
    """Parameters, numbers or tensors of one or C elements, as a (channels, parameters) tensor."""
    channels = max((v.numel() for v in values if isinstance(v, Tensor)), default=1)
    if channels == 1:
        return torch.tensor([[float(value) for value in values]], dtype=torch.float64)
    rows = torch.empty((channels, len(values)), dtype=torch.float64)
    for place, value in enumerate(values):
        rows[:, place] = value.detach().reshape(-1) if isinstance(value, Tensor) else value
    return rows
