"""The adding problem: a recurrent network must remember two numbers over many steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets.sequences import CONSTANT_ERROR, Stream, adding, examples
from actlab.lab.models.fit import fit
from actlab.lab.models.measure import capped, log_area, squared_error, thinned
from actlab.lab.models.recurrent import Recurrence, Recurrent
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

SOLVED = 0.01
TESTED = 500
CLIP = 1.0


class AddingSettings(Settings):
    """Sequence, network and budget."""

    length: int = Field(default=50, ge=2, le=10_000)
    width: int = Field(default=64, ge=1, le=4096)
    recurrence: Recurrence = "orthogonal"
    steps: int = Field(default=1500, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=1, le=10_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on new sequences at every step and test it on others."""
    settings: AddingSettings = batch.settings
    start = Start.of(batch)
    draw = partial(adding, length=settings.length)
    stream = Stream(start, "sequences", draw, settings.batch)
    net = Recurrent(start, 2, 1, width=settings.width, recurrence=settings.recurrence)

    def loss_of(step: int) -> torch.Tensor:
        x, y = stream.at(step)
        return squared_error(net(x)[..., 0, :], y)

    losses = fit(loss_of, net.parameters(), batch, settings.steps, clip=CLIP)
    with torch.no_grad():
        x, y = examples(start, "test", draw, TESTED)
        error = squared_error(net(x)[..., 0, :], y).cpu().numpy()
    area = log_area(losses, CONSTANT_ERROR)
    at, kept = thinned(capped(losses, CONSTANT_ERROR))
    return [
        Run(
            metrics={"error": error[i], "area": area[i], "solved": float(error[i] < SOLVED)},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: AddingSettings) -> float:
    """Measured on one core, per multiplication, with what a step of a sequence costs besides."""
    products = settings.length * settings.batch * settings.width * (settings.width + 3)
    return settings.steps * (2.2e-10 * products + 1e-6 * settings.length)


TASK = Task(
    name="adding-problem",
    title="Adding problem",
    about=(
        "Sequences of numbers from U(0, 1), two of them marked; a plain recurrent network with "
        "the function in its cell must give the sum of the two at the end. New sequences at every "
        "step, Adam, gradients clipped to norm 1."
    ),
    version=1,
    settings=AddingSettings,
    metrics=(
        Metric("error", "mean squared error on new sequences", "lower", CONSTANT_ERROR, "log10"),
        Metric(
            "area",
            "mean log10 training loss over steps",
            "lower",
            math.log10(CONSTANT_ERROR),
        ),
        Metric("solved", f"share of runs below an error of {SOLVED:g}", "higher", 0.0),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    seconds=_seconds,
    facts=lambda: {"constant_error": CONSTANT_ERROR, "solved_below": SOLVED, "clip": CLIP},
    trial={"length": 8, "width": 8, "steps": 20, "batch": 8},
    any_device=True,
)
