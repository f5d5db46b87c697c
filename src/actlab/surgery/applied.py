"""One application of an activation as it happens, and the pass through code that it is part of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

import torch
from torch import Tensor, nn

from actlab.init.nonlinearity import Nonlinearity
from actlab.surgery.location import Location


@dataclass(eq=False, slots=True)
class Applied:
    """One application of an activation, as it happens.

    Attributes:
        base: the place or ``owner:function``, without the number of the call.
        call: which call it is in this pass through the owner's code, from 1.
        how: a module's call, or a function's.
        owner: the module in whose code it happens.
        name: of the function; of a module, its class.
        x: the input, as it is before.
        function: the activation on tensors, out of place.
        module: the module called. in_place: whether the input is overwritten.
        training: of the owner.
        where: from where in the owner's code, and the how-manieth time in this pass.
        shown: file and line. key: what else tells it from others, for those who need more.
        of_actlab: whether it is a call of one of actlab's functions.
        known: tells which function it is, where that is known.
        state: what ``before`` leaves for ``after``.
    """

    base: str
    call: int
    how: Literal["module", "function"]
    owner: nn.Module
    name: str
    x: Tensor
    function: Callable[[Tensor], Tensor]
    module: nn.Module | None = None
    in_place: bool = False
    training: bool = False
    known: Callable[[], Nonlinearity | None] = lambda: None
    of_actlab: bool = False
    where: tuple[Location, int] = ((), 0)
    shown: str = ""
    key: Hashable = None
    state: Any = None


@dataclass(eq=False, slots=True)
class Pass:
    """One pass through a module's code.

    Attributes:
        counts: calls so far, by base. applied: what the module itself applies, if it is an
            activation. last: the name of the module called last, where that is kept.
    """

    module: nn.Module
    counts: dict[Hashable, int] = field(default_factory=dict)
    applied: Applied | None = None
    last: str = ""


def applied_by(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """What an activation module computes, out of place and without its hooks."""
    if not getattr(module, "inplace", False):
        return module.forward
    return lambda x: module.forward(x.clone())


def countable(x: Any) -> TypeGuard[Tensor]:
    """Whether a value has numbers that can be looked at: no batch of a transform, no sparse one."""
    return (
        isinstance(x, Tensor)
        and x.is_floating_point()
        and x.layout == torch.strided
        and not x.is_nested
        and not torch._C._functorch.is_functorch_wrapped_tensor(x)
    )
