"""The checks of torch's test_ops.py, as functions of a test case and an entry."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing._internal import composite_compliance
from torch.testing._internal.common_dtype import all_types_and_complex_and
from torch.testing._internal.common_utils import TestCase
from torch.utils import _pytree as pytree

ALL_DTYPES = all_types_and_complex_and(torch.bool, torch.float16, torch.bfloat16)


def tensors_in(sample: Any) -> list[Tensor]:
    leaves = pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
    return [leaf for leaf in leaves if isinstance(leaf, Tensor)]


def gradients(op: Any, sample: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The value, and the gradients of all tensors under a fixed cotangent."""
    y = op(sample.input, *sample.args, **sample.kwargs)
    wanted = [tensor for tensor in tensors_in(sample) if tensor.requires_grad]
    weights = torch.linspace(-2, 2, y.numel(), dtype=torch.float64).reshape(y.shape).to(y.dtype)
    return y.detach(), torch.autograd.grad(y, wanted, weights)


def check_dtypes(case: TestCase, op: Any, device: str) -> None:
    """Forward and backward take exactly the dtypes that the entry claims."""
    taken: dict[str, set[torch.dtype]] = {"forward": set(), "backward": set()}
    for dtype in ALL_DTYPES:
        try:
            x = torch.ones(3, dtype=dtype, device=device)
            params = [torch.ones(1) + 0.5] * _tensor_parameters(op)
            op(x, *params)
            taken["forward"].add(dtype)
            x.requires_grad_()
            op(x, *params).sum().backward()
            taken["backward"].add(dtype)
        except (RuntimeError, TypeError):
            pass
    case.assertEqual(taken["forward"], op.supported_dtypes(device))
    case.assertEqual(taken["backward"], op.supported_backward_dtypes(device))


def _tensor_parameters(op: Any) -> int:
    sample = next(op.sample_inputs("cpu", torch.float32))
    return sum(isinstance(argument, Tensor) for argument in sample.args)


def samples(op: Any, device: str, dtype: torch.dtype, grad: bool = False) -> Iterator[Any]:
    found = 0
    for sample in op.sample_inputs(device, dtype, requires_grad=grad):
        found += 1
        yield sample
    assert found, f"{op.name} has no samples"


