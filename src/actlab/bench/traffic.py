"""How many bytes a call has to move at least, and how much memory a comparison takes at most."""

from __future__ import annotations

import torch

from actlab.bench.scenes import Contender, Scene
from actlab.bench.summary import Timing

STREAMS = {"forward": 2, "backward": 3, "both": 5}
"""Tensors of the input's size that a function reads or writes: forward its input and output,
backward the cotangent, what was kept, and the gradient."""

COPIED = {"forward": 2, "backward": 2, "both": 4}
"""Those that copying moves instead."""

GATED = {"forward": 3, "both": 8}
"""Those of the product's size, for a product of two tensors and its two gradients."""

TEMPORARIES = {"formula": 24, "naive": 16, "compiled": 4, "torch": 3}
"""Tensors of the input's size, in its dtype but double for the formula, that a call holds on to."""

STEP_BYTES = 6 * 2**30
STEP_BYTES_EACH = 2**29
"""One training step of the models for GPUs, and what every contender keeps in between."""


def moved_bytes(scene: Scene, contender: Contender) -> int | None:
    """Bytes that a call has to read and write; None where nobody counts them."""
    if scene.part == "gated":
        streams = GATED.get(scene.measure)
    else:
        streams = (COPIED if contender.route == "copy" else STREAMS).get(scene.measure)
    return None if streams is None else streams * scene.size * _width(scene)


def gigabytes_per_second(scene: Scene, timing: Timing) -> float | None:
    """The bytes that a contender has to move at least over its median time, in 10^9 bytes/s."""
    moved = moved_bytes(scene, timing.contender)
    if moved is None or not timing.seconds:
        return None
    return 1e-9 * moved / timing.median


def needed_bytes(scene: Scene) -> int:
    """Bytes that a comparison takes on a device, where contenders share their input."""
    if scene.measure == "step":
        return STEP_BYTES + STEP_BYTES_EACH * len(scene.contenders)
    tensor = scene.size * _width(scene)
    inputs = 3 if scene.part == "gated" else 2
    # Liger's functions write over copies of their own; a graph that is kept holds on to its output.
    kept = 2 * sum(one.route == "liger" for one in scene.contenders)
    if scene.measure == "backward":
        kept += len(scene.contenders)
    passing = max(_passing(scene, one) for one in scene.contenders)
    return (inputs + kept) * tensor + passing


def _passing(scene: Scene, contender: Contender) -> int:
    width = 8 if contender.route == "formula" else _width(scene)
    return TEMPORARIES.get(contender.route, 3) * scene.size * width


def _width(scene: Scene) -> int:
    return getattr(torch, scene.dtype).itemsize
