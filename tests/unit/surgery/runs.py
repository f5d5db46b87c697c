"""Running models of tests/models in a given mode, and comparing what comes out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from actlab.init.operations import tensors
from actlab.surgery.inputs import as_inputs

NESTED = "ignore:The PyTorch API of nested tensors:UserWarning"
"""Torch says so once where its fast path meets a padding mask."""


def outputs(model: nn.Module, example: Any, training: bool) -> list[Tensor]:
    """What a model returns in a mode, with buffers as they were and the same random numbers."""
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    inputs = as_inputs(model, example)
    model.train(training)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        found = [t.detach().clone() for t in tensors(model(*inputs.args, **inputs.kwargs))]
    with torch.no_grad():
        for name, value in model.named_buffers():
            value.copy_(buffers[name])
    return found


def both_modes(model: nn.Module, example: Any) -> list[Tensor]:
    """What a model returns in training and in evaluation."""
    was = model.training
    found = outputs(model, example, True) + outputs(model, example, False)
    model.train(was)
    return found


def same(some: list[Tensor], others: list[Tensor]) -> bool:
    """Whether all tensors are equal to the last bit."""
    return len(some) == len(others) and all(
        torch.equal(a, b) for a, b in zip(some, others, strict=True)
    )


def state(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the state_dict."""
    return {key: value.clone() for key, value in model.state_dict().items()}


def same_state(some: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    """Whether two states have the same keys and bits."""
    return some.keys() == others.keys() and all(torch.equal(some[k], others[k]) for k in some)
