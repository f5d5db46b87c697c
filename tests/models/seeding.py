"""Random numbers of a model's own: the global random state stays what it was."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
T = TypeVar("T")


def seeded(build: Callable[P, T]) -> Callable[P, T]:
    """The same function, drawing its random numbers from a state of its own."""

    @functools.wraps(build)
    def drawing(*args: P.args, **kwargs: P.kwargs) -> T:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build(*args, **kwargs)

    return drawing


def normal(*size: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    """Samples of N(0, 1), the same ones for the same seed."""
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed)).to(dtype)
