"""Nothing is NaN at a finite input: every function, every dtype, all sizes of numbers."""

from __future__ import annotations

import pytest
import torch

from actlab import names
from actlab.core import Activation, Reference, Traits
from actlab.kernels.policy import DTYPES
from actlab.testing.sweep import Sweep, finite_numbers, sweep


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).removeprefix("torch."))
def test_nothing_is_nan(name: str, dtype: torch.dtype) -> None:
    found = sweep(name, dtype)
    assert found.clean, found


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_are_of_all_sizes(dtype: torch.dtype) -> None:
    x, facts = finite_numbers(dtype), torch.finfo(dtype)
    assert x.dtype == dtype
    assert bool(x.isfinite().all())
    assert len(x) > 60_000
    assert x.max() > 0.9 * facts.max or dtype == torch.float64
    assert x.max() > facts.max**0.9
    assert x[x > 0].min() < facts.tiny
    assert bool((x < 0).any())


def naive(m, x):
    return m.where(x > 0, x, m.exp(x) - 1)


def test_a_naive_formula_is_found_out() -> None:
    elu = Activation(
        name="naive_elu",
        title="ELU as it is often written",
        forward=naive,
        derivative=lambda m, x: m.where(x > 0, 1, m.exp(x)),
        traits=Traits(True, True, False, 1, -1.0, float("inf"), 1.0),
        references=(Reference("nobody", 2026, "how not to", "here"),),
    )
    found = sweep(elu, torch.float64)
    assert found.nan_slopes == 0
    assert found.nan_traced_slopes > 0
    assert not found.clean


def test_what_is_not_clean() -> None:
    assert Sweep(9, 0, 0, 0, True).clean
    assert not Sweep(9, 0, 0, 0, False).clean
    assert not Sweep(9, 1, 0, 0, True).clean
