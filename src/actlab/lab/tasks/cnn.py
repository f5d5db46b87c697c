"""Classify MNIST-1D signals or digits with a small convolutional network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import LOSS, METRICS, classified, fit_classes
from actlab.lab.models.convolution import ConvolutionalNet, Filters
from actlab.lab.models.fit import OptimiserName
from actlab.lab.models.layers import Norm
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run, Settings, Task

SHAPES: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"mnist1d": (1, 40, 1), "digits": (8, 8, 1)}
)
"""Height, width and channels of an example."""


class CnnSettings(Settings):
    """Data, network and budget."""

    data: classes.Name = "mnist1d"
    channels: int = Field(default=25, ge=1, le=1024)
    norm: Norm = "none"
    steps: int = Field(default=1000, ge=1, le=1_000_000)
    batch: int = Field(default=100, ge=1, le=100_000)
    optimiser: OptimiserName = "adam"


def filters(data: classes.Name, channels: int) -> list[Filters]:
    """The layers: those of MNIST-1D's authors for signals, two layers of 3 x 3 for digits."""
    if data == "digits":
        return [
            Filters(channels, (3, 3), padding=(1, 1)),
            Filters(2 * channels, (3, 3), stride=(2, 2), padding=(1, 1)),
        ]
    kernels = (5, 3, 3)
    return [Filters(channels, (1, k), stride=(1, 2), padding=(0, 1)) for k in kernels]


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on examples that it has not seen."""
    settings: CnnSettings = batch.settings
    start = Start.of(batch)
    data = classes.load(start, settings.data)
    layers = filters(settings.data, settings.channels)
    net = ConvolutionalNet(start, SHAPES[settings.data], layers, data.classes, norm=settings.norm)
    losses = fit_classes(
        net,
        data,
        batch,
        steps=settings.steps,
        size=settings.batch,
        optimiser=settings.optimiser,
    )
    with torch.no_grad():
        return classified(net(data.test_x), data, losses)


def _seconds(settings: CnnSettings) -> float:
    """Measured on one core: per multiplication, and per number of a window or a channel."""
    height, width, channels = SHAPES[settings.data]
    products = cells = 0
    for layer in filters(settings.data, settings.channels):
        inputs = layer.kernel[0] * layer.kernel[1] * channels
        (height, width), channels = layer.size(height, width), layer.channels
        products += height * width * inputs * channels
        cells += height * width * (inputs + channels)
    return settings.steps * settings.batch * (1e-10 * products + 3.5e-9 * cells)


TASK = Task(
    name="cnn",
    title="Convolutional network on MNIST-1D or digits",
    about=(
        "MNIST-1D (5000 signals of 40 numbers; 80 % to train on) or scikit-learn's digits (1797 "
        "images of 8 x 8; 70 %), split anew for every seed. Signals: three convolutions with "
        "kernels 5, 3, 3 and stride 2; digits: two of 3 x 3, the second with stride 2 and twice "
        "the channels; then one linear map."
    ),
    version=1,
    settings=CnnSettings,
    metrics=METRICS,
    run=run,
    curves=(LOSS,),
    data=lambda: " ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=_seconds,
    trial={"data": "digits", "channels": 4, "steps": 20, "batch": 32},
    any_device=True,
)
