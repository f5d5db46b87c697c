"""Training of stacks: every run at its own learning rate, with one fused optimiser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Tick

OptimiserName = Literal["adam", "adamw", "sgd", "momentum", "rmsprop"]
Losses = npt.NDArray[np.float32]


class StackOptimiser:
    """An optimiser that gives each run of a stack its learning rate.

    Run ``i * seeds + j`` is seed j at rate i, along the first dimension of every parameter. The
    update of each number depends on that number alone, so runs do not see each other.

    Args:
        parameters: of the stack.
        rates: learning rates, in order.
        kind: ``adam`` (second beta 0.999), ``adamw``, ``sgd``, ``momentum`` (0.9) or ``rmsprop``.
        weight_decay: of the optimiser. Default: 0.
        momentum: the first beta of ``adam`` and ``adamw``. Default: 0.9.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rates: Sequence[float],
        kind: OptimiserName = "adam",
        weight_decay: float = 0.0,
        *,
        momentum: float = 0.9,
    ) -> None:
        self.parameters = list(parameters)
        self._rates = list(rates)
        self._parts: list[list[Tensor]] = [
            [self._rows(p.detach(), i) for p in self.parameters] for i in range(len(rates))
        ]
        groups = [
            {"params": part, "lr": rate} for part, rate in zip(self._parts, rates, strict=True)
        ]
        self._inner = _build(kind, groups, weight_decay, (momentum, 0.999))

    def _rows(self, whole: Tensor, rate: int) -> Tensor:
        count = whole.shape[0] // len(self._rates)
        return whole[rate * count : (rate + 1) * count]

    def scale(self, factor: float) -> None:
        """Set every run's learning rate to ``factor`` times what it began with."""
        for group, rate in zip(self._inner.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor

    def step(self, loss: Tensor, clip: float | None = None) -> None:
        """Move every run down the gradient of its own loss.

        Args:
            loss: ``(runs,)``.
            clip: largest norm of a run's whole gradient; larger ones are scaled down.
        """
        grads = torch.autograd.grad(loss.sum(), self.parameters, allow_unused=True)
        if clip is not None:
            grads = _clipped(grads, loss.shape[0], clip)
        # The gradient of a small matrix product can come transposed in memory, and PyTorch's fused
        # optimisers read it as if it lay like the parameter.
        grads = [None if grad is None else grad.contiguous() for grad in grads]
        for i, part in enumerate(self._parts):
            for rows, grad in zip(part, grads, strict=True):
                rows.grad = None if grad is None else self._rows(grad, i)
        self._inner.step()


def _build(
    kind: OptimiserName, groups: list, weight_decay: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    if kind == "adam":
        return torch.optim.Adam(groups, betas=betas, weight_decay=weight_decay, fused=True)
    if kind == "adamw":
        return torch.optim.AdamW(groups, betas=betas, weight_decay=weight_decay, fused=True)
    if kind == "rmsprop":
        return torch.optim.RMSprop(groups, weight_decay=weight_decay, foreach=True)
    if kind not in ("sgd", "momentum"):
        raise ValueError(f"kind must be adam, adamw, sgd, momentum or rmsprop, got {kind!r}")
    momentum = 0.9 if kind == "momentum" else 0.0
    return torch.optim.SGD(groups, momentum=momentum, weight_decay=weight_decay, fused=True)


def _clipped(grads: Sequence[Tensor | None], runs: int, most: float) -> list[Tensor | None]:
    square = sum(g.reshape(runs, -1).square().sum(1) for g in grads if g is not None)
    factor = (most / (torch.as_tensor(square).sqrt() + 1e-6)).clamp(max=1.0)
    return [
        None
        if g is None
        else g * factor.repeat_interleave(g.shape[0] // runs).reshape(-1, *[1] * (g.dim() - 1))
        for g in grads
    ]


def fit(
    loss_of: Callable[[int], Tensor],
    parameters: Iterable[nn.Parameter],
    batch: Batch,
    steps: int,
    *,
    optimiser: OptimiserName = "adam",
    weight_decay: float = 0.0,
    clip: float | None = None,
    schedule: Callable[[int], float] | None = None,
    after: Callable[[int], None] | None = None,
    tick: Tick | None = None,
) -> Losses:
    """Train a stack; the loss of every run before every update, ``(runs, steps)``.

    Args:
        loss_of: the loss of each run at a step, ``(runs,)``.
        parameters: what is trained.
        batch: its rates are the learning rates.
        steps: updates.
        optimiser, weight_decay, clip: see :class:`StackOptimiser`.
        schedule: factor on the learning rate by step.
        after: called after each update with the number of updates made.
        tick: told the share done; by default the batch's.
    """
    inner = StackOptimiser(parameters, batch.rates, optimiser, weight_decay)
    told = tick or batch.tick
    losses = np.full((len(batch.seeds) * len(batch.rates), steps), np.nan, dtype=np.float32)
    for step in range(steps):
        if schedule is not None:
            inner.scale(schedule(step))
        loss = loss_of(step)
        losses[:, step] = loss.detach().cpu().numpy()
        if not np.isfinite(losses[:, step]).any():
            break
        inner.step(loss, clip)
        if after is not None:
            after(step + 1)
        told((step + 1) / steps)
    return losses


class Order:
    """Which examples each run sees at each step: its seed's own order, epoch after epoch.

    Args:
        start: its seeds and role fix the order.
        count: examples, at least ``size``.
        size: examples of a minibatch; the rest of an epoch that does not fill one is left out.
        name: tells apart several orders of one seed.
    """

    def __init__(self, start: Start, count: int, size: int, name: str = "order") -> None:
        self.count, self.size = count, min(size, count)
        self._start, self._name = start, name
        self._epoch = -1
        self._current = torch.empty(0)

    def at(self, step: int) -> Tensor:
        """Indices, ``(runs, size)``."""
        per_epoch = self.count // self.size
        epoch, place = divmod(step, per_epoch)
        if epoch != self._epoch:
            rows = [
                self._start.generator(seed, self._name, epoch).permutation(self.count)
                for seed in self._start.seeds
            ]
            self._current, self._epoch = self._start.repeated(rows), epoch
        return self._current[:, place * self.size : (place + 1) * self.size]


def gather(data: Tensor, index: Tensor) -> Tensor:
    """The examples of each run, ``(runs, size, ...)``.

    Args:
        data: ``(n, ...)``, shared by all runs.
        index: ``(runs, size)``.
    """
    return data[index]


def gather_own(data: Tensor, index: Tensor) -> Tensor:
    """The examples of each run from data of its own.

    Args:
        data: ``(runs, n, ...)``.
        index: ``(runs, size)``, or ``(runs * k, size)`` where k networks in a row share a run's
            data.
    """
    count, rows = data.shape[1], index.shape[0]
    owner = torch.arange(rows) // (rows // data.shape[0])
    places = (index + (owner * count)[:, None]).flatten()
    return data.flatten(0, 1).index_select(0, places).unflatten(0, index.shape)
