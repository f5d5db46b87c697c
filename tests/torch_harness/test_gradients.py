"""In the manner of torch's test_ops_gradients.py and test_ops_fwd_gradients.py."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from typing import Any

import torch
from torch import Tensor
from torch.testing._internal.common_device_type import instantiate_device_type_tests, ops
from torch.testing._internal.common_utils import TestCase, gradcheck, gradgradcheck

from .checks import samples
from .entries import CONTROL, EVERYTHING, FOUR, LEARNED

FEW = [CONTROL, *FOUR, *LEARNED]


def check_gradients(case: TestCase, op: Any, device: str, order: int, **options: Any) -> None:
    """Gradients of every tensor against finite differences, in double numbers."""
    check = gradcheck if order == 1 else gradgradcheck
    for sample in samples(op, device, torch.float64, grad=True):

        def call(*tensors: Tensor, sample: Any = sample) -> Tensor:
            return op(tensors[0], *tensors[1:], **sample.kwargs)

        inputs = (sample.input, *sample.args)
        case.assertTrue(check(call, inputs, raise_exception=True, **options))


class TestGradients(TestCase):
    @ops(EVERYTHING, allowed_dtypes=(torch.float64,))
    def test_fn_grad(self, device, dtype, op):
        check_gradients(self, op, device, 1, check_grad_dtypes=True)

    @ops(EVERYTHING, allowed_dtypes=(torch.float64,))
    def test_fn_grad_slow(self, device, dtype, op):
        check_gradients(self, op, device, 1, fast_mode=False, rtol=1e-5)

    @ops(EVERYTHING, allowed_dtypes=(torch.float64,))
    def test_fn_gradgrad(self, device, dtype, op):
        check_gradients(self, op, device, 2, check_grad_dtypes=True)

    @ops(FEW, allowed_dtypes=(torch.float64,))
    def test_fn_gradgrad_slow(self, device, dtype, op):
        check_gradients(self, op, device, 2, fast_mode=False)

    @ops(EVERYTHING, allowed_dtypes=(torch.float64,))
    def test_forward_mode_AD(self, device, dtype, op):
        check_gradients(
            self, op, device, 1,
            check_forward_ad=True, check_backward_ad=False, check_batched_grad=False,
            check_undefined_grad=False, check_batched_forward_grad=True,
        )  # fmt: skip

    @ops(EVERYTHING, allowed_dtypes=(torch.float64,))
    def test_fn_fwgrad_bwgrad(self, device, dtype, op):
        check_gradients(
            self, op, device, 2,
            check_fwd_over_rev=True, check_rev_over_rev=False, check_batched_grad=False,
            check_undefined_grad=False,
        )  # fmt: skip

    @ops(FEW, allowed_dtypes=(torch.float64,))
    def test_inplace_grad(self, device, dtype, op):
        if op is not CONTROL:
            self.assertIsNone(op.get_inplace())
            self.skipTest("in place: actlab's functions never write to their input")
        for sample in samples(op, device, dtype, grad=True):

            def call(x: Tensor, sample: Any = sample) -> Tensor:
                return op.inplace_variant(x.clone(), **sample.kwargs)

            self.assertTrue(gradcheck(call, (sample.input,)))


instantiate_device_type_tests(TestGradients, globals(), only_for="cpu")
