"""Many small networks in one batched computation: seeds, and learning rates, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from actlab.lab.models.draws import Layers
from actlab.lab.models.training import Function, Tick, Trained, root_mean_square


def train_stacked(
    nets: Sequence[Layers],
    function: Function,
    data: tuple[Tensor, Tensor],
    points: Tensor,
    *,
    rates: Sequence[float],
    rounds: int,
    tick: Tick,
) -> Trained:
    """Train every network at every learning rate, as if each were trained alone.

    Run ``i * len(nets) + j`` of the result is network j at rate i. Every operation works slice by
    slice and Adam works number by number, so a run that overflows leaves the others untouched.

    Args:
        nets: initial parameters of each network, all of one shape.
        function: the activation.
        data: inputs and targets, ``(n, 1)`` each.
        points: where the trained networks are evaluated, ``(m, 1)``.
        rates: learning rates.
        rounds: updates.
        tick: told the share done after each round.
    """
    x, y = data
    runs = len(nets) * len(rates)
    leaves = _stack(nets, len(rates))
    groups = [
        {"params": [leaf.detach()[_rows(i, len(nets))] for leaf in leaves], "lr": rate}
        for i, rate in enumerate(rates)
    ]
    optimiser = torch.optim.Adam(groups, fused=True)
    inputs = x.expand(runs, *x.shape)
    losses = np.full((runs, rounds + 1), np.nan, dtype=np.float32)
    gradients = np.full((runs, len(leaves) // 2), np.nan, dtype=np.float64)
    for done in range(rounds):
        loss = (_forward(inputs, leaves, function) - y).square().mean((1, 2))
        losses[:, done] = loss.detach().numpy()
        slopes = torch.autograd.grad(loss.sum(), leaves)
        if done == 0:
            per_layer = [root_mean_square(slope, keep=1) for slope in slopes[::2]]
            gradients[:] = torch.stack(per_layer, dim=1).numpy()
        for i, group in enumerate(groups):
            rows = _rows(i, len(nets))
            for part, slope in zip(group["params"], slopes, strict=True):
                part.grad = slope[rows]
        optimiser.step()
        tick((done + 1) / rounds)
    with torch.no_grad():
        losses[:, rounds] = (_forward(inputs, leaves, function) - y).square().mean((1, 2)).numpy()
        fits = _forward(points.expand(runs, *points.shape), leaves, function)[:, :, 0].numpy()
    return Trained(losses, gradients, fits)


def _forward(inputs: Tensor, leaves: Sequence[Tensor], function: Function) -> Tensor:
    signal = inputs
    for place in range(0, len(leaves), 2):
        if place:
            signal = function(signal)
        signal = torch.baddbmm(leaves[place + 1], signal, leaves[place])
    return signal


def _stack(nets: Sequence[Layers], copies: int) -> list[Tensor]:
    """Weight ``(runs, fan_in, fan_out)`` and bias ``(runs, 1, fan_out)`` of each layer in turn."""
    leaves = []
    for layer in zip(*nets, strict=True):
        weight = torch.stack([w.t() for w, _ in layer])
        bias = torch.stack([b[None] for _, b in layer])
        for whole in (weight, bias):
            leaves.append(whole.repeat(copies, 1, 1).requires_grad_(True))
    return leaves


def _rows(rate: int, nets: int) -> slice:
    return slice(rate * nets, (rate + 1) * nets)
