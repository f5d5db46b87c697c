"""Which calls of torch's functions apply an activation, and under which name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload, OpOverloadPacket
from torch.nn import functional

from actlab.init.naming import LEARNED_SLOPES, RANDOM_SLOPES
from actlab.init.torch_table import FUNCTIONS

CLAMPS = frozenset({torch.clamp, torch.clamp_, torch.clip, torch.clip_, torch.clamp_min,
                    torch.clamp_min_, Tensor.clamp, Tensor.clamp_, Tensor.clip, Tensor.clip_,
                    Tensor.clamp_min, Tensor.clamp_min_})  # fmt: skip

NAMES: dict[Any, str] = {
    **{function: row.definition for function, row in FUNCTIONS.items()},
    **dict.fromkeys(RANDOM_SLOPES, "rrelu"),
    **dict.fromkeys(LEARNED_SLOPES, "prelu"),
    **dict.fromkeys(CLAMPS, "clamp"),
    functional.glu: "glu",
}
"""What torch's functions and tensor methods are called here; a plain dict, which compilers read."""

OPERATORS = (OpOverload, OpOverloadPacket)
"""What ``torch.ops`` holds."""

WAVES = frozenset({"sine", "arctan", "erf"})
"""Activations only behind a layer: elsewhere they make positions, angles and probabilities."""


def activation_of(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The name of the activation that a call applies, or an empty string.

    ``clamp`` counts as ReLU where it cuts off at 0 and as ReLU6 where it cuts off at 0 and 6.
    """
    name = NAMES.get(func, "")
    if name != "clamp":
        return name
    low = kwargs.get("min", args[1] if len(args) > 1 else None)
    high = kwargs.get("max", args[2] if len(args) > 2 else None)
    if isinstance(low, Tensor) or isinstance(high, Tensor) or low != 0 or low is None:
        return ""
    return "relu" if high is None else "relu6" if high == 6 else ""


def overwrites(func: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether a call of an activation writes its result into its input."""
    return bool(kwargs.get("inplace")) or _in_place_name(func)


def _in_place_name(func: Any) -> bool:
    name = getattr(func, "__name__", "").partition(".")[0]  # operators are called relu_.default
    return name.endswith("_") and not name.endswith("__")


def inplace_argument(func: Any, args: tuple[Any, ...]) -> bool:
    """Whether ``inplace=True`` was passed by position: ``F.relu(x, True)``, ``F.elu(x, 1., True)``.

    torch's functions take it last, after the parameters of the function.
    """
    return len(args) > 1 and args[-1] is True and hasattr(func, "__code__")


def input_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """What an activation is applied to."""
    return args[0] if args else kwargs.get("input", kwargs.get("self"))


def with_input(
    func: Callable[..., Tensor], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Callable[[Tensor], Tensor]:
    """The call as a function of its input, out of place."""
    rest = args[1:-1] if inplace_argument(func, args) else args[1:]
    named = {k: v for k, v in kwargs.items() if k not in ("input", "self", "inplace", "out")}
    copies = _in_place_name(func)

    def function(x: Tensor) -> Tensor:
        return func(x.clone() if copies else x, *rest, **named)

    return function
