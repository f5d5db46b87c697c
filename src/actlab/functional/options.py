"""What the functions take besides a tensor, and the definitions that they look up."""

from __future__ import annotations

from typing import Literal, TypeAlias

from torch import Tensor

from actlab import registry

Parameter: TypeAlias = float | Tensor
Backend: TypeAlias = Literal["formula", "native", "triton"] | None
Save: TypeAlias = Literal["input", "output"] | None

# Looked up once, here: a compiler that traces a call then meets a constant, not a search.
SHIPPED = dict(registry.shipped_by_any_name())
