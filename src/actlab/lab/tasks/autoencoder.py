"""Squeeze digits through eight numbers and draw them again, with or without noise to remove."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.datasets.corruption import Corruption, Kind
from actlab.lab.models.autoencoder import Autoencoder
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import capped, log_area, squared_error, thinned
from actlab.lab.models.pictures import detail, scatter
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

DARK, BRIGHT = -0.8117562, 1.8474702
"""The least and the largest pixel, in standard deviations from the mean."""

MEAN_PICTURE = 0.5185695
"""Mean squared error of the mean picture, the best that does not look at its input."""

MEAN_DETAIL = 0.1333030
"""Fine detail of the mean picture, as a share of that of the pictures."""

UNRELATED = 58.7
"""Scatter of codes that have nothing to do with the classes of 539 examples: 528 / 9."""


class AutoencoderSettings(Settings):
    """Noise, network and budget."""

    noise: Kind = "none"
    amount: float = Field(default=0.5, ge=0.0, le=10.0)
    """Standard deviation of gaussian noise, pixels having 1; chance of salt or pepper."""
    width: int = Field(default=32, ge=1, le=8192)
    code: int = Field(default=8, ge=1, le=64)
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run to draw clean digits, and let it draw digits that it has not seen."""
    settings: AutoencoderSettings = batch.settings
    start = Start.of(batch)
    data = classes.load(start, "digits")
    net = Autoencoder(start, data.features, width=settings.width, code=settings.code)
    order = Order(start, data.train_x.shape[1], settings.batch)
    per_epoch = order.count // order.size
    noisy, test_noisy = (
        Corruption(start, x, settings.noise, settings.amount, low=DARK, high=BRIGHT, name=name)
        for x, name in ((data.train_x, "noise"), (data.test_x, "test noise"))
    )

    def loss_of(step: int) -> torch.Tensor:
        index = order.at(step)
        given = gather_own(noisy.at(step // per_epoch), index)
        return squared_error(net(given), gather_own(data.train_x, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        codes = net.encoder(test_noisy.at(0))
        drawn = net.decoder(codes)
        error = squared_error(drawn, data.test_x).cpu().numpy()
        fine = (detail(drawn) / detail(data.test_x)).cpu().numpy()
        spread = scatter(codes, data.test_y, data.classes).cpu().numpy()
    area = log_area(losses, MEAN_PICTURE)
    at, kept = thinned(capped(losses, MEAN_PICTURE))
    return [
        Run(
            metrics={
                "error": error[i],
                "detail": fine[i],
                "scatter": spread[i],
                "psnr": psnr(float(error[i])),
                "area": area[i],
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def psnr(error: float) -> float:
    """Peak signal to noise ratio in decibels: 10 log10((BRIGHT - DARK)^2 / error)."""
    if not 0.0 < error < math.inf:
        return math.nan
    return 10.0 * math.log10((BRIGHT - DARK) ** 2 / error)


def _seconds(settings: AutoencoderSettings) -> float:
    weights = settings.width * (2 * 64 + 2 * settings.code)
    return settings.steps * (3e-10 * weights * (6 * settings.batch + 10) / 10 + 9e-5)


TASK = Task(
    name="autoencoder",
    title="Autoencoder and denoising on digits",
    about=(
        "scikit-learn's digits (1797 images of 8 x 8; 70 % to train on), split anew for every "
        "seed, through a hidden layer to a linear code of 8 numbers and back; noise, where there "
        "is any, is drawn anew every epoch, and the clean picture is what is asked for."
    ),
    version=1,
    settings=AutoencoderSettings,
    metrics=(
        Metric("error", "mean squared error on unseen digits", "lower", MEAN_PICTURE, "log10"),
        Metric("detail", "fine detail of the drawn over that of the digits (1: no blur)",
               "higher", MEAN_DETAIL, "log10"),
        Metric("scatter", "scatter of codes within classes over that between classes",
               "lower", UNRELATED, "log10"),
        Metric("psnr", "peak signal to noise ratio", "higher", 11.347, unit="dB"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(MEAN_PICTURE)),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: classes.identity("digits"),
    seconds=_seconds,
    trial={"steps": 20, "noise": "gaussian"},
    any_device=True,
)  # fmt: skip
