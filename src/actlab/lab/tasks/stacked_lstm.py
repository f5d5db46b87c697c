"""Classify MNIST-1D signals, read as sequences, with LSTMs that have a function between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.recurrent import StackedLstm
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CLASSES = 10
CHANCE = math.log(CLASSES)
SIGNAL = 40
"""Numbers of a signal."""
CLIP = 1.0


class LstmSettings(Settings):
    """Network and budget."""

    depth: int = Field(default=3, ge=1, le=100)
    width: int = Field(default=32, ge=1, le=4096)
    chunk: int = Field(default=4, ge=1, le=SIGNAL)
    """Numbers of the signal read in one step; a divisor of 40."""
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on signals that it has not seen."""
    settings: LstmSettings = batch.settings
    if SIGNAL % settings.chunk:
        raise ValueError(f"chunk must be a divisor of {SIGNAL}, got {settings.chunk}")
    start = Start.of(batch)
    data = classes.load(start, "mnist1d")
    train, test = (
        whole.unflatten(-1, (-1, settings.chunk)) for whole in (data.train_x, data.test_x)
    )
    net = StackedLstm(
        start, settings.chunk, data.classes, width=settings.width, depth=settings.depth
    )
    order = Order(start, train.shape[1], settings.batch)

    def loss_of(step: int) -> torch.Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(train, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps, clip=CLIP)
    with torch.no_grad():
        logits = net(test)
        right = accuracy(logits, data.test_y).cpu().numpy()
        test_loss = cross_entropy(logits, data.test_y).cpu().numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    return [
        Run(
            metrics={"accuracy": 100.0 * right[i], "area": area[i], "test_loss": test_loss[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: LstmSettings) -> float:
    """Measured on one core, per number of a state."""
    cells = settings.depth * SIGNAL / settings.chunk
    return settings.steps * cells * settings.batch * settings.width * (2e-8 + 1e-9 * settings.width)


TASK = Task(
    name="stacked-lstm",
    title="Stacked LSTMs on MNIST-1D",
    about=(
        "MNIST-1D (5000 signals of 40 numbers; 80 % to train on, split anew for every seed), read "
        "a few numbers a step by LSTMs one above the other, with the function between them; the "
        "last state of the last one is read out. Adam, gradients clipped to norm 1."
    ),
    version=1,
    settings=LstmSettings,
    metrics=(
        Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("test_loss", "test loss", "lower", CHANCE, "log10", capped=False),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: classes.identity("mnist1d"),
    seconds=_seconds,
    trial={"depth": 2, "width": 4, "chunk": 20, "steps": 20, "batch": 16},
    any_device=True,
)
