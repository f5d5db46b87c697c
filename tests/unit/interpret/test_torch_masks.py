"""Comparisons by float32 have the results of comparisons of doubles."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab.functional as F
from actlab.interpret.torch_masks import Recomputed
from compilers.counting import fresh_compiler

COMPARES = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq]

NUMBERS = [
    0.0, 5e-324, 1e-310, 2.0**-150, 1e-30, 0.3, 1.0, math.nextafter(1.0, 2.0), 6.0, 1e39, 1e300,
    math.inf,
]  # fmt: skip

EVERY = torch.tensor([*NUMBERS, *(-x for x in NUMBERS), math.nan], dtype=torch.float64)


@pytest.mark.parametrize("compare", COMPARES)
def test_the_same_results(compare: Any) -> None:
    with Recomputed():
        with_numbers = [compare(EVERY, number) for number in EVERY.tolist()]
        with_tensors = compare(EVERY[:, None], EVERY)
    assert torch.equal(with_tensors, compare(EVERY[:, None], EVERY))
    assert torch.equal(torch.stack(with_numbers, 1), with_tensors)


def test_infinities_are_found() -> None:
    with Recomputed():
        found = torch.isinf(EVERY)
    assert torch.equal(found, torch.isinf(EVERY))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "params"), [("gelu", {}), ("powerlu", {"p": 2.7})], ids=str)
def test_backward_of_compiled_formulas_reads_no_masks(name: str, params: Any) -> None:
    def run(x: Tensor) -> Tensor:
        return F.call(name, x, **params)

    x = torch.linspace(-2, 2, 64, requires_grad=True)
    with fresh_compiler():
        y = torch.compile(run, fullgraph=True)(x)
    node: Any = y.grad_fn
    (saved,) = node.saved_tensors
    assert torch.equal(saved, x)
