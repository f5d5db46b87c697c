"""Find the edges of a rectangle in a noisy image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets import boxes
from actlab.lab.datasets.sequences import Stream, examples
from actlab.lab.models.convolution import ConvolutionalNet, Filters
from actlab.lab.models.fit import fit
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import capped, squared_error, thinned
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

TESTED = 256
EVERY = 10
"""Steps from a test to the next."""
CONSTANT_ERROR = 1.0
"""Mean squared error of the mean box, in edges scaled to variance 1."""


class BoxSettings(Settings):
    """Network and budget."""

    channels: int = Field(default=8, ge=1, le=1024)
    hidden: int = Field(default=32, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=400, ge=EVERY, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=10_000)


def filters(channels: int) -> list[Filters]:
    """Two layers of 3 x 3 that halve the sides, the second with twice the channels."""
    return [
        Filters(channels, (3, 3), stride=(2, 2), padding=(1, 1)),
        Filters(2 * channels, (3, 3), stride=(2, 2), padding=(1, 1)),
    ]


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on new images at every step, and test it on others as it goes."""
    settings: BoxSettings = batch.settings
    start = Start.of(batch)
    side = boxes.SIDE
    net = ConvolutionalNet(
        start,
        (side, side, 1),
        filters(settings.channels),
        4,
        hidden=settings.hidden,
        norm=settings.norm,
    )
    stream = Stream(start, "images", boxes.images, settings.batch)
    test_x, test_y = examples(start, "test", boxes.images, TESTED)
    found: list[np.ndarray] = []

    def loss_of(step: int) -> torch.Tensor:
        x, y = stream.at(step)
        return squared_error(net(x), boxes.standardised(y))

    def after(made: int) -> None:
        if made % EVERY == 0:
            net.eval()
            with torch.no_grad():
                given = boxes.edges(net(test_x))
                found.append(boxes.overlap(given, test_y).mean(1).cpu().numpy())
            net.train()

    losses = fit(loss_of, net.parameters(), batch, settings.steps, after=after)
    # Where every run left the finite range at once, training stopped before the last test.
    tests = np.full((start.runs, settings.steps // EVERY), np.nan)
    if found:
        tests[:, : len(found)] = np.stack(found, axis=1)
    at = np.arange(1.0, tests.shape[1] + 1) * EVERY
    seen = capped(losses, CONSTANT_ERROR)
    ended = seen[:, -20:].mean(axis=1)
    steps, kept = thinned(seen)
    return [
        Run(
            metrics={
                "overlap_area": tests[i].mean(),
                "overlap": tests[i, -1],
                "train_loss": ended[i],
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"overlap": (at, tests[i]), "loss": (steps, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: BoxSettings) -> float:
    """Measured on one core, per multiplication of the convolutions, with the tests."""
    products = 64 * 9 * settings.channels + 16 * 9 * settings.channels * 2 * settings.channels
    products += 32 * settings.channels * settings.hidden
    return settings.steps * (settings.batch + TESTED / EVERY) * 4e-10 * products


TASK = Task(
    name="boxes",
    title="Boxes in noisy images",
    about=(
        "Images of 16 x 16 with one bright rectangle and independent noise; a small convolutional "
        "network must give the rectangle's four edges, scaled to mean 0 and variance 1. New images "
        "at every step, Adam on the squared error."
    ),
    version=1,
    settings=BoxSettings,
    metrics=(
        Metric(
            "overlap_area",
            "overlap with the true box (intersection over union), mean over training",
            "higher",
            boxes.CONSTANT_OVERLAP,
            "log10",
        ),
        Metric("overlap", "overlap with the true box at the end", "higher", boxes.CONSTANT_OVERLAP),
        Metric("train_loss", "training loss at the end", "lower", CONSTANT_ERROR, "log10"),
    ),
    run=run,
    curves=(
        Curve("overlap", "overlap with the true box"),
        Curve("loss", "training loss", "step", "log10"),
    ),
    seconds=_seconds,
    facts=lambda: {
        "constant_overlap": boxes.CONSTANT_OVERLAP,
        "noise": boxes.NOISE,
    },
    trial={"channels": 2, "hidden": 4, "steps": 20, "batch": 8},
    any_device=True,
)
