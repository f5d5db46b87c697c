"""Which device the networks of a cell live on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

CPU = "cpu"

STACKED_ELSEWHERE = 256
"""Test seeds that train together on a device other than the CPU, unless a study says otherwise:
small networks leave a GPU idle, and a stack of hundreds costs little more than one."""

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def check_device(name: str) -> str:
    """A device that torch can use here, as it was named.

    Args:
        name: such as ``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``xpu``.

    Raises:
        ValueError: torch knows no such device, or has none here.
    """
    try:
        torch.zeros(1, device=torch.device(name)).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        lines = str(error).strip().splitlines()
        raise ValueError(
            f"device must be one that torch {torch.__version__} can use here, such as 'cpu', got "
            f"{name!r}: {lines[0] if lines else type(error).__name__}"
        ) from error
    return name


@contextmanager
def on_device(name: str) -> Iterator[None]:
    """New tensors are made on that device, whose arithmetic is float32 and repeatable.

    Args:
        name: of the device; on ``cpu`` nothing is changed.
    """
    if name == CPU:
        yield
        return
    # Read when cuBLAS starts; without it its sums may come in any order.
    os.environ.setdefault(CUBLAS, ":4096:8")
    short = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        with torch.device(name):
            yield
    finally:
        torch.backends.cudnn.allow_tf32 = short


def describe_device(name: str) -> dict[str, str]:
    """What a record says about a device; nothing about the CPU, which it describes anyway."""
    if name == CPU:
        return {}
    kind = torch.device(name).type
    if kind == "cuda":
        return {"device": torch.cuda.get_device_name(name)}
    return {"device": kind}
