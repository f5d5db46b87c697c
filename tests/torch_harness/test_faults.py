"""Every kind of check in this folder fails on something that is broken in its way."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.testing._internal.common_utils import TestCase, gradcheck, gradgradcheck

from actlab import functional as F
from actlab import get, nn

from . import checks, entries, module_entries
from .test_gradients import check_gradients
from .test_module import check_forward, check_gradient
from .test_unary import check_layouts, check_values

SINGLE = torch.float32


def entry(call: Callable[..., Tensor]) -> Any:
    """The entry of ELU with another function in it."""
    op = copy.copy(next(op for op in entries.FOUR if op.name == "actlab.elu"))
    op.op = call
    return op


def replaced(name: str, **formulas: Any) -> Callable[..., Tensor]:
    """A definition with another formula in it, run by formula."""
    definition = dataclasses.replace(get(name), **formulas)
    return lambda x, **params: F.call(definition, x, backend="formula", **params)


def steeper(m: Any, x: Any, *, alpha: Any) -> Any:
    return get("elu").derivative(m, x, alpha=alpha + 0.01)


class Detached(torch.autograd.Function):
    """The right slope, which hides that it has one itself; and a wrong forward mode."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return F.elu(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * x.detach().clamp(max=0).exp()

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        return 1.25 * tangent


def off(x: Tensor, **params: float) -> Tensor:
    return F.elu(x, **params) * (1 + 2**-12) + 2**-12


def by_strides(x: Tensor, **params: float) -> Tensor:
    return F.elu(x, **params) if x.is_contiguous() else off(x, **params)


def wider_without_data(x: Tensor, **params: float) -> Tensor:
    y = F.elu(x, **params)
    return y.double() if y.is_meta or isinstance(y, FakeTensor) else y


def other_sign(x: Tensor, **params: float) -> Tensor:
    return F.elu(-x if x.is_neg() else x, **params)


def pointer(x: Tensor, **params: float) -> Tensor:
    x.detach().data_ptr()
    return F.elu(x, **params)


def by_value(x: Tensor, **params: float) -> Tensor:
    return F.elu(x, **params) + 0 * x.sum().item()


def writing(x: Tensor, **params: float) -> Tensor:
    x.detach().mul_(1)
    return F.elu(x, **params)


def finite(x: Tensor, **params: float) -> Tensor:
    return torch.nan_to_num(F.elu(x, **params))


def last_bit(x: Tensor, **params: float) -> Tensor:
    y = F.elu(x, **params)
    return y if x.is_contiguous() else torch.nextafter(y, y + 1)


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (checks.check_reference, off),
        (checks.check_noncontiguous, by_strides),
        (checks.check_meta, wider_without_data),
        (checks.check_fake, wider_without_data),
        (checks.check_negative_view, other_sign),
        (checks.check_lazy_clone, pointer),
        (checks.check_composite_compliance, by_value),
        (checks.check_untouched, writing),
        (lambda *given: checks.check_variants(*given, {"off": off}), F.elu),
        (lambda *given: check_values(*given, "normal"), off),
        (lambda *given: check_values(*given, "extremal"), finite),
        (check_layouts, by_strides),
        (lambda *given: check_layouts(*given, rtol=0, atol=0), last_bit),
    ],
)  # fmt: skip
def test_values(check: Callable[..., None], broken: Callable[..., Tensor]) -> None:
    check(TestCase(), entry(F.elu), "cpu", SINGLE) if broken is not F.elu else None
    with pytest.raises((AssertionError, RuntimeError)):
        check(TestCase(), entry(broken), "cpu", SINGLE)


def test_dtypes() -> None:
    checks.check_dtypes(TestCase(), entry(F.elu), "cpu")
    for broken in (torch.relu, lambda x: torch.erf(x) if x.dtype == torch.int8 else F.elu(x)):
        with pytest.raises(AssertionError):
            checks.check_dtypes(TestCase(), entry(broken), "cpu")


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("order", "broken"),
    [
        (1, replaced("elu", derivative=steeper)),
        (2, lambda x, **params: Detached.apply(x)),
    ],
)  # fmt: skip
def test_gradients(order: int, broken: Callable[..., Tensor], fast: bool) -> None:
    with pytest.raises(Exception, match="mismatch"):
        check_gradients(TestCase(), entry(broken), "cpu", order, fast_mode=fast)


def test_forward_mode() -> None:
    wrong = entry(lambda x, **params: Detached.apply(x))
    with pytest.raises(Exception, match="mismatch"):
        check_gradients(
            TestCase(), wrong, "cpu", 1,
            check_forward_ad=True, check_backward_ad=False, check_batched_grad=False,
            check_undefined_grad=False,
        )  # fmt: skip


class WrongPartial(nn.RaLU):
    """Its parameter's gradient is off by one part in twenty."""

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.alpha
        return F.ralu(x, alpha + 0.05 * (alpha - alpha.detach()))


class WrongValue(nn.RaLU):
    """Its value is off by one part in a thousand."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 1.001


def test_modules() -> None:
    def info(cls: type) -> Any:
        return module_entries.entry(cls, entries.ralu, {}, {"num_parameters": 4})

    check_forward(TestCase(), info(nn.RaLU), "cpu", SINGLE)
    with pytest.raises(AssertionError):
        check_forward(TestCase(), info(WrongValue), "cpu", SINGLE)
    for check in (gradcheck, gradgradcheck):
        check_gradient(TestCase(), info(nn.RaLU), "cpu", check)
    with pytest.raises(Exception, match="mismatch"):
        check_gradient(TestCase(), info(WrongPartial), "cpu", gradcheck)
