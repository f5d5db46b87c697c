"""Values that stand in for tensors: those with which ``torch.fx`` records a program, and others.

torch's functions ask such a value what they are to do with it; so do these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.overrides import handle_torch_function

USUAL = {"channel_dim": 1, "backend": None, "save": None}
"""Options that a recorded program need not show."""


def stands_in(x: Any) -> bool:
    """Whether a value answers for a tensor by ``__torch_function__`` without being one."""
    return not isinstance(x, Tensor) and hasattr(type(x), "__torch_function__")


def handed_over(function: Callable[..., Tensor], x: Any, *args: Any, **options: Any) -> Any:
    """What a value that stands in for a tensor makes of a call of a function.

    Args:
        function: the public function, as a program names it.
        x: the value.
        *args, **options: the whole call, ``x`` included; usual values of options are left out.
    """
    shown = {k: v for k, v in options.items() if k not in USUAL or v != USUAL[k]}
    return handle_torch_function(function, (x,), *args, **shown)
