"""Comparisons whose outcome is known: a laboratory that gets these wrong proves nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import (
    accuracy,
    capped,
    cross_entropy,
    log_area,
    thinned,
    weight_gradients,
)
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CLASSES = 10
CHANCE = math.log(CLASSES)
"""Cross entropy of a network that has learned nothing."""

STREAM = 1_000_000
"""Seeds of one stream; seed s of stream k draws as seed ``s + k * STREAM`` of stream 0 would."""


class ControlSettings(Settings):
    """Network, budget and which of several independent families of seeds is used."""

    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=64, ge=1, le=8192)
    steps: int = Field(default=200, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)
    stream: int = Field(default=0, ge=0, le=1000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches of digits and test it on digits that it has not seen."""
    settings: ControlSettings = batch.settings
    seeds = tuple(seed + settings.stream * STREAM for seed in batch.seeds)
    start = Start(batch.arm, seeds, len(batch.rates), batch.role)
    data = classes.load(start, "digits")
    net = Perceptron(start, data.features, CLASSES, width=settings.width, depth=settings.depth + 1)
    order = Order(start, data.train_x.shape[1], settings.batch)

    def loss_of(step: int) -> torch.Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    gradients = weight_gradients(loss_of(0), [linear.weight for linear in net.linears])
    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        tested = accuracy(net(data.test_x), data.test_y).cpu().numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    layers = np.arange(1.0, gradients.shape[1] + 1)
    return [
        Run(
            metrics={"area": area[i], "accuracy": 100.0 * tested[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i]), "gradient": (layers, gradients[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: ControlSettings) -> float:
    weights = settings.width * (64 + settings.width * (settings.depth - 1) + CLASSES)
    per_step = 3e-10 * weights * (6 * settings.batch + 10) / 10 + 3e-5 * (settings.depth + 1)
    return settings.steps * per_step


TASK = Task(
    name="controls",
    title="Controls: a perceptron on digits",
    about=(
        "scikit-learn's digits (1797 images of 8 x 8; 70 % to train on), split anew for every "
        "seed; a perceptron trained on minibatches by Adam. Functions that are the same must give "
        "the same curves, a function must tie with itself at other seeds, and a difference that "
        "is known to exist must be found."
    ),
    version=1,
    settings=ControlSettings,
    metrics=(
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
    ),
    run=run,
    curves=(
        Curve("loss", "training loss", "step", "log10"),
        Curve("gradient", "root mean square gradient before training", "layer", "log10"),
    ),
    data=lambda: classes.identity("digits"),
    seconds=_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)
