"""Classify digits or MNIST-1D signals with a residual network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import LOSS, METRICS, classified, fit_classes
from actlab.lab.models.layers import Norm
from actlab.lab.models.residual import ResidualNet
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run, Settings, Task


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
    losses = fit_classes(net, data, batch, steps=settings.steps, size=settings.batch)
    with torch.no_grad():
        return classified(net(data.test_x), data, losses)


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
    metrics=METRICS,
    run=run,
    curves=(LOSS,),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=_seconds,
    trial={"blocks": 2, "width": 16, "steps": 20},
    any_device=True,
)
