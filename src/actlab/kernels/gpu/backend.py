"""Whether GPU kernels can be used here, and those of a definition."""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import TYPE_CHECKING

import torch

from actlab.core import Activation

if TYPE_CHECKING:
    from actlab.kernels.gpu.launch import TritonKernel

INTERPRETER = "TRITON_INTERPRET"
"""With this environment variable set, Triton computes kernels on the CPU, slowly, for tests."""

LEAST_CAPABILITY = (7, 0)


def interpreting() -> bool:
    """Whether kernels run in Triton's interpreter instead of on a GPU."""
    return os.environ.get(INTERPRETER, "") in ("1", "true", "on")


@functools.cache
def installed() -> bool:
    """Whether Triton can be imported."""
    return importlib.util.find_spec("triton") is not None


def problem() -> str:
    """Why no GPU kernels can be used, with the fix; empty when they can."""
    if not installed():
        return "Triton is not installed; it comes with torch for GPUs, or: pip install triton"
    if interpreting():
        return ""
    if not torch.cuda.is_available():
        return "torch sees no GPU that Triton compiles for"
    if torch.version.hip is None and torch.cuda.get_device_capability() < LEAST_CAPABILITY:
        major, minor = torch.cuda.get_device_capability()
        return f"Triton compiles for GPUs of capability 7.0 and above, this one has {major}.{minor}"
    return ""


def kernel(activation: Activation) -> TritonKernel | None:
    """The kernels of a definition; None where it has none."""
    return _found(activation)[0]


def lacking(activation: Activation) -> str:
    """Why a definition has no kernels; empty when it has."""
    return _found(activation)[1]


@functools.cache
def _found(activation: Activation) -> tuple[TritonKernel | None, str]:
    if problem():
        return None, problem()
    from actlab.kernels.gpu.module import made

    return made(activation)


def serves(x: torch.Tensor) -> bool:
    """Whether kernels can take a tensor where it is."""
    return x.is_cuda or (x.is_cpu and interpreting())
