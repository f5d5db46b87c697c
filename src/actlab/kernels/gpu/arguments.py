"""What kernels are told besides tensors: parameters, constants, and how to compute."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from actlab.interpret.numbers import evaluate
from actlab.interpret.triton_ import Form
from actlab.interpret.triton_statements import twice
from actlab.kernels.call import Call

if TYPE_CHECKING:
    from actlab.kernels.gpu.launch import TritonKernel

DOUBLE, SINGLE, DEVICE, DEVICE_MIXED, HALF, DEVICE_HALF = range(6)
"""The modes of ``template.py``."""


@dataclass(frozen=True, slots=True)
class Constants:
    """How a formula is computed, and what of it depends on parameters alone.

    Attributes:
        mode: of ``template.py``.
        numbers: constants, where the host knows them.
        exponents: twice the exponents that are taken by products, by place.
    """

    mode: int
    numbers: tuple[float, ...] = ()
    exponents: tuple[tuple[int, int], ...] = ()


def constants_of(kernel: TritonKernel, key: str, call: Call, dtype: torch.dtype) -> Constants:
    """The constants of a form for one call."""
    params = tuple(call.params.values())
    if any(value is None for value in params):
        return Constants(_on_device(kernel, key, dtype))
    return _of_numbers(kernel, key, params, _storage(dtype))


HALF_TYPES = ("float16", "bfloat16")


def _storage(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _on_device(kernel: TritonKernel, key: str, dtype: torch.dtype) -> int:
    forms = kernel.printed.forms
    if _storage(dtype) in HALF_TYPES and f"half_{key}" in forms:
        return DEVICE_HALF
    return DEVICE_MIXED if dtype != torch.float64 and f"direct_{key}" in forms else DEVICE


@functools.lru_cache(maxsize=4096)
def _of_numbers(
    kernel: TritonKernel, key: str, values: tuple[float, ...], storage: str
) -> Constants:
    printed = kernel.printed
    params = dict(zip((p.name for p in kernel.activation.params), values, strict=True))
    half = printed.forms.get(f"half_{key}")
    enough = half is not None and storage in HALF_TYPES
    if enough and evaluate(printed.usable["half_usable"], params, storage):
        numbers = _numbers(half, params, storage)
        return Constants(HALF, numbers, tuple(_exponents(half, numbers, storage)))
    direct = printed.forms.get(f"direct_{key}")
    if direct is not None and storage != "float64":
        usable = printed.usable["usable" if key == "forward" else "slopes_usable"]
        if evaluate(usable, params, storage):
            return Constants(SINGLE, _numbers(direct, params, storage))
    form = printed.forms[key]
    numbers = _numbers(form, params, storage)
    return Constants(DOUBLE, numbers, tuple(_exponents(form, numbers, storage)))


def _numbers(form: Form, params: Mapping[str, float], storage: str) -> tuple[float, ...]:
    return tuple(evaluate(constant, params, storage) for constant in form.constants)


EXACT_PRODUCTS = (2, 4, 6, 8)
"""Twice the exponents whose powers are products even where results are in double."""


def _exponents(form: Form, numbers: tuple[float, ...], storage: str) -> Any:
    ordinary = all(number == 0 or 1e-60 <= abs(number) <= 1e60 for number in numbers)
    for place in form.exponents:
        doubled = twice(numbers[place])
        if ordinary and (storage != "float64" or doubled in EXACT_PRODUCTS):
            yield place, doubled


def parameter_arguments(
    kernel: TritonKernel,
    call: Call,
    tensors: tuple[Tensor, ...],
    x: Tensor,
    constants: Constants,
    values: Constants | None = None,
) -> dict[str, Any]:
    """The keyword arguments of a kernel that tell it parameters and constants.

    Args:
        constants: of the form that the kernel computes.
        values: of the value, for the backward of a gated unit.
    """
    arguments: dict[str, Any] = {}
    given = iter(tensors)
    for name, number in call.params.items():
        tensor = next(given) if number is None else None
        if tensor is None:
            arguments |= {f"{name}_ptr": x, name: float(number or 0.0), f"KIND_{name}": 0}
            continue
        if tensor.device != x.device:  # one value on the host: no element of x waits for it
            tensor = tensor.to(x.device, non_blocking=True)
        kind = 1 if tensor.numel() == 1 else 2
        arguments |= {f"{name}_ptr": tensor.contiguous(), name: 0.0, f"KIND_{name}": kind}
    most = max(len(form.constants) for form in kernel.printed.forms.values())
    for letter, sign, chosen in (("k", "E", constants), ("v", "F", values or constants)):
        padded = chosen.numbers + (0.0,) * (most - len(chosen.numbers))
        doubled = dict(chosen.exponents)
        for place in range(most):
            arguments[f"{letter}{place}"] = padded[place]
            arguments[f"{sign}{place}"] = doubled.get(place, 0)
    return arguments


def device_of(x: Tensor) -> Any:
    """Triton launches on the current device, which may be another one."""
    return torch.cuda.device_of(x) if x.is_cuda else contextlib.nullcontext()
