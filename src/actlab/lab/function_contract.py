"""What a training function must be like: what it takes, what it returns, what it is called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actlab.lab.engines.interface import EngineError


class ContractError(EngineError, TypeError):
    """A training function does not do what one must: no run of it can count."""


@dataclass(frozen=True)
class Takes:
    """What a training function takes besides the activation and the seed.

    Args:
        rate: a ``learning_rate``.
        rate_needed: and it has no default.
        settings: the task's ``settings``.
    """

    rate: bool = False
    rate_needed: bool = False
    settings: bool = False


def takes_of(train: Callable[..., Any]) -> Takes:
    """Read a training function's signature.

    Raises:
        TypeError: it cannot be called as ``train(activation, seed)``, with ``learning_rate`` and
            ``settings`` besides at most.
    """
    if not callable(train):
        raise TypeError(f"train must be a function, got {train!r} ({type(train).__name__})")
    name = name_of(train)
    try:
        parameters = list(inspect.signature(train).parameters.values())
    except (ValueError, TypeError) as error:
        raise TypeError(f"{name}: its signature cannot be read: {error}") from error
    inside = ", ".join(str(parameter) for parameter in parameters)
    wrong = f"{name}({inside}) must take (activation, seed) or (activation, seed, learning_rate)"
    by_place = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(by_place) < 2 and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise TypeError(wrong)
    first_two = by_place[:2]
    for parameter in first_two:
        if parameter.name in ("learning_rate", "settings"):
            raise TypeError(wrong)
    others = {p.name: p for p in parameters if p not in first_two}
    for parameter in others.values():
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        known = parameter.name in ("learning_rate", "settings")
        if parameter.default is parameter.empty and not variable and not known:
            raise TypeError(f"{wrong}; {parameter.name!r} has no default")
    rate = others.get("learning_rate")
    needed = rate is not None and rate.default is rate.empty
    return Takes(rate is not None, needed, "settings" in others)


def name_of(train: Callable[..., Any]) -> str:
    """What messages call a function."""
    inner = getattr(train, "func", train)  # functools.partial
    name = getattr(inner, "__name__", type(inner).__name__)
    return "train" if name == "<lambda>" else str(name)


def measured(returned: Any, name: str) -> dict[str, float]:
    """What a training function returned, as numbers by name; a bare number is called ``value``.

    Raises:
        ContractError: it is neither a number nor a dict of numbers.
    """
    if isinstance(returned, Mapping):
        if not returned:
            raise ContractError(f"{name} must return a number or a dict of numbers, got {{}}")
        return {
            identifier(str(key)): _number(value, f"{name}: {key!r}")
            for key, value in returned.items()
        }
    return {"value": _number(returned, name)}


def identifier(name: str) -> str:
    """A metric's name as records can hold it: ``val/acc`` is ``val_acc``."""
    plain = re.sub(r"\W", "_", name)
    return plain if plain.isidentifier() else f"_{plain}"


def _number(value: Any, what: str) -> float:
    if hasattr(value, "item") and _elements(value) == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContractError(
            f"{what} must return a number or a dict of numbers, got {value!r} "
            f"({type(value).__name__})"
        )
    return float(value)


def _elements(value: Any) -> Any:
    """How many numbers a tensor or an array holds."""
    count = getattr(value, "numel", None)
    return count() if callable(count) else getattr(value, "size", None)


def slug(name: str) -> str:
    """A name as lower-case words joined by hyphens."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "-", name).strip("-").lower()
    return words or "train"


def whole_number(name: str, value: Any, low: int, high: int) -> None:
    """Refuse what is no whole number in a range.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number in [{low}, {high}], got {value!r}")
