"""A function and its slope as a small SVG picture that follows the page's colours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import torch

from actlab.core import Activation
from actlab.interpret.torch_ import TorchMaths

SAMPLES = 361
JUMP = 0.15
"""A change between neighbouring samples larger than this part of the height is a jump."""


def sampled(
    activation: Activation, params: Mapping[str, float], reach: float
) -> tuple[list[float], list[float], list[float]]:
    """Places from -reach to reach, values and slopes, with both sides of every joint."""
    places = torch.linspace(-reach, reach, SAMPLES, dtype=torch.float64)
    joints = [joint.where(**params) for joint in activation.joints]
    near = [joint + side for joint in joints for side in (-1e-9, 1e-9)]
    inside = [place for place in near if abs(place) < reach]
    x = torch.cat([places, torch.tensor(inside, dtype=torch.float64)]).sort().values
    m = TorchMaths(x, storage=x.dtype, differentiable=False)
    curves = [formula(m, x, **params) for formula in (activation.forward, activation.derivative)]
    y, slope = (torch.as_tensor(c, dtype=x.dtype).expand_as(x).tolist() for c in curves)
    return x.tolist(), y, slope


def picture(
    activation: Activation,
    params: Mapping[str, float] | None = None,
    *,
    width: int = 320,
    height: int = 200,
    reach: float = 4.0,
) -> str:
    """The graph of f (solid) and f' (dashed) as SVG text.

    Args:
        activation: the definition.
        params: its parameters. Default: the defaults.
        width, height: in pixels.
        reach: the horizontal axis runs from -reach to reach.
    """
    x, y, slope = sampled(activation, params or activation.defaults, reach)
    finite = [v for v in [*y, *slope] if math.isfinite(v) and abs(v) <= 1.5 * reach]
    low, high = min([*finite, -0.5]), max([*finite, 1.5])
    pad = 0.08 * (high - low)
    low, high = low - pad, high + pad

    def across(value: float) -> float:
        return (value + reach) / (2 * reach) * width

    def down(value: float) -> float:
        return (high - value) / (high - low) * height

    axes = (
        f'<line class="axis" x1="0" x2="{width}" y1="{down(0):.1f}" y2="{down(0):.1f}"/>'
        f'<line class="axis" x1="{across(0):.1f}" x2="{across(0):.1f}" y1="0" y2="{height}"/>'
    )
    ticks = "".join(
        f'<line class="axis" x1="{across(k):.1f}" x2="{across(k):.1f}" '
        f'y1="{down(0) - 2:.1f}" y2="{down(0) + 2:.1f}"/>'
        for k in range(-math.floor(reach), math.floor(reach) + 1)
    )
    lines = "".join(
        f'<path class="{name}" d="{_path(x, curve, across, down, high - low)}"/>'
        for name, curve in (("slope", slope), ("value", y))
    )
    label = f"Graph of {activation.name} (solid) and of its slope (dashed), x from {-reach:g} to "
    return (
        f'<svg class="curve" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label}{reach:g}">{axes}{ticks}{lines}</svg>'
    )


def _path(x: Sequence[float], curve: Sequence[float], across, down, room: float) -> str:
    """The curve as path commands: a new piece wherever it jumps or is not finite."""
    pieces: list[str] = []
    pen = "M"
    for left, right in itertools.pairwise(zip(x, curve, strict=True)):
        if not math.isfinite(left[1]):
            pen = "M"
            continue
        pieces.append(f"{pen}{across(left[0]):.1f} {min(max(down(left[1]), -1e4), 1e4):.1f}")
        steep = abs(right[1] - left[1]) > JUMP * room and right[0] - left[0] < 1e-3
        pen = "M" if steep else "L"
    pieces.append(f"{pen}{across(x[-1]):.1f} {min(max(down(curve[-1]), -1e4), 1e4):.1f}")
    return "".join(pieces)
