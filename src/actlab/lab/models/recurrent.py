"""Recurrent networks: a plain one with a function in its cell, and LSTMs with one between them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from actlab.lab.models.layers import Activate, Linear
from actlab.lab.models.start import Start

Recurrence = Literal["random", "orthogonal", "identity"]


def recurrent_weight(start: Start, name: str, width: int, kind: Recurrence) -> nn.Parameter:
    """Weights from a state to the next one, ``(runs, width, width)``.

    Args:
        start: where the draws come from; its arm's scheme scales those that are scaled.
        name: names the draw.
        width: of the state.
        kind: ``random``: as any other weights. ``orthogonal``: an orthogonal matrix, times the
            weight scale of the arm's scheme (1 for ``default``). ``identity``: the identity
            (Le, Jaitly & Hinton 2015, arXiv:1504.00941), the same for every arm.
    """
    if kind == "random":
        return start.weight(name, width, width, fan_in=width)
    if kind == "identity":
        return nn.Parameter(torch.eye(width).repeat(start.runs, 1, 1))
    turns = [_orthogonal(start.generator(seed, name), width) for seed in start.seeds]
    scale = 1.0 if start.arm.init.scheme == "default" else start.arm.init.weight
    return nn.Parameter(start.repeated(turns) * scale)


def _orthogonal(draw: np.random.Generator, width: int) -> np.ndarray:
    q, r = np.linalg.qr(draw.standard_normal((width, width)))
    # Signs of the diagonal at +1 make the draw uniform over all orthogonal matrices.
    return (q * np.where(np.diag(r) < 0.0, -1.0, 1.0)).astype(np.float32)


class Recurrent(nn.Module):
    """A plain recurrent network: state_t = f(x_t W + state_{t-1} U + b), output from each state.

    Args:
        start: where the parameters come from; its arm is the function f.
        inputs, outputs: features of a step of the sequence, and of what is read out.
        width: of the state.
        recurrence: how U starts; see :func:`recurrent_weight`.
    """

    def __init__(
        self, start: Start, inputs: int, outputs: int, *, width: int, recurrence: Recurrence
    ) -> None:
        super().__init__()
        self.enter = Linear(start, "enter", inputs, width, place="first", bias=False)
        self.weight = recurrent_weight(start, "recurrent", width, recurrence)
        if recurrence == "identity":  # which starts from biases of zero
            self.bias = nn.Parameter(torch.zeros(start.runs, 1, width))
        else:
            self.bias = start.bias("recurrent", 1, width, fan_in=width)
        self.function = Activate(start.arm, start.runs, width)
        self.leave = Linear(start, "leave", width, outputs, place="last")

    def states(self, x: Tensor) -> list[Tensor]:
        """The state after every step, each ``(runs, n, width)``; x is ``(runs, n, steps, inputs)``.

        The first state before any input is zero.
        """
        # One product for all steps; unbind's gradient is one stack, that of indexing many sums.
        entering = torch.baddbmm(
            self.bias, x.transpose(1, 2).flatten(1, 2), self.enter.weight
        ).unflatten(1, (x.shape[2], x.shape[1]))
        first, *others = entering.unbind(1)
        state = self.function(first)
        given = [state]
        for one in others:
            state = self.function(torch.baddbmm(one, state, self.weight))
            given.append(state)
        return given

    def forward(self, x: Tensor, last: int = 1) -> Tensor:
        """``(runs, n, steps, inputs)`` to ``(runs, n, last, outputs)``, of the last steps."""
        return self.leave(torch.stack(self.states(x)[-last:], dim=2))


class Lstm(nn.Module):
    """Long short-term memory (Hochreiter & Schmidhuber 1997), started as ``nn.LSTM`` starts.

    Args:
        start: where the parameters come from.
        name: names the draws.
        inputs: features of a step.
        width: of the state.
        shaped: whether the inputs come out of the arm's function; its scheme scales their
            weights then.
    """

    def __init__(self, start: Start, name: str, inputs: int, width: int, *, shaped: bool) -> None:
        super().__init__()
        shape = (inputs, 4 * width)
        if shaped and start.arm.init.scheme != "default":
            self.enter = start.weight(f"{name} enter", *shape, fan_in=inputs)
        else:
            self.enter = nn.Parameter(start.uniform(f"{name} enter", *shape) / width**0.5)
        recurrent = start.uniform(f"{name} recurrent", width, 4 * width)
        self.weight = nn.Parameter(recurrent / width**0.5)
        self.bias = nn.Parameter(start.uniform(f"{name} bias", 1, 4 * width) / width**0.5)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, steps, n, inputs)`` to ``(runs, steps, n, width)``."""
        runs, steps, count, _ = x.shape
        entering = torch.baddbmm(self.bias, x.flatten(1, 2), self.enter)
        state = x.new_zeros(runs, count, self.width)
        cell, given = state, []
        for one in entering.unflatten(1, (steps, count)).unbind(1):
            gates = torch.baddbmm(one, state, self.weight)
            keep, write, read = gates[..., : 3 * self.width].sigmoid().chunk(3, dim=-1)
            cell = torch.addcmul(keep * cell, write, gates[..., 3 * self.width :].tanh())
            state = read * cell.tanh()
            given.append(state)
        return torch.stack(given, dim=1)


class StackedLstm(nn.Module):
    """LSTMs with the function of an arm between them, and a linear map of the last state.

    Args:
        start: where the parameters come from; its arm is the function.
        inputs, outputs: features of a step, and of what is read out.
        width: of each state.
        depth: number of LSTMs.
    """

    def __init__(self, start: Start, inputs: int, outputs: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        self.functions = nn.ModuleList()
        for index in range(depth):
            size = width if index else inputs
            self.layers.append(Lstm(start, f"layer {index}", size, width, shaped=index > 0))
            if index:
                self.functions.append(Activate(start.arm, start.runs, width))
        self.leave = Linear(start, "leave", width, outputs, place="last")

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, steps, inputs)`` to ``(runs, n, outputs)``."""
        x = self.layers[0](x.transpose(1, 2))
        for layer, function in zip(list(self.layers)[1:], self.functions, strict=True):
            x = layer(function(x))
        return self.leave(x[:, -1])
