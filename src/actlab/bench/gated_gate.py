"""The gate for gated units, which the conformance suite of elementwise functions does not see."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from actlab import functional
from actlab.bench.contenders import draw
from actlab.bench.device import Backend, Device
from actlab.bench.device_scenes import GATES, LAYOUTS
from actlab.bench.timing import reason_of

SHAPE = (37, 61)
"""Rows whose halves begin at addresses that no vector load likes."""

RELATIVE = {"float64": 1e-13, "float32": 3e-6, "float16": 2e-3, "bfloat16": 1.6e-2}
"""Roundings of the activation, its slope and two products; a wrong formula is off by far more."""

SMALL = 1e-2
"""Results near zero are differences of larger numbers, and count as if they were this large."""


def gated_failures(dtypes: Iterable[str], device: Device) -> dict[str, str]:
    """Check by name of every gated unit to be timed: why it failed, empty where it passed.

    Value and both gradients, on the device, are compared with the formula in double precision.

    Args:
        dtypes: names of dtypes.
        device: where.
    """
    found = {}
    for name in GATES:
        for dtype in dtypes:
            for layout in LAYOUTS:
                found[f"gated {name}, {layout}, {dtype}"] = _failure(name, dtype, layout, device)
    return found


def _failure(name: str, dtype: str, layout: str, device: Device) -> str:
    rows, width = SHAPE
    packed, cotangent = draw((rows, 2 * width), dtype), draw(SHAPE, dtype, 1)
    expected = _unit(name, layout, packed.double(), cotangent.double(), "formula")
    try:
        moved = packed.to(device.place), cotangent.to(device.place)
        results = _unit(name, layout, *moved, device.backend)
    except Exception as error:
        return reason_of(error)
    for what, result, wanted in zip(("value", "gradient"), results, expected, strict=True):
        error = (result.cpu().double() - wanted).abs() / (wanted.abs() + SMALL)
        if not bool((error <= RELATIVE[dtype]).all()):  # NaN is no better
            worst = float(error.nan_to_num(torch.inf).max())
            return f"{what} off by {worst:.2g} of its size, allowed {RELATIVE[dtype]:g}"
    return ""


def _unit(
    name: str, layout: str, packed: Tensor, cotangent: Tensor, backend: Backend
) -> tuple[Tensor, Tensor]:
    """The product, and the gradient in both halves side by side."""
    packed = packed.detach().clone()
    if layout == "packed":
        leaves = [packed.requires_grad_()]
        y = functional.glu(packed, name, gate="first", backend=backend)
    else:
        leaves = [half.contiguous().requires_grad_() for half in packed.chunk(2, -1)]
        y = functional.gated(name, leaves[0], leaves[1], backend=backend)
    gradients = torch.autograd.grad(y, leaves, cotangent)
    return y.detach(), torch.cat(gradients, -1)
