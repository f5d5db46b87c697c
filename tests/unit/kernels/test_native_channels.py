"""Compiled kernels against the formula where parameters differ by channel, in every layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab.functional as F
from unit.kernels.native_results import apart, both, noise, results, same_bits

pytestmark = pytest.mark.usefixtures("kernels")

CHANNELS = 5

LIMITS = {torch.float64: (4, 4), torch.float32: (1, 2)}
"""In ulp, for values and for gradients: the formula rounds float32 correctly, and in float64 no
element here needs the 4 ulp that each backend has."""

HALF = 0.5 + 2.0**-38
"""In ulp: correct rounding of what is computed in double, where ties cannot always be told."""


def per_channel(low: float, high: float, count: int = CHANNELS) -> Tensor:
    return torch.linspace(low, high, count)


FUNCTIONS: dict[str, tuple[str, Callable[[int], dict[str, Any]], float]] = {
    # Values that single precision is for, values that it is not for, and some of both.
    "powerlu, all 2": ("powerlu", lambda c: {"p": torch.full((c,), 2.0)}, 0.0),
    "powerlu, each its own": ("powerlu", lambda c: {"p": per_channel(1.0, 4.0, c)}, 0.0),
    "ralu, single": ("ralu", lambda c: {"alpha": per_channel(1.0, 4.0, c)}, 1.0),
    "ralu, double": ("ralu", lambda c: {"alpha": per_channel(0.0, 5.0, c)}, 1.0),
    "elu": ("elu", lambda c: {"alpha": per_channel(0.5, 2.0, c)}, 0.0),
    "leaky_relu": ("leaky_relu", lambda c: {"negative_slope": per_channel(-0.1, 0.3, c)}, 0.0),
    "expolu, all tensors": (
        "expolu",
        lambda c: {"a": per_channel(1.0, 2.0, c), "b": per_channel(0.5, 1.5, c),
                   "p": per_channel(1.5, 3.0, c)},
        8.0,
    ),
    "expolu, shared and per channel": (
        "expolu",
        lambda c: {"a": torch.tensor([2.0]), "b": per_channel(0.5, 1.5, c), "p": torch.tensor(2.0)},
        8.0,
    ),
    "expolu, numbers and tensors": (
        "expolu", lambda c: {"a": 1.5, "b": 1, "p": per_channel(1.0, 3.0, c)}, 8.0,
    ),
    "expolu, a shared one": ("expolu", lambda c: {"a": torch.tensor(0.7), "b": 1.0, "p": 2.0}, 8.0),
}  # fmt: skip
"""Name, parameters for a count of channels, and the size of the terms that make up a result."""

LAYOUTS: dict[str, tuple[Callable[[torch.dtype], Tensor], int]] = {
    "(B, C)": (lambda t: noise(37, CHANNELS, dtype=t), 1),
    "(B, C) by its last": (lambda t: noise(37, CHANNELS, dtype=t), -1),
    "(C, B)": (lambda t: noise(CHANNELS, 37, dtype=t), 0),
    "(C,)": (lambda t: noise(CHANNELS, dtype=t), 0),
    "(B, C, L)": (lambda t: noise(3, CHANNELS, 67, dtype=t), 1),
    "(B, L, C)": (lambda t: noise(3, 67, CHANNELS, dtype=t), -1),
    "(B, C, H, W)": (lambda t: noise(2, CHANNELS, 6, 7, dtype=t), 1),
    "(B, C, H, W) by its third last": (lambda t: noise(2, CHANNELS, 6, 7, dtype=t), -3),
    "channels_last": (
        lambda t: noise(2, CHANNELS, 6, 7, dtype=t).to(memory_format=torch.channels_last), 1,
    ),
    "transposed": (lambda t: noise(3, 67, CHANNELS, dtype=t).mT, 1),
    "with gaps": (lambda t: noise(40, 2 * CHANNELS, dtype=t)[:, ::2], 1),
    "expanded": (lambda t: noise(40, 1, dtype=t).expand(40, CHANNELS), 1),
    "backwards in memory": (lambda t: noise(4, CHANNELS, 3, 2, dtype=t).permute(3, 1, 0, 2), 1),
    "nothing": (lambda t: noise(0, CHANNELS, dtype=t), 1),
    "nothing in a channel": (lambda t: noise(2, CHANNELS, 0, dtype=t), 1),
}  # fmt: skip


def expect_near(
    name: str, x: Tensor, params: dict[str, Any], scale: float, cotangent: Tensor, **options: Any
) -> None:
    """Kernels and formula agree: value, gradient, parameter gradients."""
    native, formula = both(name, x, params, cotangent, **options)
    value_limit, slope_limit = LIMITS[x.dtype]
    # With a cotangent other than 1, the terms of a slope are that much larger or smaller.
    of_slope = torch.as_tensor(scale).double() * cotangent.double().abs()
    assert apart(native.value, formula.value, scale) <= value_limit
    assert apart(native.slope, formula.slope, of_slope) <= slope_limit
    assert native.value.stride() == formula.value.stride()
    for key, sums in formula.of_params.items():
        # Sums of the same terms in two orders: the terms, to 2^-38 of each, do not show in the
        # narrower dtypes unless they cancel.
        terms = max(100.0, scale) * max(x.numel(), 1) * torch.finfo(x.dtype).eps
        close = torch.allclose(native.of_params[key], sums, rtol=1.2e-7, atol=terms * 2**-16)
        assert close, (key, native.of_params[key], sums)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_layout_of_channels(function: str, layout: str) -> None:
    name, params, scale = FUNCTIONS[function]
    make, channel_dim = LAYOUTS[layout]
    x = make(torch.float32)
    given = noise(*x.shape, seed=2)
    expect_near(name, x, params(CHANNELS), scale, given, channel_dim=channel_dim, save="input")


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_dtype_of_channels(function: str, dtype: torch.dtype) -> None:
    name, params, scale = FUNCTIONS[function]
    x = noise(5, CHANNELS, 70, dtype=dtype)
    expect_near(name, x, params(CHANNELS), scale, torch.ones_like(x), save="input")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_half_types_of_channels(function: str, dtype: torch.dtype) -> None:
    name, params, _ = FUNCTIONS[function]
    x = noise(5, CHANNELS, 70, dtype=dtype)
    native = results(name, x, params(CHANNELS), backend="native", save="input")
    wide = results(name, x.double(), params(CHANNELS), backend="formula", save="input")
    assert apart(native.value, wide.value) <= HALF
    assert apart(native.slope, wide.slope) <= HALF
    for key, sums in wide.of_params.items():
        assert torch.allclose(native.of_params[key], sums, rtol=2e-7)


@pytest.mark.parametrize("function", ["powerlu, each its own", "expolu, all tensors", "elu"])
def test_channels_from_the_output(function: str) -> None:
    name, params, _ = FUNCTIONS[function]
    x = noise(5, CHANNELS, 70)
    native, formula = both(name, x, params(CHANNELS), save="output")
    # Next to y = 0 a unit of y, by which the two values may differ, is not one of the slope.
    assert torch.allclose(native.slope, formula.slope, rtol=1e-6, atol=1e-6)
    for key, sums in formula.of_params.items():
        assert torch.allclose(native.of_params[key], sums, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("function", ["ralu, single", "ralu, double", "powerlu, each its own"])
def test_runs_of_any_length(function: str) -> None:
    # Short runs get their constants in rows, long ones single values; the bits are the same.
    name, params, scale = FUNCTIONS[function]
    for inner in range(1, 71):
        x = noise(3, CHANNELS, inner, seed=inner)
        expect_near(name, x, params(CHANNELS), scale, torch.ones_like(x))
        apart_in_memory = results(name, x, params(CHANNELS), backend="native")
        side_by_side = results(
            name, x.mT.contiguous(), params(CHANNELS), channel_dim=2, backend="native"
        )
        assert same_bits(apart_in_memory.value, side_by_side.value.mT)
        assert same_bits(apart_in_memory.slope, side_by_side.slope.mT)


@pytest.mark.parametrize("count", [1, 2, 7, 63, 64, 65, 1023, 1025, 3000])
def test_any_number_of_channels(count: int) -> None:
    for function in ("ralu, single", "expolu, all tensors"):
        name, params, scale = FUNCTIONS[function]
        for shape in ((3, count), (2, count, 3)):
            x = noise(*shape, seed=count)
            expect_near(name, x, params(count), scale, torch.ones_like(x))


def test_one_channel_is_a_shared_parameter() -> None:
    x, alpha = noise(4, 1, 9), torch.tensor([2.5])
    for dim in (0, 1, 2, -1):  # a single value fits every dimension
        native, formula = both("ralu", x, {"alpha": alpha}, channel_dim=dim)
        shared = results("ralu", x, {"alpha": 2.5}, backend="native")
        assert same_bits(native.value, shared.value)
        assert same_bits(native.slope, shared.slope)
        assert torch.allclose(native.of_params["alpha"], formula.of_params["alpha"], rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_parameters_keep_their_own_dtype(dtype: torch.dtype) -> None:
    x = noise(6, 3, dtype=torch.float32)
    alpha = torch.tensor([1.5, 2.0, 3.0], dtype=dtype)
    native, formula = both("ralu", x, {"alpha": alpha})
    assert native.of_params["alpha"].dtype == dtype
    assert native.value.dtype == torch.float32
    assert apart(native.of_params["alpha"], formula.of_params["alpha"]) <= 1


def test_only_what_is_wanted_is_computed() -> None:
    x = noise(6, 3)
    alpha = torch.tensor([1.5, 2.0, 3.0], requires_grad=True)
    y = F.ralu(x, alpha, backend="native")
    (grad,) = torch.autograd.grad(y.sum(), alpha)
    assert torch.allclose(grad, (x / (x * x + 1)).sum(0))
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(F.ralu(leaf, alpha.detach(), backend="native").sum(), leaf)
    (both_slope, _) = torch.autograd.grad(
        F.ralu(leaf, alpha, backend="native").sum(), [leaf, alpha]
    )
    assert same_bits(slope, both_slope)
