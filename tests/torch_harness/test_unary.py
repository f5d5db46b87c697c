"""In the manner of torch's test_unary_ufuncs.py: values of every size, and every layout."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.testing import make_tensor
from torch.testing._internal.common_device_type import instantiate_device_type_tests, ops
from torch.testing._internal.common_utils import TestCase
from torch.testing._internal.opinfo.core import (
    SampleInput,
    generate_elementwise_unary_arbitrarily_strided_tensors,
    generate_elementwise_unary_extremal_value_tensors,
    generate_elementwise_unary_large_value_tensors,
    generate_elementwise_unary_noncontiguous_tensors,
    generate_elementwise_unary_small_value_tensors,
    generate_elementwise_unary_tensors,
)

from .entries import CONTROL, WITH_CONTROL

SOURCES: dict[str, Callable[..., Iterable[SampleInput]]] = {
    "normal": generate_elementwise_unary_tensors,
    "small": generate_elementwise_unary_small_value_tensors,
    "large": generate_elementwise_unary_large_value_tensors,
    "extremal": generate_elementwise_unary_extremal_value_tensors,
    "noncontiguous": generate_elementwise_unary_noncontiguous_tensors,
    "strided": generate_elementwise_unary_arbitrarily_strided_tensors,
}


def check_values(case: TestCase, op: Any, device: str, dtype: torch.dtype, source: str) -> None:
    """torch's own inputs of one kind, against the numpy reference."""
    found = list(SOURCES[source](op, device=device, dtype=dtype, requires_grad=False))
    case.assertTrue(found)
    for sample in found:
        numbers = op.sample_kwargs(device, dtype, sample.input)[1]
        single = sample.input.to(torch.float32) if dtype.itemsize == 2 else sample.input
        with np.errstate(over="ignore"):  # torch's reference of ELU takes exp of everything
            want = torch.as_tensor(op.ref(single.numpy(), **numbers))
        got = op(sample.input, **sample.kwargs)
        case.assertEqual(got.dtype, dtype)
        case.assertEqual(got, want.to(dtype), exact_dtype=True)


def spaced(t: Tensor) -> Tensor:
    """The same values with gaps between them."""
    return torch.empty((*t.shape, 2), dtype=t.dtype)[..., 0].copy_(t)


def check_layouts(
    case: TestCase, op: Any, device: str, dtype: torch.dtype, **tolerance: float
) -> None:
    """Slices, transposes, expanded and offset tensors give what contiguous copies give."""
    params = op.sample_kwargs(device, dtype, None)[0]
    t = make_tensor((67, 43), device=device, dtype=dtype, low=-5, high=5)
    views = {
        "every other": t[::2, ::2],
        "transposed": t.T,
        "offset": t.reshape(-1)[3:-5],
        "expanded": t[:1].expand(5, -1),
        "spaced": spaced(t),
        "a column": t[:, 7],
        "one size": t[:, :1].reshape(1, 67, 1),
        "channels last": t[:64, :40].reshape(8, 8, 5, 8).contiguous(
            memory_format=torch.channels_last
        ),
    }  # fmt: skip
    for name, view in views.items():
        want = op(view.contiguous(), **params)
        case.assertEqual(op(view, **params), want, msg=lambda m, n=name: f"{n}: {m}", **tolerance)
    for row in range(3):
        case.assertEqual(op(t, **params)[row], op(t[row], **params), **tolerance)


class TestUnary(TestCase):
    @ops(WITH_CONTROL)
    def test_reference_numerics_normal(self, device, dtype, op):
        check_values(self, op, device, dtype, "normal")

    @ops(WITH_CONTROL)
    def test_reference_numerics_small(self, device, dtype, op):
        check_values(self, op, device, dtype, "small")

    @ops(WITH_CONTROL)
    def test_reference_numerics_large(self, device, dtype, op):
        check_values(self, op, device, dtype, "large")

    @ops(WITH_CONTROL)
    def test_reference_numerics_extremal(self, device, dtype, op):
        check_values(self, op, device, dtype, "extremal")

    @ops(WITH_CONTROL)
    def test_reference_numerics_noncontiguous(self, device, dtype, op):
        check_values(self, op, device, dtype, "noncontiguous")

    @ops(WITH_CONTROL)
    def test_reference_numerics_strided(self, device, dtype, op):
        check_values(self, op, device, dtype, "strided")

    @ops(WITH_CONTROL)
    def test_layouts(self, device, dtype, op):
        check_layouts(self, op, device, dtype)

    @ops(WITH_CONTROL)
    def test_layouts_to_the_bit(self, device, dtype, op):
        if op is CONTROL:
            self.skipTest("bits by layout: torch's ELU promises tolerances only")
        check_layouts(self, op, device, dtype, rtol=0, atol=0)


instantiate_device_type_tests(TestUnary, globals(), only_for="cpu")
