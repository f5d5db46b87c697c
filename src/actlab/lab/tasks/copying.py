"""Copying: a recurrent network must give symbols back after a delay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets.sequences import Stream, copying, examples
from actlab.lab.models.fit import fit
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.recurrent import Recurrence, Recurrent
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

SYMBOLS = 8
REMEMBERED = 5
CHANCE = math.log(SYMBOLS)
TESTED = 500
CLIP = 1.0


class CopyingSettings(Settings):
    """Sequence, network and budget."""

    delay: int = Field(default=20, ge=0, le=10_000)
    width: int = Field(default=64, ge=1, le=4096)
    recurrence: Recurrence = "orthogonal"
    steps: int = Field(default=1500, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=1, le=10_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on new sequences at every step and test it on others."""
    settings: CopyingSettings = batch.settings
    start = Start.of(batch)
    draw = partial(copying, delay=settings.delay, symbols=SYMBOLS, remembered=REMEMBERED)
    stream = Stream(start, "sequences", draw, settings.batch)
    net = Recurrent(
        start, SYMBOLS + 2, SYMBOLS, width=settings.width, recurrence=settings.recurrence
    )

    def given(x: torch.Tensor) -> torch.Tensor:
        return net(x, last=REMEMBERED).flatten(1, 2)

    def loss_of(step: int) -> torch.Tensor:
        x, y = stream.at(step)
        return cross_entropy(given(x), y.flatten(1))

    losses = fit(loss_of, net.parameters(), batch, settings.steps, clip=CLIP)
    with torch.no_grad():
        x, y = examples(start, "test", draw, TESTED)
        logits, wanted = given(x), y.flatten(1)
        error, right = (
            cross_entropy(logits, wanted).cpu().numpy(),
            accuracy(logits, wanted).cpu().numpy(),
        )
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    return [
        Run(
            metrics={"accuracy": 100.0 * right[i], "error": error[i], "area": area[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: CopyingSettings) -> float:
    """Measured on one core, per multiplication, with what a step of a sequence costs besides."""
    length = settings.delay + 2 * REMEMBERED
    products = length * settings.batch * settings.width * (settings.width + SYMBOLS + 3)
    return settings.steps * (2.7e-10 * products + 1e-6 * length)


TASK = Task(
    name="copying",
    title="Copying",
    about=(
        "Five symbols of eight, a delay, and five steps in which a plain recurrent network with "
        "the function in its cell must give them back in order. New sequences at every step, "
        "Adam, gradients clipped to norm 1."
    ),
    version=1,
    settings=CopyingSettings,
    metrics=(
        Metric("accuracy", "share of symbols given back", "higher", 100.0 / SYMBOLS, unit="pp"),
        Metric("error", "cross entropy on new sequences", "lower", CHANCE, "log10"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    seconds=_seconds,
    facts=lambda: {"symbols": SYMBOLS, "remembered": REMEMBERED, "clip": CLIP},
    trial={"delay": 3, "width": 8, "steps": 20, "batch": 8},
    any_device=True,
)
