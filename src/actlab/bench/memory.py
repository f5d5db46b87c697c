"""What autograd keeps for backward, counted in storages, alone and inside a network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from actlab.bench.contenders import CPU, draw, module_of
from actlab.bench.scenes import Contender, Scene
from actlab.bench.timing import reason_of

PLACES = ("alone", "linear", "conv")
"""The activation by itself; between two Linear; between two Conv2d."""


def stack(place: str, activation: nn.Module, channels: int, width: int) -> nn.Module:
    """The activation in its place."""
    if place == "alone":
        return activation
    if place == "linear":
        return nn.Sequential(nn.Linear(width, width), activation, nn.Linear(width, width))
    ends = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
    return nn.Sequential(next(ends), activation, next(ends))


def kept_by(model: nn.Module, x: Tensor) -> tuple[int, int]:
    """Bytes and number of the storages kept for backward, the model's parameters left out.

    A storage that several operations keep counts once: that is the memory it takes.
    """
    owned = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found: dict[int, int] = {}
    alive: list[Tensor] = []  # a storage freed meanwhile could lend its address to another

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned and storage.nbytes() > 0:
            found[storage.data_ptr()] = storage.nbytes()
        alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = model(x)
    alive.append(y)
    return sum(found.values()), len(found)


def count(scene: Scene, contender: Contender, on: torch.device = CPU) -> dict[str, Any]:
    """Bytes per element and storages in every place, or why they cannot be had.

    Args:
        scene: the comparison.
        contender: one of its contenders.
        on: the device.
    """
    dtype = getattr(torch, scene.dtype)
    _, channels, _, width = scene.shape
    row: dict[str, Any] = {}
    try:
        for place in PLACES:
            model = stack(place, module_of(contender), channels, width).to(on, dtype)
            x = draw(scene.shape, scene.dtype, place=on)
            # Alone, what comes in has to want a gradient; in a network the layers before do.
            size, storages = kept_by(model, x.requires_grad_(place == "alone"))
            row[place] = {"bytes": size, "storages": storages, "elements": scene.size}
    except Exception as error:
        return {"status": "failed", "reason": reason_of(error)}
    return {"status": "done", "reason": "", **row}
