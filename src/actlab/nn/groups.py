"""Parameter groups for optimisers: activation parameters are not decayed."""

from __future__ import annotations

import numbers
from typing import Any

from torch import nn

from actlab.nn.activation import Activation


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split a model's parameters for an optimiser, leaving activation parameters undecayed.

    Weight decay pulls an activation's shape towards 0, which is no natural shape for any of
    them; everything else in the model is decayed as asked.

    Args:
        model: any module; it may contain ``actlab.nn`` modules at any depth.
        weight_decay: decay of all other parameters, at least 0.

    Returns:
        One or two groups, ``{"params": [...], "weight_decay": ...}``, each parameter once, in
        the order of ``model.parameters()``; frozen parameters are included.

    Raises:
        TypeError: weight_decay is not a number. ValueError: it is negative or not finite.

    Example:
        >>> import torch, actlab
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), actlab.nn.RaLU())
        >>> groups = actlab.parameter_groups(model, weight_decay=0.1)
        >>> [(len(g["params"]), g["weight_decay"]) for g in groups]
        [(2, 0.1), (1, 0.0)]
    """
    if isinstance(weight_decay, bool) or not isinstance(weight_decay, numbers.Real):
        raise TypeError(f"weight_decay must be a number, got {weight_decay!r}")
    decay = float(weight_decay)
    if not 0 <= decay < float("inf"):
        raise ValueError(f"weight_decay must be a finite number in [0, inf), got {weight_decay!r}")
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    owned = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, Activation)
        for parameter in module.activation_parameters()
    }
    decayed = [p for p in model.parameters() if id(p) not in owned]
    kept = [p for p in model.parameters() if id(p) in owned]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
