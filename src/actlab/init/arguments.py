"""What callers pass, checked and made uniform before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Refuse an option that is not among those known.

    Raises:
        ValueError: it is not.
    """
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}")


def check_model(model: Any) -> None:
    """Refuse what cannot be initialised or measured, before anything is done."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    for name, parameter in model.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise ValueError(
                f"{name} is lazy and has no shape yet: call the model once on real inputs first"
            )
        if parameter.is_meta:
            raise ValueError(
                f"{name} is on the meta device and has no memory: call "
                "model.to_empty(device=...) first"
            )


def call_with(example_inputs: Any) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Positional and keyword arguments from what a caller gave as example."""
    if isinstance(example_inputs, Mapping):
        return (), example_inputs
    if isinstance(example_inputs, tuple):
        return example_inputs, {}
    return (example_inputs,), {}


def as_generator(generator: Any) -> torch.Generator | None:
    """A generator, a new one from a seed, or None for torch's own."""
    if generator is None or isinstance(generator, torch.Generator):
        return generator
    if isinstance(generator, bool) or not isinstance(generator, int):
        raise TypeError(
            f"generator must be a torch.Generator, an integer seed or None, got {generator!r}"
        )
    return torch.Generator().manual_seed(generator)
