"""The slope of any elementwise function, as a backward pass has it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def slope_of(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The slope at every element, as a backward pass has it."""
    # Hooks of a checkpoint around the model must not see what is saved here.
    own = torch.autograd.graph.saved_tensors_hooks(_as_it_is, _as_it_is)
    with torch.inference_mode(False), torch.enable_grad(), own:
        leaf = (x.clone() if x.is_inference() else x.detach()).requires_grad_()
        y = function(leaf)
        if not y.requires_grad:  # a constant
            return torch.zeros_like(leaf)
        (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    return slope


def _as_it_is(x: Tensor) -> Tensor:
    return x
