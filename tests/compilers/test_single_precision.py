"""What compilers are shown in single precision is accurate over the whole range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab.functional as F
from actlab.testing.comparison import THROUGH_FLOAT32
from compilers.counting import dtypes_in_graph, fresh_compiler
from unit.kernels.native_results import apart, results

CASES: list[tuple[str, dict[str, float]]] = [
    ("powerlu", {}),
    ("expolu", {}),
    ("expolu", {"a": 0.25, "b": 0.7001953125}),
    ("expolu", {"a": 2.0**20, "b": 3 * 2.0**-10}),
    ("expolu", {"b": 0.0}),
    ("ralu", {}),
    ("ralu", {"alpha": 1.0}),
    ("ralu", {"alpha": 1.7}),
    ("ralu", {"alpha": 1024.0}),
    ("elu", {}),
    ("elu", {"alpha": 2.0**-10}),
    ("elu", {"alpha": 2.0}),
    ("relu", {}),
    ("relu6", {}),
    ("hard_tanh", {}),
    ("soft_shrink", {}),
    ("absolute", {}),
]

OTHERWISE = [
    ("powerlu", {"p": 2.5}),
    ("expolu", {"b": 0.7}),
    ("ralu", {"alpha": 0.5}),
    ("elu", {"alpha": 0.3}),
]
"""Parameters for which single precision is not enough."""

STEP, PART = 257, 2**21

ROOTS = (math.sqrt(2) - 1, math.sqrt(0.5) - 1, math.sqrt(0.125) * 2 - 1, -0.5, 1e-9, -1e-9, 1.0,
         -1.0, -0.25, -math.log(2))  # fmt: skip
"""Where squares cross a power of two and formulas change hands: every number around these."""


def numbers(dtype: torch.dtype) -> Iterator[Tensor]:
    if dtype != torch.float32:
        yield torch.arange(-(2**15), 2**15).to(torch.int16).view(dtype)
        return
    for start in range(-(2**31), 2**31, STEP * PART):
        bits = torch.arange(start, min(start + STEP * PART, 2**31), STEP)
        yield bits.to(torch.int32).view(dtype)
    around = torch.arange(-100_000, 100_000)
    bits = [torch.tensor(root, dtype=dtype).view(torch.int32) + around for root in ROOTS]
    yield torch.cat(bits).to(torch.int32).view(dtype)
    yield torch.linspace(-3, 3, PART, dtype=torch.float64).to(dtype)


def terms(name: str, params: dict[str, float], x: Tensor) -> tuple[Tensor, Tensor]:
    """The sums of the magnitudes of terms, of the value and of the slope."""
    none = torch.zeros_like(x)
    if name == "expolu":
        a, b = params.get("a", 1.0), params.get("b", 1.0)
        return torch.where(x > b, x + b + 4 * b * b / a, none), none
    if name == "ralu":
        beta = abs(params.get("alpha", 3.0) - 1)
        return none, 1 + beta * (1 - x * x).abs() / (1 + x * x) ** 2
    return none, none


@pytest.mark.full
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_accurate_by_inductor(name: str, params: dict[str, float], dtype: torch.dtype) -> None:
    with fresh_compiler():
        run = torch.compile(lambda x: F.call(name, x, **params), fullgraph=True, dynamic=True)
        for x in numbers(dtype):
            leaf = x.clone().requires_grad_()
            value = run(leaf)
            (slope,) = torch.autograd.grad(value.sum(), leaf)
            assert torch.equal(value.isnan(), x.isnan())
            assert torch.equal(slope.isnan(), x.isnan())
            finite = x.isfinite()
            wide = x[finite].double()
            exact = results(name, wide, params, backend="formula", save="input")
            of_value, of_slope = terms(name, params, wide)
            single = dtype == torch.float32
            if not single:
                of_value, of_slope = torch.zeros_like(wide), torch.zeros_like(wide)
            limits = (1.0, 2.0) if single else (THROUGH_FLOAT32, THROUGH_FLOAT32)
            assert apart(value.detach()[finite], exact.value, of_value) <= limits[0]
            assert apart(slope[finite], exact.slope, of_slope) <= limits[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize(("name", "params"), CASES[:3] + CASES[9:], ids=str)
def test_nothing_is_computed_in_double(name: str, params: Any, dtype: torch.dtype) -> None:
    assert torch.float64 not in dtypes_in_graph(name, params, dtype)


def test_half_types_do_with_single() -> None:
    assert torch.float64 not in dtypes_in_graph("ralu", {}, torch.bfloat16)
    assert torch.float64 in dtypes_in_graph("ralu", {}, torch.float32)


@pytest.mark.parametrize(("name", "params"), OTHERWISE, ids=str)
def test_double_where_single_is_not_enough(name: str, params: Any) -> None:
    assert torch.float64 in dtypes_in_graph(name, params, torch.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elu", "relu"])
def test_backward_reads_the_input_and_no_masks(name: str) -> None:
    x = torch.linspace(-2, 2, 64, requires_grad=True)
    with fresh_compiler():
        y = torch.compile(lambda x: F.call(name, x), fullgraph=True)(x)
    node: Any = y.grad_fn
    (saved,) = node.saved_tensors
    assert torch.equal(saved, x)


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_elu_keeps_its_higher_derivatives_and_its_zeros(alpha: float) -> None:
    # Its value has no slope of its own there, so that each order has to be looked at.
    def first(x: Tensor) -> Tensor:
        return F.elu(x, alpha)

    third = torch.func.grad(torch.func.grad(torch.func.grad(first)))
    x = torch.tensor([-90.0, -3.0, -0.7, -0.5, -1e-3, 0.7, 2.0])
    expected = torch.where(x < 0, alpha * torch.exp(x.double()), 0.0).float()
    zeros = torch.tensor([0.0, -0.0], requires_grad=True)
    with fresh_compiler():
        torch.testing.assert_close(
            torch.compile(torch.func.vmap(third), fullgraph=True)(x), expected
        )
        y = torch.compile(lambda x: F.elu(x, alpha), fullgraph=True)(zeros)
        (slope,) = torch.autograd.grad(y.sum(), zeros)
    assert torch.equal(y.signbit(), zeros.signbit())
    assert slope.tolist() == [alpha, alpha]


def test_half_slopes_that_cancel_are_computed_in_double() -> None:
    assert torch.float64 in dtypes_in_graph("ralu", {"alpha": 9.0}, torch.float16)
