"""In the manner of torch's test_ops.py: dtypes, references, layouts, variants, fake tensors."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from typing import Any

import torch
from torch.testing._internal.common_device_type import (
    OpDTypes,
    instantiate_device_type_tests,
    ops,
)
from torch.testing._internal.common_utils import TestCase

from . import checks
from .entries import CONTROL, EVERYTHING, FOUR, LEARNED

FEW = [CONTROL, *FOUR, *LEARNED]


def variants(op: Any) -> dict[str, Any]:
    """Other ways to the same numbers."""
    if op is CONTROL:
        return {"in place": lambda x, **kw: op.inplace_variant(x.clone(), **kw)}

    def by(**options: Any) -> Any:
        return lambda *args, **kw: op.op(*args, **kw, **options)

    return {"formula": by(backend="formula"), "input": by(save="input")}


class TestCommon(TestCase):
    @ops(EVERYTHING, dtypes=OpDTypes.none)
    def test_dtypes(self, device, op):
        checks.check_dtypes(self, op, device)

    @ops(EVERYTHING)
    def test_numpy_ref(self, device, dtype, op):
        checks.check_reference(self, op, device, dtype)

    @ops(EVERYTHING)
    def test_noncontiguous_samples(self, device, dtype, op):
        checks.check_noncontiguous(self, op, device, dtype)

    @ops(EVERYTHING)
    def test_variant_consistency_eager(self, device, dtype, op):
        if op is CONTROL and dtype.itemsize == 2:
            self.skipTest("in place in 16 bits: torch's ELU takes slopes from its rounded output")
        checks.check_variants(self, op, device, dtype, variants(op))

    @ops(EVERYTHING, dtypes=OpDTypes.any_one)
    def test_meta(self, device, dtype, op):
        checks.check_meta(self, op, device, dtype)

    @ops(EVERYTHING, dtypes=OpDTypes.any_one)
    def test_fake(self, device, dtype, op):
        checks.check_fake(self, op, device, dtype)

    @ops(EVERYTHING, allowed_dtypes=(torch.float32, torch.bfloat16))
    def test_neg_view(self, device, dtype, op):
        checks.check_negative_view(self, op, device, dtype)

    @ops(EVERYTHING, dtypes=OpDTypes.any_one)
    def test_cow_input(self, device, dtype, op):
        checks.check_lazy_clone(self, op, device, dtype)

    @ops(EVERYTHING, dtypes=OpDTypes.any_one)
    def test_inputs_are_untouched(self, device, dtype, op):
        checks.check_untouched(self, op, device, dtype)

    @ops(FEW, allowed_dtypes=(torch.float32,))
    def test_composite_compliance(self, device, dtype, op):
        checks.check_composite_compliance(self, op, device, dtype)

    @ops(FEW, dtypes=OpDTypes.any_one)
    def test_out(self, device, dtype, op):
        sample = next(op.sample_inputs(device, dtype))
        with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'out'|out"):
            op(sample.input, *sample.args, **sample.kwargs, out=torch.empty_like(sample.input))
        self.skipTest("out=: neither these functions nor torch.nn.functional.elu take it")

    @ops(FEW, dtypes=OpDTypes.any_one)
    def test_non_standard_bool_values(self, device, dtype, op):
        self.assertNotIn(torch.bool, op.supported_dtypes(device))
        self.skipTest("bool tensors: not taken by activation functions, test_dtypes shows it")

    @ops(FEW, dtypes=OpDTypes.any_one)
    def test_conj_view(self, device, dtype, op):
        self.assertFalse(any(d.is_complex for d in op.supported_dtypes(device)))
        self.skipTest("complex tensors: not taken by activation functions, test_dtypes shows it")

    @ops(FEW, dtypes=OpDTypes.any_one)
    def test_multiple_devices(self, device, dtype, op):
        self.skipTest("two accelerators: this machine is tested on its CPU")


instantiate_device_type_tests(TestCommon, globals(), only_for="cpu")
