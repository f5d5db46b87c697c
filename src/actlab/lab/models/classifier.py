"""Perceptrons trained to classify: the networks that several tasks look at afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import Field
from torch import Tensor, nn

from actlab.lab.datasets import classes
from actlab.lab.models.fit import Losses, OptimiserName, Order, fit, gather_own
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.members import gather_of_run, members_of, spread
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings

CLASSES = 10
CHANCE = math.log(CLASSES)
"""Cross entropy of a network that has learned nothing."""

LAST = 20
"""Steps whose mean loss is the loss at the end."""

METRICS = (
    Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
    Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
    Metric("train_loss", "training loss at the end", "lower", CHANCE, "log10"),
    Metric("test_loss", "test loss", "lower", CHANCE, "log10", capped=False),
)
"""What :func:`classified` measures."""

LOSS = Curve("loss", "training loss", "step", "log10")
"""The curve that :func:`classified` keeps."""


class ClassifierSettings(Settings):
    """Data, network and budget."""

    data: classes.Name = "digits"
    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=128, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)
    optimiser: OptimiserName = "adam"


@dataclass(frozen=True)
class Trained:
    """Networks and what they were trained on.

    Args:
        net: the stack, ``runs * members`` networks, in evaluation mode.
        data: of every run.
        losses: before every update, ``(runs * members, steps)``.
    """

    net: Perceptron
    data: classes.Classes
    losses: Losses

    @property
    def diverged(self) -> list[bool]:
        """For every run, whether the loss of one of its networks left the finite range."""
        return diverged(self.losses, len(self.data.train_y))


def perceptron(start: Start, data: classes.Classes, settings: ClassifierSettings) -> Perceptron:
    """The untrained stack; normalisation stands before the function."""
    return Perceptron(
        start,
        data.features,
        data.classes,
        width=settings.width,
        depth=settings.depth + 1,
        norm=settings.norm,
        norm_first=True,
    )


def train(
    batch: Batch,
    settings: ClassifierSettings,
    *,
    members: int = 1,
    pool: Callable[[int], Tensor] | None = None,
    prepare: Callable[[Perceptron, classes.Classes], None] | None = None,
    after: Callable[[int], None] | None = None,
) -> Trained:
    """Train the networks of a batch on minibatches of their seed's training examples.

    A single network per seed is the one that the task ``mlp`` trains.

    Args:
        batch: what is asked for.
        settings: data, network and budget.
        members: networks per seed, each with its own draws and order. Default: 1.
        pool: from the number of training examples to those that each network may see,
            ``(runs * members, n)`` indices; by default all.
        prepare: called with the untrained stack and the data.
        after: called after each update with the number of updates made.
    """
    start = members_of(batch, members)
    data = classes.load(Start.of(batch), settings.data)
    net = perceptron(start, data, settings)
    count = data.train_x.shape[1]
    order = Order(start, count, settings.batch)
    seen = None if pool is None else pool(count)
    if prepare is not None:
        prepare(net, data)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        if seen is not None:
            index = seen.gather(1, index)
        inputs = gather_of_run(data.train_x, index)
        return cross_entropy(net(inputs), gather_of_run(data.train_y, index))

    losses = fit(
        loss_of,
        net.parameters(),
        spread(batch, members),
        settings.steps,
        optimiser=settings.optimiser,
        after=after,
    )
    net.eval()
    return Trained(net, data, losses)


def fit_classes(
    net: nn.Module,
    data: classes.Classes,
    batch: Batch,
    *,
    steps: int,
    size: int,
    optimiser: OptimiserName = "adam",
) -> Losses:
    """Train one network for each run on minibatches, and put the stack in evaluation mode.

    Args:
        net: the stack, from ``(runs, n, features)`` to ``(runs, n, classes)``.
        data: of every run.
        batch: what is asked for.
        steps: updates.
        size: examples of a minibatch.
        optimiser: see :func:`actlab.lab.models.fit.fit`. Default: ``adam``.
    """
    order = Order(Start.of(batch), data.train_x.shape[1], size)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, steps, optimiser=optimiser)
    net.eval()
    return losses


def classified(logits: Tensor, data: classes.Classes, losses: Losses) -> list[Run]:
    """What every run has reached: ``METRICS`` and the curve ``LOSS``.

    Args:
        logits: of the test examples, ``(runs, n, classes)``.
        data: of every run.
        losses: before every update, ``(runs, steps)``.
    """
    right = accuracy(logits, data.test_y).cpu().numpy()
    test_loss = cross_entropy(logits, data.test_y).cpu().numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    ended = capped(losses[:, -LAST:], CHANCE).mean(axis=1)
    return [
        Run(
            metrics={
                "accuracy": 100.0 * right[i],
                "area": area[i],
                "train_loss": ended[i],
                "test_loss": test_loss[i],
            },
            diverged=lost,
            curves={"loss": (at, kept[i])},
        )
        for i, lost in enumerate(diverged(losses, len(losses)))
    ]


def diverged(losses: Losses, runs: int) -> list[bool]:
    """For every run, whether a loss of one of its networks is not finite.

    Args:
        losses: ``(runs * members, steps)``.
        runs: how many there are.
    """
    finite = np.isfinite(losses).reshape(runs, -1)
    return [not row.all() for row in finite]


def training_seconds(settings: ClassifierSettings) -> float:
    """What training one network costs when ten are trained together, measured on one core."""
    hidden = settings.width * (64 + settings.width * (settings.depth - 1) + CLASSES)
    per_step = 3e-10 * hidden * (6 * settings.batch + 10) / 10 + 4e-5 * (settings.depth + 1)
    return settings.steps * per_step