def check_reference(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Values are those of the numpy reference, which takes bfloat16 as float32."""
    for sample in samples(op, device, dtype):
        given = sample.numpy()
        with np.errstate(over="ignore"):
            want = torch.as_tensor(op.ref(given.input, *given.args, **given.kwargs))
        got = op(sample.input, *sample.args, **sample.kwargs)
        case.assertEqual(got.dtype, dtype)
        case.assertEqual(got, want.to(dtype))


def check_noncontiguous(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """The same values and gradients from inputs with gaps in memory."""
    for sample in samples(op, device, dtype, grad=True):
        apart = sample.noncontiguous()
        case.assertFalse(apart.input.numel() > 1 and apart.input.is_contiguous())
        case.assertEqual(gradients(op, apart), gradients(op, sample))


def check_variants(
    case: TestCase, op: Any, device: str, dtype: torch.dtype, variants: dict[str, Any]
) -> None:
    """Every other way to call it gives the same values and gradients."""
    for sample in samples(op, device, dtype, grad=True):
        want = gradients(op, sample)
        for name, variant in variants.items():
            got = gradients(variant, sample)
            case.assertEqual(got, want, msg=lambda m, n=name: f"{n}: {m}")


def check_meta(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Meta tensors have the shape, dtype and strides of real results."""
    for sample in samples(op, device, dtype):
        for one in (sample, sample.noncontiguous()):
            want = op(one.input, *one.args, **one.kwargs)
            meta = one.transform(lambda t: t.to("meta") if isinstance(t, Tensor) else t)
            got = op(meta.input, *meta.args, **meta.kwargs)
            case.assertEqual(got.device.type, "meta")
            _same_metadata(case, got, want)


def check_fake(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Fake tensors have the shape, dtype and strides of real results and gradients."""
    for sample in samples(op, device, dtype, grad=True):
        want = gradients(op, sample)
        with FakeTensorMode() as mode:
            fake = sample.transform(
                lambda t, m=mode: m.from_tensor(t) if isinstance(t, Tensor) else t
            )
            for tensor in tensors_in(fake):
                tensor.requires_grad_(tensor.is_floating_point())
            got = gradients(op, fake)
        for one, other in zip(pytree.tree_leaves(got), pytree.tree_leaves(want), strict=True):
            _same_metadata(case, one, other)


def _same_metadata(case: TestCase, got: Tensor, want: Tensor) -> None:
    case.assertEqual(got.shape, want.shape)
    case.assertEqual(got.dtype, want.dtype)
    sized = [place for place, size in enumerate(want.shape) if size > 1 and want.numel()]
    strides = ([tensor.stride(place) for place in sized] for tensor in (got, want))
    case.assertEqual(*strides)


def check_negative_view(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Inputs whose minus sign is still to be applied."""
    for sample in samples(op, device, dtype, grad=True):
        want = gradients(op, sample)
        lazy = torch._neg_view(-sample.input.detach()).requires_grad_()
        case.assertTrue(lazy.is_neg())
        y = op(lazy, *sample.args, **sample.kwargs)
        weights = torch.linspace(-2, 2, y.numel(), dtype=torch.float64).reshape(y.shape).to(dtype)
        case.assertEqual(y, want[0])
        case.assertEqual(torch.autograd.grad(y, lazy, weights)[0], want[1][0])
        negative = torch._neg_view(-weights)
        y = op(sample.input, *sample.args, **sample.kwargs)
        case.assertEqual(torch.autograd.grad(y, sample.input, negative)[0], want[1][0])


def check_lazy_clone(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Neither pass makes a copy-on-write input its own copy."""
    for sample in samples(op, device, dtype):
        shared = torch._lazy_clone(sample.input).requires_grad_()
        case.assertTrue(torch._C._is_cow_tensor(shared))
        y = op(shared, *sample.args, **sample.kwargs)
        y.backward(torch.ones_like(y))
        case.assertTrue(torch._C._is_cow_tensor(shared))
        case.assertEqual(shared.detach(), sample.input)


def check_composite_compliance(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Tensor subclasses see every operation of the forward, backward and forward-mode rules."""
    # Every choice of which tensors are wrapped: 16 for one sample with three parameters.
    for sample in itertools.islice(samples(op, device, dtype), 3):
        args = [sample.input, *sample.args]
        composite_compliance.check_with_mode(op, args, sample.kwargs, case.assertEqual)
        composite_compliance.check_all_permutations(op, args, sample.kwargs, case.assertEqual)
    for sample in itertools.islice(samples(op, device, dtype, grad=True), 3):
        args = [sample.input, *sample.args]
        composite_compliance.check_backward_formula(
            op.get_op(), args, sample.kwargs, sample.output_process_fn_grad,
            op.gradcheck_wrapper, case.assertEqual,
        )  # fmt: skip
        composite_compliance.check_forward_ad_formula(
            op.get_op(), args, sample.kwargs, op.gradcheck_wrapper, case.assertEqual
        )


def check_untouched(case: TestCase, op: Any, device: str, dtype: torch.dtype) -> None:
    """Inputs are neither changed nor returned."""
    for sample in samples(op, device, dtype, grad=True):
        before = [(tensor.detach().clone(), tensor._version) for tensor in tensors_in(sample)]
        y, _ = gradients(op, sample)
        for tensor, (values, version) in zip(tensors_in(sample), before, strict=True):
            case.assertEqual(tensor.detach(), values, rtol=0, atol=0)
            case.assertEqual(tensor._version, version)
            if y.numel():
                case.assertNotEqual(y.data_ptr(), tensor.data_ptr())
