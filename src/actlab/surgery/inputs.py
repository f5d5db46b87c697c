"""What a model is called with, from the example that a caller gives."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Inputs:
    """Positional and keyword arguments of a call."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "kwargs", dict(self.kwargs or {}))


def as_inputs(model: nn.Module, example: Any) -> Inputs:
    """How to call a model with an example.

    A tuple holds the positional arguments. A mapping holds keyword arguments, or is itself the
    one argument where the model takes no such keywords. None stands for a call without
    arguments, and everything else is the one argument.
    """
    if isinstance(example, Inputs):
        return example
    if example is None:
        return Inputs()
    if isinstance(example, tuple) and not hasattr(example, "_fields"):
        return Inputs(example)
    if isinstance(example, Mapping) and _takes_keywords(model, example):
        return Inputs((), example)
    return Inputs((example,))


def _takes_keywords(model: nn.Module, example: Mapping[Any, Any]) -> bool:
    if not all(isinstance(key, str) and key.isidentifier() for key in example):
        return False
    return fits(model, Inputs((), example)) is not False


def fits(model: nn.Module, inputs: Inputs) -> bool | None:
    """Whether a model's ``forward`` takes these arguments; None where that cannot be told."""
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return None
    try:
        bound = signature.bind(*inputs.args, **inputs.kwargs)
    except TypeError:
        return False
    # `forward(self, *args, **kwargs)` takes everything, and says nothing.
    kinds = {signature.parameters[name].kind for name in bound.arguments}
    loose = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    return True if not kinds or kinds - loose else None


def copied(inputs: Inputs) -> Inputs:
    """The same with copies of all tensors, so that a model may write into them."""
    return Inputs(_copy(inputs.args), {key: _copy(value) for key, value in inputs.kwargs.items()})


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value
