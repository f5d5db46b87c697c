"""Classify digits or MNIST-1D signals with a residual network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CHANCE, CLASSES, LAST
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.residual import ResidualNet
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task


class ResidualSettings(Settings):
    """Data, network and budget."""

    data: classes.Name = "digits"
    blocks: int = Field(default=12, ge=1, le=1000)
    width: int = Field(default=64, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=2, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on examples that it has not seen."""
    settings: ResidualSettings = batch.settings
    start = Start.of(batch)
    data = classes.load(start, settings.data)
    net = ResidualNet(
        start,
        data.features,
        data.classes,
        width=settings.width,
        blocks=settings.blocks,
        norm=settings.norm,
    )
    order = Order(start, data.train_x.shape[1], settings.batch)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    net.eval()
    with torch.no_grad():
        logits = net(data.test_x)
        tested = accuracy(logits, data.test_y).numpy()
        test_loss = cross_entropy(logits, data.test_y).numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    ended = capped(losses[:, -LAST:], CHANCE).mean(axis=1)
    return [
        Run(
            metrics={
                "accuracy": 100.0 * tested[i],
                "area": area[i],
                "train_loss": ended[i],
                "test_loss": test_loss[i],
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: ResidualSettings) -> float:
    maps = 2 * settings.blocks + 2
    per_map = 1.8e-10 * settings.width**2 * settings.batch + 2e-5
    norms = {"none": 1.0, "layer": 1.5, "batch": 1.7}[settings.norm]
    return settings.steps * maps * per_map * norms


TASK = Task(
    name="residual",
    title="Residual network on small classification data",
    about=(
        "The data of the task mlp; a linear map, residual blocks of two linear maps each, "
        "normalisation (if any) and function before every map, trained on minibatches by Adam."
    ),
    version=1,
    settings=ResidualSettings,
    metrics=(
        Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("train_loss", "training loss at the end", "lower", CHANCE, "log10"),
        Metric("test_loss", "test loss", "lower", CHANCE, "log10", capped=False),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=_seconds,
    trial={"blocks": 2, "width": 16, "steps": 20},
)
