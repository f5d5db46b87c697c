"""Decisions taken from facts about the call: what to compute in, by which path, what to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import forward_ad

from actlab.core import Activation, BackendUnavailableError
from actlab.kernels import native
from actlab.kernels.gpu import backend as gpu

Kernel = Any
"""``native.Kernel`` or ``gpu.launch.TritonKernel``."""

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
BACKENDS = ("formula", "native", "triton")
FORMS = ("input", "output")

NO_DOUBLE = frozenset({"mps"})
"""Devices without float64, where every dtype computes in float32."""


def compute_dtype(x: Tensor) -> torch.dtype:
    """The dtype formulas are evaluated in: double, so that narrower results round once."""
    return torch.float32 if x.device.type in NO_DOUBLE else torch.float64


def constant(number: float) -> float:
    """A number that a compiler takes as it is, even where it traces numbers symbolically.

    Formulas and constraints branch on numbers, and some of their operations take no symbols.
    The digits of a number are a constant.
    """
    return float.fromhex(number.hex()) if torch.compiler.is_compiling() else number


def check_backend(activation: Activation, backend: str | None) -> None:
    """An explicit request runs as asked or raises with the reason; it never falls back.

    Raises:
        ValueError: there is no such backend.
        BackendUnavailableError: it cannot run here, or lacks this definition.
    """
    if backend is None or backend == "formula":
        return
    owner = activation.name
    if backend not in BACKENDS:
        known = ", ".join(map(repr, BACKENDS))
        raise ValueError(f"{owner}: backend must be None or one of {known}, got {backend!r}")
    lacking = native.lacking if backend == "native" else gpu.lacking
    reason = unavailable(backend) or lacking(activation)
    if reason:
        raise BackendUnavailableError(f"{owner}: backend {backend!r} cannot run here: {reason}")


def unavailable(backend: str) -> str:
    """Why a backend cannot serve calls, or an empty string."""
    if backend == "native":
        return native.problem()
    if backend == "triton":
        return gpu.problem()
    return ""


def kernel_for(activation: Activation, place: str, backend: str | None) -> Kernel | None:
    """The compiled functions that a call on an eager tensor runs, or None for the formula.

    Args:
        activation: the definition.
        place: type of the tensor's device.
        backend: as it was asked for.
    """
    if backend == "triton" or (backend is None and place == "cuda"):
        return gpu.kernel(activation)
    if backend != "formula" and place == "cpu":
        found = native.kernel(activation)
        if found is None:
            native.warn_once()
        return found
    return None


def check_device(activation: Activation, backend: str | None, x: Tensor) -> None:
    """Compiled kernels are for the CPU, those in Triton for GPUs.

    Raises:
        BackendUnavailableError: they were asked for by name and ``x`` is elsewhere.
    """
    if backend == "native" and not x.is_cpu:
        raise BackendUnavailableError(
            f"{activation.name}: backend 'native' runs on CPU tensors, x is on {x.device}"
        )
    if backend == "triton" and not gpu.serves(x):
        check_backend(activation, backend)
        raise BackendUnavailableError(
            f"{activation.name}: backend 'triton' runs on GPU tensors, x is on {x.device}"
        )


def check_traced_backend(activation: Activation, backend: str | None) -> None:
    """Exporters, transforms and most graphs need plain operations, which only formulas are.

    Raises:
        BackendUnavailableError: another backend was asked for by name.
    """
    if backend not in (None, "formula"):
        raise BackendUnavailableError(
            f"{activation.name}: backend {backend!r} serves plain eager tensors, and 'native' "
            "under torch.compile those on the CPU, for activations that come with actlab; under "
            "export, torch.func, forward mode and tensor subclasses use backend=None or 'formula'"
        )


def must_trace(*values: Any) -> bool:
    """Whether plain differentiable operations have to be used.

    True while a compiler or exporter traces, inside functorch transforms and forward-mode
    levels, under a dispatch mode, and for tensor subclasses: all of these must see ordinary
    operations to do their work.
    """
    return in_transform() or any(
        isinstance(value, Tensor)
        and (type(value) not in (Tensor, torch.nn.Parameter) or is_grad_batch(value))
        for value in values
    )


def in_transform() -> bool:
    """Whether a compiler, an exporter, a functorch transform, forward mode or a mode is at work."""
    return (
        torch.compiler.is_compiling()
        or forward_ad._current_level >= 0
        or torch._C._is_tracing()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._len_torch_dispatch_stack() > 0
    )


def is_grad_batch(x: Tensor) -> bool:
    """Whether autograd is batching cotangents (``is_grads_batched``), for which few rules exist."""
    return torch._C._functorch.is_legacy_batchedtensor(x)


def form_to_save(
    activation: Activation,
    params: Mapping[str, float | Tensor],
    save: str | None,
    dtype: torch.dtype,
) -> Literal["input", "output"]:
    """Whether backward works from the input or from the output.

    Raises:
        ValueError: ``save`` is unknown, or this function's slope cannot be had from its
            output for these parameters.
    """
    if save is None:
        return _default_form(activation, params, dtype)
    if save not in FORMS:
        raise ValueError(f"{activation.name}: save must be None, 'input' or 'output', got {save!r}")
    if save == "output":
        _check_output_form(activation, params)
        return "output"
    return "input"


def _default_form(
    activation: Activation, params: Mapping[str, float | Tensor], dtype: torch.dtype
) -> Literal["input", "output"]:
    form = activation.from_output
    if activation.saves == "input" or form is None:
        return "input"
    learned = {
        name for name, value in params.items() if isinstance(value, Tensor) and value.requires_grad
    }
    inaccurate = learned & form.ill_conditioned or any(
        not isinstance(value := params[name], Tensor) and not domain.contains(value)
        for name, domain in form.accurate_in.items()
    )
    if inaccurate or learned - set(form.partials):
        return "input"
    if form.usable is None:
        return "output"
    if any(isinstance(value, Tensor) for value in params.values()):
        return "input"  # what a tensor holds is not looked at
    facts = torch.finfo(dtype)
    return "output" if form.usable(facts.eps, facts.max, **params) else "input"


def _check_output_form(activation: Activation, params: Mapping[str, float | Tensor]) -> None:
    form = activation.from_output
    if form is None:
        raise ValueError(
            f"{activation.name}: save='output' is not possible, its slope cannot be computed "
            "from its output; use save='input'"
        )
    for name in form.domains:
        if isinstance(params[name], Tensor):
            raise ValueError(
                f"{activation.name}: save='output' needs {name} as a Python number in "
                f"{form.domains[name]}, got a tensor; use save='input'"
            )
    for name, value in params.items():
        if isinstance(value, Tensor) and value.requires_grad and name not in form.partials:
            raise ValueError(
                f"{activation.name}: save='output' cannot give the gradient of {name}; "
                "use save='input'"
            )
    for param in activation.params:
        value = params[param.name]
        if isinstance(value, Tensor) and value.device.type == "cpu" and not must_trace(value):
            for number in value.detach().reshape(-1).tolist():
                param.check(activation.name, number)
    for name, domain in {**form.accurate_in, **form.domains}.items():
        value = params[name]
        if not isinstance(value, Tensor) and not domain.contains(value):
            raise ValueError(
                f"{activation.name}: save='output' needs {name} in {domain}, got {value!r}; "
                "use save='input'"
            )
