"""The activation as a module: state, copies, pickles, autocast, repr."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import torch
from torch import Tensor

from actlab import nn, registry
from actlab.testing.comparison import expect_same_bits
from actlab.testing.inputs import noise
from actlab.testing.subject import NotApplicableError, Subject


def _module(subject: Subject, **options: Any) -> nn.Activation:
    return nn.Activation(
        subject.activation, backend=subject.backend, device=subject.device, **options
    )


def _variants(subject: Subject) -> list[nn.Activation]:
    """The module as it comes, fixed, learned, and with a value per channel."""
    modules = [_module(subject), _module(subject, learnable=False)]
    if subject.activation.params:
        modules += [
            _module(subject, learnable=True),
            _module(subject, learnable=True, num_parameters=3),
        ]
    return modules


def _x(subject: Subject) -> Tensor:
    return subject.tensor(noise((8, 3), torch.float32), torch.float32)


def forward(subject: Subject) -> None:
    """The module of fixed parameters gives the bits of the function."""
    x, params = _x(subject), subject.activation.defaults
    got = _module(subject, learnable=False)(x)
    expect_same_bits(got, subject(x, params), f"module of {subject.label()}")


def learning(subject: Subject) -> None:
    """Learned parameters start where they were set, get gradients, and stay in their domain."""
    if not subject.activation.params:
        raise NotApplicableError("it has no parameters")
    for channels in (1, 3):
        module = _module(subject, learnable=True, num_parameters=channels)
        for param in subject.activation.params:
            start = getattr(module, param.name)
            if start.shape != (channels,) or (start - param.default).abs().max() > 1e-6:
                raise AssertionError(f"{module} starts {param.name} at {start.tolist()}")
        for sign in (1.0, -1.0):
            _step(subject, module, sign)
            _expect_inside(subject, module)
        for end in (1e4, -1e4):
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter.fill_(end)
            _expect_inside(subject, module)
        module.reset_parameters()
        for param in subject.activation.params:
            if (getattr(module, param.name) - param.default).abs().max() > 1e-6:
                raise AssertionError(f"{module}.reset_parameters leaves {param.name} changed")


def _step(subject: Subject, module: nn.Activation, sign: float) -> None:
    """One step of gradient descent (or ascent) large enough to leave any interval."""
    optimiser = torch.optim.SGD(module.parameters(), lr=10.0)
    (sign * module(_x(subject))).sum().backward()
    if any(p.grad is None or not p.grad.isfinite().all() for p in module.parameters()):
        raise AssertionError(f"{module}: a parameter has no finite gradient")
    optimiser.step()


def _expect_inside(subject: Subject, module: nn.Activation) -> None:
    for param in subject.activation.params:
        for value in getattr(module, param.name).tolist():
            domain = param.learned_in or param.domain
            if not (domain.contains(value) and param.domain.contains(value)):
                raise AssertionError(f"{module}: {param.name} left {domain}: {value!r}")


def copies(subject: Subject) -> None:
    """deepcopy and pickle keep the numbers and share nothing; a copy learns on its own."""
    try:
        registry.address(subject.activation)
    except ValueError as error:
        raise NotApplicableError("its definition cannot be found by name") from error
    x = _x(subject)
    for module in _variants(subject):
        y = module(x).detach()
        saved = io.BytesIO()
        torch.save(module, saved)
        saved.seek(0)
        twins = {
            "deepcopy": copy.deepcopy(module),
            "pickle": pickle.loads(pickle.dumps(module)),
            "torch.save": torch.load(saved, weights_only=False),
        }
        for how, twin in twins.items():
            expect_same_bits(twin(x).detach(), y, f"{module} after {how}")
            if type(twin).__name__ != type(module).__name__ or repr(twin) != repr(module):
                raise AssertionError(f"{module} becomes {twin} by {how}")
            with torch.no_grad():
                for parameter in twin.parameters():
                    parameter.add_(0.25)
            expect_same_bits(module(x).detach(), y, f"{module}: its {how} shares memory with it")


def state(subject: Subject) -> None:
    """state_dict restores the numbers in another module, also through a file."""
    x = _x(subject)
    for module in _variants(subject):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(0.125)
        saved = io.BytesIO()
        torch.save(module.state_dict(), saved)
        saved.seek(0)
        count = len(list(module.parameters()))
        # Some but not all of them: those that the definition itself says are learned.
        learned = None if 0 < count < len(subject.activation.params) else count > 0
        other = _module(subject, learnable=learned, num_parameters=module.num_parameters)
        other.load_state_dict(torch.load(saved, weights_only=True), strict=True)
        expect_same_bits(other(x).detach(), module(x).detach(), f"state_dict of {module}")


def conversions(subject: Subject) -> None:
    """.to(dtype), .half, train, eval and requires_grad_ behave as in every module."""
    for module in _variants(subject):
        for dtype in (torch.float64, torch.bfloat16, torch.float16):
            module = module.to(dtype)
            y = module.train()(_x(subject).to(dtype))
            expect_same_bits(module.eval()(_x(subject).to(dtype)), y, f"{module}: train and eval")
            if y.dtype != dtype or any(p.dtype != dtype for p in module.parameters()):
                raise AssertionError(f"{module} to {dtype} gives {y.dtype}")
        module.requires_grad_(False)
        if module(_x(subject)).requires_grad:
            raise AssertionError(f"{module} wants gradients though frozen")


def autocast(subject: Subject) -> None:
    """Under autocast the dtype of x rules, parameters keep theirs, numbers do not change."""
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        for module in _variants(subject):
            x = _x(subject).to(dtype).requires_grad_()
            with torch.autocast(subject.device, dtype=torch.bfloat16):
                y = module(x)
            expect_same_bits(y.detach(), module(x).detach(), f"{module} of {dtype} under autocast")
            y.sum().backward()
            if x.grad is None or x.grad.dtype != dtype:
                raise AssertionError(f"{module} of {dtype}: the gradient is {x.grad}")
            for name, parameter in module.named_parameters():
                if parameter.grad is None or parameter.grad.dtype != torch.float32:
                    raise AssertionError(f"{module} of {dtype}: gradient of {name} is missing")


def printed(subject: Subject) -> None:
    """The repr is one line that names the class and shows every parameter."""
    for module in _variants(subject):
        text = repr(module)
        missing = [p.name for p in subject.activation.params if f"{p.name}=" not in text]
        if "\n" in text or missing or "Parametrized" in text:
            raise AssertionError(f"repr {text!r} is not one line with {missing or 'its values'}")
