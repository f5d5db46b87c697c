"""The NaN sweep: every 16-bit number, and as many of the wider formats, through an activation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from actlab import registry
from actlab.testing.exhaustive import every_number
from actlab.testing.subject import Subject, pullback


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep over the finite numbers of a dtype has found.

    Attributes:
        inputs: how many finite numbers went in.
        nan_values: values that are NaN.
        nan_slopes: gradients that are NaN, by eager backward.
        nan_traced_slopes: gradients that are NaN where a transform derives them.
        kept_dtype: whether values and gradients have the dtype of the input.
    """

    inputs: int
    nan_values: int
    nan_slopes: int
    nan_traced_slopes: int
    kept_dtype: bool

    @property
    def clean(self) -> bool:
        """Whether nothing was NaN and every dtype was kept."""
        found = self.nan_values + self.nan_slopes + self.nan_traced_slopes
        return found == 0 and self.kept_dtype


def finite_numbers(dtype: torch.dtype) -> Tensor:
    """Finite numbers of a dtype: all of a 16-bit one, and about 127 000 of a wider one.

    Those of the wider ones are the bfloat16 numbers, of both signs and all sizes, with a random
    tail of digits; in double precision half of them are spread over its wider range.
    """
    if dtype in (torch.float16, torch.bfloat16):
        numbers = every_number(dtype)
        return numbers[numbers.isfinite()]
    generator = torch.Generator().manual_seed(20261122)
    short = every_number(torch.bfloat16).to(dtype)
    short = short[short.isfinite()]
    tails = 1 + torch.rand(len(short), generator=generator, dtype=dtype) / 256
    if dtype == torch.float64:
        wide = short.sign() * short.abs() ** 7.9
        return torch.cat([short * tails, wide[wide.isfinite()]])
    limit = torch.finfo(dtype).max
    return torch.cat([short, (short * tails).clamp(-limit, limit)])


def sweep(
    activation: registry.Named,
    dtype: torch.dtype,
    params: Mapping[str, float] | None = None,
    *,
    backend: str | None = None,
) -> Sweep:
    """Count what is NaN among values and gradients at finite inputs.

    Args:
        activation: a name, ``"module:object"`` or a definition.
        dtype: float64, float32, float16 or bfloat16.
        params: its parameters. Default: the defaults.
        backend: as in ``actlab.functional.call``. Default: None.

    Raises:
        ValueError: an unknown name, or a parameter outside its domain.

    Example:
        >>> import torch
        >>> from actlab.testing.sweep import sweep
        >>> sweep("powerlu", torch.bfloat16).clean
        True
    """
    definition = registry.get(activation)
    subject = Subject(definition, backend)
    bound = definition.bind((), params or {})
    x = finite_numbers(dtype)
    y = subject(x, bound)
    slope = subject.gradient(x, bound)
    _, pull = pullback(lambda at: Subject(definition, "formula")(at, bound), x)
    traced = pull(torch.ones_like(x))
    return Sweep(
        len(x),
        int(y.isnan().sum()),
        int(slope.isnan().sum()),
        int(traced.isnan().sum()),
        {y.dtype, slope.dtype, traced.dtype} == {dtype},
    )
