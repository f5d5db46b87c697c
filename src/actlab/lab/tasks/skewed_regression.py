"""Fit positive targets with a long tail to the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import skewed
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import capped, log_area, squared_error, thinned
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

FLOOR = 1.0
"""Mean squared error of the best constant predictor on the training targets."""


class SkewedSettings(Settings):
    """Network and budget."""

    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=64, ge=1, le=8192)
    steps: int = Field(default=400, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=1, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches, then predict unseen targets."""
    settings: SkewedSettings = batch.settings
    start = Start.of(batch)
    data = skewed.lognormal(start)
    net = Perceptron(
        start, data.train_x.shape[-1], 1, width=settings.width, depth=settings.depth + 1
    )
    order = Order(start, data.train_x.shape[1], settings.batch)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return squared_error(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        said = net(data.test_x)
        tested = squared_error(said, data.test_y) / data.test_y.var((1, 2), correction=0)
    area = log_area(losses, FLOOR)
    at, kept = thinned(capped(losses, FLOOR))
    return [
        Run(
            metrics={"error": float(tested[i]), "area": area[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


TASK = Task(
    name="skewed-regression",
    title="Positive targets with a long tail",
    about=(
        "Ten normal inputs, targets exp(0.75 w.x) with a unit vector w of each seed's own; a "
        "perceptron with a linear output, trained on 400 examples by Adam on the mean squared "
        "error of standardised targets, tested on 2000."
    ),
    version=1,
    settings=SkewedSettings,
    metrics=(
        Metric(
            "error", "mean squared error on unseen examples over their variance", "lower", FLOOR,
            "log10",
        ),
        Metric("area", "mean log10 training loss over steps", "lower", 0.0),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: f"lognormal 1, numpy {np.__version__.partition('.')[0]}",
    seconds=lambda settings: settings.steps * (settings.depth + 1) * 5e-5,
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
