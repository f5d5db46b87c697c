"""A variational autoencoder of digits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from actlab.lab.datasets import classes
from actlab.lab.datasets.corruption import Corruption
from actlab.lab.models.autoencoder import Autoencoder
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import capped, log_area, thinned
from actlab.lab.models.pictures import scatter
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task
from actlab.lab.tasks.autoencoder import BRIGHT, DARK, UNRELATED

NOTHING = 64 * math.log(2)
"""Negative bound, in nats, of a decoder that gives every pixel even chances and codes nothing. One
that always draws the mean picture has 27.1."""

SAMPLES = 8
"""Codes drawn for an unseen digit."""


class VaeSettings(Settings):
    """Network and budget."""

    width: int = Field(default=32, ge=1, le=8192)
    code: int = Field(default=8, ge=1, le=64)
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)


def bound(net: Autoencoder, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The negative evidence lower bound of each run in nats a digit, and its two parts.

    ``-E log p(x | z) + KL(q(z | x), N(0, 1))`` with ``z = mean + deviation * noise``; a pixel of
    brightness t in [0, 1] counts as t log p + (1 - t) log(1 - p).

    Args:
        net: its encoder gives means and log variances of the code.
        x: ``(runs, n, 64)``, standardised.
        noise: N(0, 1) draws, ``(runs, n, code)``.
    """
    mean, log_variance = net.encoder(x).chunk(2, dim=-1)
    logits = net.decoder(mean + (0.5 * log_variance).exp() * noise)
    brightness = (x - DARK) / (BRIGHT - DARK)
    drawn = functional.binary_cross_entropy_with_logits(logits, brightness, reduction="none")
    missed = drawn.sum(-1).mean(1)
    apart = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1).mean(1)
    return missed + apart, missed, apart


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on the bound and evaluate it on digits that it has not seen."""
    settings: VaeSettings = batch.settings
    start = Start.of(batch)
    data = classes.load(start, "digits")
    net = Autoencoder(
        start, data.features, width=settings.width, code=settings.code, outputs_per_code=2
    )
    order = Order(start, data.train_x.shape[1], settings.batch)
    per_epoch = order.count // order.size
    noise, test_noise = (
        Corruption(start, torch.zeros(*x.shape[:2], settings.code), "gaussian", 1.0, name=name)
        for x, name in ((data.train_x, "code noise"), (data.test_x, "test code noise"))
    )

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        drawn = gather_own(noise.at(step // per_epoch), index)
        return bound(net, gather_own(data.train_x, index), drawn)[0]

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        codes = net.encoder(data.test_x)[..., : settings.code]
        tested = [bound(net, data.test_x, test_noise.at(i)) for i in range(SAMPLES)]
        whole, missed, apart = (torch.stack(part).double().mean(0).cpu().numpy() for part in
                                zip(*tested, strict=True))  # fmt: skip
        spread = scatter(codes, data.test_y, data.classes).cpu().numpy()
    area = log_area(losses, NOTHING)
    at, kept = thinned(capped(losses, NOTHING))
    return [
        Run(
            metrics={
                "bound": whole[i],
                "missed": missed[i],
                "apart": apart[i],
                "scatter": spread[i],
                "area": area[i],
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: VaeSettings) -> float:
    weights = settings.width * (2 * 64 + 3 * settings.code)
    return settings.steps * (3e-10 * weights * (6 * settings.batch + 10) / 10 + 1.5e-4)


TASK = Task(
    name="vae",
    title="Variational autoencoder on digits",
    about=(
        "scikit-learn's digits (1797 images of 8 x 8; 70 % to train on), split anew for every "
        "seed; a variational autoencoder with one hidden layer on either side of a code of 8 "
        "numbers and Bernoulli pixels; the bound on unseen digits is a mean over 8 codes of each."
    ),
    version=1,
    settings=VaeSettings,
    metrics=(
        Metric("bound", "negative evidence lower bound on unseen digits, nats", "lower",
               NOTHING, "log10"),
        Metric("missed", "its part for drawing, nats", "lower", NOTHING, "log10"),
        Metric("apart", "its part for coding, nats", "lower", NOTHING, capped=False),
        Metric("scatter", "scatter of codes within classes over that between classes",
               "lower", UNRELATED, "log10"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(NOTHING)),
    ),
    run=run,
    curves=(Curve("loss", "negative evidence lower bound", "step", "log10"),),
    data=lambda: classes.identity("digits"),
    seconds=_seconds,
    trial={"steps": 20},
    any_device=True,
)  # fmt: skip
