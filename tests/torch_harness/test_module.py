"""In the manner of torch's test_modules.py."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.testing._internal.common_device_type import instantiate_device_type_tests
from torch.testing._internal.common_modules import modules
from torch.testing._internal.common_utils import (
    TestCase,
    gradcheck,
    gradgradcheck,
    noncontiguous_like,
)

from .module_entries import ALL, CONTROL


def built(
    info: Any, device: str, dtype: torch.dtype, training: bool, grad: bool = False
) -> Iterator[tuple[torch.nn.Module, Tensor, Any]]:
    """Every module of an entry in its dtype, with an input, and what it was made from."""
    found = info.module_inputs_func(
        info, device=device, dtype=dtype, requires_grad=grad, training=training
    )
    assert found, f"{info.name} has no inputs"
    for one in found:
        args, kwargs = one.constructor_input.args, one.constructor_input.kwargs
        module = info.module_cls(*args, **kwargs).to(device=device, dtype=dtype).train(training)
        yield module, one.forward_input.args[0], one


def check_forward(case: TestCase, info: Any, device: str, dtype: torch.dtype) -> None:
    """The outputs of the reference."""
    compared = 0
    for module, x, one in built(info, device, dtype, training=True):
        y = module(x)
        if one.reference_fn is not None:
            case.assertEqual(y, one.reference_fn(module, x))
            compared += 1
    case.assertTrue(compared)


def check_gradient(case: TestCase, info: Any, device: str, check: Any) -> None:
    """Gradients of input and parameters against finite differences."""
    for module, x, _ in built(info, device, torch.float64, training=True, grad=True):
        names = [name for name, _ in module.named_parameters()]

        def call(x: Tensor, *values: Tensor, module: Any = module, names: Any = names) -> Tensor:
            given = dict(zip(names, values, strict=True))
            return torch.func.functional_call(module, given, (x,))

        parameters = [p.detach().clone().requires_grad_() for p in module.parameters()]
        case.assertTrue(check(call, (x, *parameters)))


class TestModule(TestCase):
    @modules(ALL)
    def test_forward(self, device, dtype, module_info, training):
        check_forward(self, module_info, device, dtype)

    @modules(ALL)
    def test_factory_kwargs(self, device, dtype, module_info, training):
        if module_info is CONTROL:
            self.skipTest("device= and dtype=: torch.nn.ELU has no parameters to make")
        for module, x, one in built(module_info, device, dtype, training):
            kwargs = one.constructor_input.kwargs
            direct = module_info.module_cls(**kwargs, device=device, dtype=dtype)
            self.assertEqual(direct.state_dict(), module.state_dict())
            for p in direct.parameters():
                self.assertEqual(p.dtype, dtype)
            on_meta = module_info.module_cls(**kwargs, device="meta", dtype=dtype)
            self.assertTrue(all(p.is_meta for p in on_meta.parameters()))
            self.assertEqual(on_meta(x.to("meta")).shape, x.shape)

    @modules(ALL)
    def test_repr(self, device, dtype, module_info, training):
        for module, _, _ in built(module_info, device, dtype, training):
            self.assertIn(module_info.module_cls.__name__, repr(module))

    @modules(ALL)
    def test_save_load(self, device, dtype, module_info, training):
        for module, x, one in built(module_info, device, dtype, training):
            with torch.no_grad():
                for p in module.parameters():
                    p.add_(0.125)
            y = module(x)
            kwargs = one.constructor_input.kwargs
            other = module_info.module_cls(**kwargs).to(device=device, dtype=dtype)
            other.load_state_dict(module.state_dict())
            for twin in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module), other):
                self.assertEqual(twin(x), y, rtol=0, atol=0)

    @modules(ALL)
    def test_non_contiguous_tensors(self, device, dtype, module_info, training):
        for module, x, _ in built(module_info, device, dtype, training, grad=True):
            results = []
            for one in (x, noncontiguous_like(x)):
                one = one.detach().requires_grad_()
                module.zero_grad()
                y = module(one)
                y.backward(torch.ones_like(y))
                results.append((y.detach(), one.grad, [p.grad for p in module.parameters()]))
            self.assertEqual(results[0], results[1])

    @modules(ALL, allowed_dtypes=(torch.float32,))
    def test_memory_format(self, device, dtype, module_info, training):
        for module, _, one in built(module_info, device, dtype, training):
            channels = one.constructor_input.kwargs.get("num_parameters", 4)
            x = torch.randn(2, channels, 3, 5).to(memory_format=torch.channels_last)
            for given in (module, module.to(memory_format=torch.channels_last)):
                y = given(x)
                self.assertTrue(y.is_contiguous(memory_format=torch.channels_last))
                self.assertEqual(y, module(x.contiguous()))

    @modules(ALL)
    def test_to(self, device, dtype, module_info, training):
        for module, x, _ in built(module_info, device, dtype, training):
            for other in (torch.float64, torch.float32):
                module.to(other)
                self.assertEqual(module(x.to(other)).dtype, other)
            module.to_empty(device="meta")
            self.assertEqual(module(x.to("meta")).device.type, "meta")

    @modules(ALL)
    def test_if_train_and_eval_modes_differ(self, device, dtype, module_info, training):
        for module, x, _ in built(module_info, device, dtype, training):
            self.assertEqual(module.train()(x), module.eval()(x), rtol=0, atol=0)

    @modules(ALL, allowed_dtypes=(torch.float64,))
    def test_grad(self, device, dtype, module_info, training):
        check_gradient(self, module_info, device, gradcheck)

    @modules(ALL, allowed_dtypes=(torch.float64,))
    def test_gradgrad(self, device, dtype, module_info, training):
        check_gradient(self, module_info, device, gradgradcheck)

    @modules(ALL, allowed_dtypes=(torch.float32,))
    def test_check_inplace(self, device, dtype, module_info, training):
        self.skipTest("in place: actlab's modules have no such option; torch tests its own")

    @modules(ALL, allowed_dtypes=(torch.float32,))
    def test_cpu_gpu_parity(self, device, dtype, module_info, training):
        self.skipTest("an accelerator: this machine is tested on its CPU")


instantiate_device_type_tests(TestModule, globals(), only_for="cpu")
