"""One network at a time, of ordinary ``nn.Linear`` layers: best for wide networks."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from actlab.lab.models.draws import Layers
from actlab.lab.models.training import Function, Tick, Trained, root_mean_square


class Perceptron(nn.Module):
    """Linear maps with a function between them.

    Args:
        layers: initial weight and bias of each map; they are copied.
        function: applied after every map but the last.
    """

    def __init__(self, layers: Layers, function: Function) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(w.shape[1], w.shape[0]) for w, _ in layers)
        self.function = function
        with torch.no_grad():
            for linear, (weight, bias) in zip(self.linears, layers, strict=True):
                linear.weight.copy_(weight)
                linear.bias.copy_(bias)

    @property
    def linears(self) -> list[nn.Linear]:
        """The linear maps, first to last."""
        return [linear for linear in self.maps if isinstance(linear, nn.Linear)]

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = self.maps
        for linear in hidden:
            x = self.function(linear(x))
        return last(x)


def train_single(
    layers: Layers,
    function: Function,
    data: tuple[Tensor, Tensor],
    points: Tensor,
    *,
    rate: float,
    rounds: int,
    tick: Tick,
) -> Trained:
    """Full-batch Adam on the mean squared error; stops early when the loss is not finite.

    Args:
        layers: initial parameters.
        function: the activation.
        data: inputs and targets, ``(n, 1)`` each.
        points: where the trained network is evaluated, ``(m, 1)``.
        rate: learning rate.
        rounds: updates.
        tick: told the share done after each round.
    """
    x, y = data
    net = Perceptron(layers, function)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    losses = np.full(rounds + 1, np.nan, dtype=np.float32)
    gradients: list[float] = []
    for done in range(rounds):
        optimiser.zero_grad()
        loss = (net(x) - y).square().mean()
        losses[done] = loss.item()
        if not np.isfinite(losses[done]):
            break
        loss.backward()
        if done == 0:
            weights = [linear.weight.grad for linear in net.linears]
            gradients = [float(root_mean_square(g)) for g in weights if g is not None]
        optimiser.step()
        tick((done + 1) / rounds)
    with torch.no_grad():
        losses[rounds] = (net(x) - y).square().mean().item()
        fit = net(points)[:, 0].numpy()
    start = np.array(gradients or [np.nan] * len(layers), dtype=np.float64)
    return Trained(losses[None], start[None], fit[None])
