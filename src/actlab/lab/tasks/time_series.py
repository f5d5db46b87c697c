"""Forecast a series whose trend leaves the range it was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets import series
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import capped, log_area, squared_error, thinned
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CONSTANT_ERROR = 1.0
"""Mean squared error of the mean of what was trained on, which is scaled to variance 1."""


class SeriesSettings(Settings):
    """Data, network and budget."""

    data: series.Name = "up"
    width: int = Field(default=64, ge=1, le=8192)
    depth: int = Field(default=2, ge=1, le=1000)
    """Hidden layers."""
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=1, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on what comes after."""
    settings: SeriesSettings = batch.settings
    start = Start.of(batch)
    data = series.load(start, settings.data)
    net = Perceptron(
        start, data.train_x.shape[-1], 1, width=settings.width, depth=settings.depth + 1
    )
    order = Order(start, data.train_x.shape[1], settings.batch)

    def loss_of(step: int) -> torch.Tensor:
        index = order.at(step)
        return squared_error(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        tested = squared_error(net(data.test_x), data.test_y).cpu().numpy()
        # The targets are scaled as what was trained on, so 0 is the mean of that.
        constant = data.test_y.square().flatten(1).mean(1).cpu().numpy()
    area = log_area(losses, CONSTANT_ERROR)
    at, kept = thinned(capped(losses, CONSTANT_ERROR))
    ended = capped(losses[:, -20:], CONSTANT_ERROR).mean(axis=1)
    return [
        Run(
            metrics={
                "error": float(tested[i]) / float(constant[i]),
                "area": area[i],
                "train_loss": ended[i],
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: SeriesSettings) -> float:
    """Measured on one core, per multiplication, with what a layer costs besides."""
    weights = settings.width * (series.LAGS + settings.width * (settings.depth - 1))
    return settings.steps * (3e-10 * weights * settings.batch + 2e-5 * (settings.depth + 1))


TASK = Task(
    name="time-series",
    title="Forecasts beyond the range seen",
    about=(
        "Up or down: a generated series for every seed, trend plus season of 12 plus correlated "
        "noise; a perceptron reads 24 values and forecasts the next. The 240 values tested on come "
        "after the 360 trained on, where the trend has left the range seen. Diabetes: "
        "scikit-learn's 442 patients, 75 % to train on, as a control without time."
    ),
    version=1,
    settings=SeriesSettings,
    metrics=(
        Metric(
            "error",
            "test error as a share of that of the mean seen in training",
            "lower",
            1.0,
            "log10",
        ),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CONSTANT_ERROR)),
        Metric("train_loss", "training loss at the end", "lower", CONSTANT_ERROR, "log10"),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=series.identity,
    seconds=_seconds,
    trial={"width": 8, "steps": 20},
    any_device=True,
)
