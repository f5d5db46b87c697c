"""How rough the loss curve is, and how sharp the place is where training ends."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.curvature import top_eigenvalue
from actlab.lab.models.fit import Losses, OptimiserName, Order, fit, gather_own
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import capped, cross_entropy, log_area, squared_error, thinned
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import LOWEST, Batch, Curve, Metric, Run, Settings, Task
from actlab.lab.tasks.twenty_one_pairs import FLOOR, csv_text, pairs

CHANCE = math.log(10)
PRODUCTS = 20
EXAMPLES = 512
"""Training examples that the Hessian is taken over."""

LAST = 20
LEARNED = 0.5
"""A run that ends above this share of a constant's loss has not learned: its curve is smooth
because nothing happens, so it counts as the roughest."""

ROUGHEST = 10.0
"""Decades per step and step."""


class RoughnessSettings(Settings):
    """Data, network and budget."""

    data: Literal["digits", "mnist1d", "pairs"] = "digits"
    """``pairs``: the 21 pairs of whole numbers, full batch."""
    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=128, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=600, ge=3, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)
    """Examples of a minibatch; the pairs have none."""
    optimiser: OptimiserName = "adam"


@dataclass(frozen=True)
class _Problem:
    """A stack of networks with its losses.

    Args:
        net: the stack.
        loss_of: of the examples of a step.
        whole: of many examples at once, for the Hessian.
        constant: loss of the best constant answer.
    """

    net: Perceptron
    loss_of: Callable[[int], Tensor]
    whole: Callable[[], Tensor]
    constant: float


def run(batch: Batch) -> Sequence[Run]:
    """Train every run and look at its curve and at its end."""
    settings: RoughnessSettings = batch.settings
    start = Start.of(batch)
    problem = (_fitting if settings.data == "pairs" else _classifying)(start, settings)
    parameters = list(problem.net.parameters())
    losses = fit(problem.loss_of, parameters, batch, settings.steps, optimiser=settings.optimiser)
    problem.net.eval()
    tops = top_eigenvalue(problem.whole, parameters, start, PRODUCTS).cpu().numpy()
    rates = np.repeat(np.array(batch.rates), len(batch.seeds))
    ended = capped(losses[:, -LAST:], problem.constant).mean(axis=1)
    learned = ended <= LEARNED * problem.constant
    # Spikes above a constant's loss count in full; what is not finite has diverged anyway.
    rough = roughness(np.where(np.isfinite(losses), losses, problem.constant))
    area = log_area(losses, problem.constant)
    at, kept = thinned(capped(losses, problem.constant))
    finite = np.isfinite(losses).all(axis=1) & np.isfinite(tops)
    return [
        Run(
            metrics={
                "area": area[i],
                "roughness": rough[i] if learned[i] else None,
                "curvature": tops[i] * rates[i] if learned[i] else None,
                "eigenvalue": tops[i] if learned[i] else None,
                "train_loss": ended[i],
            },
            diverged=not finite[i],
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def roughness(losses: Losses | npt.NDArray) -> npt.NDArray[np.float64]:
    """Mean magnitude of the second difference of log10 of the loss over the steps, by run.

    A loss that falls by the same factor in every step has 0.

    Args:
        losses: ``(runs, steps)``, positive, at least three steps.
    """
    logs = np.log10(np.maximum(losses.astype(np.float64), LOWEST))
    return np.abs(np.diff(logs, n=2, axis=1)).mean(axis=1)


def _classifying(start: Start, settings: RoughnessSettings) -> _Problem:
    name: classes.Name = "mnist1d" if settings.data == "mnist1d" else "digits"
    data = classes.load(start, name)
    net = _network(start, settings, data.features, data.classes)
    order = Order(start, data.train_x.shape[1], settings.batch)
    x, y = data.train_x[:, :EXAMPLES], data.train_y[:, :EXAMPLES]

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    return _Problem(net, loss_of, lambda: cross_entropy(net(x), y), CHANCE)


def _fitting(start: Start, settings: RoughnessSettings) -> _Problem:
    columns = pairs()
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0, ddof=1)
    table = torch.tensor(columns, dtype=torch.float32).expand(start.runs, *columns.shape)
    x, y = table[..., :1], table[..., 1:]
    net = _network(start, settings, 1, 1)

    def whole() -> Tensor:
        return squared_error(net(x), y)

    return _Problem(net, lambda step: whole(), whole, FLOOR)


def _network(start: Start, settings: RoughnessSettings, inputs: int, outputs: int) -> Perceptron:
    return Perceptron(
        start,
        inputs,
        outputs,
        width=settings.width,
        depth=settings.depth + 1,
        norm=settings.norm,
        norm_first=True,
    )


def _identity() -> str:
    parts = [classes.identity(name) for name in ("digits", "mnist1d")]
    return " ".join([*parts, hashlib.sha256(csv_text().encode()).hexdigest()])


def _seconds(settings: RoughnessSettings) -> float:
    inputs, examples = (1, 21) if settings.data == "pairs" else (64, settings.batch)
    whole = 21 if settings.data == "pairs" else EXAMPLES
    weights = settings.width * (inputs + settings.width * (settings.depth - 1) + 10)
    per_step = 3e-10 * weights * (6 * examples + 10) / 10 + 4e-5 * (settings.depth + 1)
    return settings.steps * per_step + 3 * PRODUCTS * 3e-10 * weights * 0.6 * whole


TASK = Task(
    name="roughness",
    title="Roughness of loss curves",
    about=(
        "Perceptrons on digits or MNIST-1D with minibatches, or on the 21 pairs in full batches. "
        "Roughness is the mean magnitude of the second difference of log10 of the training loss; "
        "the sharpness of the end is the largest eigenvalue of the Hessian, by 20 steps of power "
        "iteration, times the learning rate. Runs that have not learned count as the worst."
    ),
    version=1,
    settings=RoughnessSettings,
    metrics=(
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("roughness", "mean |second difference| of log10 training loss", "lower", ROUGHEST,
               "log10"),
        Metric("curvature", "top Hessian eigenvalue times learning rate", "lower", 1e3, "log10"),
        Metric("eigenvalue", "top Hessian eigenvalue", "lower", 1e6, "log10"),
        Metric("train_loss", "training loss at the end", "lower", CHANCE, "log10"),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=_identity,
    seconds=_seconds,
    trial={"width": 16, "steps": 30},
    any_device=True,
)  # fmt: skip
