"""Train the same network at many learning rates and see in how wide a range it learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, field_validator

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import (
    CHANCE,
    CLASSES,
    ClassifierSettings,
    train,
    training_seconds,
)
from actlab.lab.models.measure import accuracy, capped, cross_entropy
from actlab.lab.task import LOWEST, Batch, Curve, Metric, Run, Task

Floats = npt.NDArray[np.float64]

STEP = 0.5
"""Decades between neighbouring rates."""

SHARE = 0.9
"""A rate tolerates where its test accuracy is at least this much of the best one."""

NEAR = 1.1
"""A rate is near the best where its final loss is at most this many times the lowest one."""

LEARNED = 2.0 / CLASSES
"""A test accuracy below twice chance counts as nothing learned."""


class BasinSettings(ClassifierSettings):
    """Data, network, budget and grid."""

    points: int = Field(default=9, ge=3, le=41)
    """Rates per run, half a decade apart; the middle one is the study's learning rate."""

    @field_validator("points")
    @classmethod
    def _odd(cls, points: int) -> int:
        if points % 2 == 0:
            raise ValueError("points must be odd, so that one of them is in the middle")
        return points


def run(batch: Batch) -> Sequence[Run]:
    """Train every run at every rate of its grid, all of them stacked."""
    settings: BasinSettings = batch.settings
    offsets = STEP * (np.arange(settings.points) - settings.points // 2)
    grids = [np.log10(rate) + offsets for rate in batch.rates]
    rates = tuple(float(10.0**at) for grid in grids for at in grid)
    trained = train(replace(batch, rates=rates), settings)
    data, net = trained.data, trained.net
    with torch.no_grad():
        losses = cross_entropy(net(data.train_x), data.train_y).cpu().numpy()
        tested = accuracy(net(data.test_x), data.test_y).cpu().numpy()
    shape = (len(batch.rates), settings.points, len(batch.seeds))
    failed = np.array(trained.diverged).reshape(shape)
    final = np.where(failed, CHANCE, capped(losses, CHANCE).reshape(shape))
    right = np.where(failed, 1.0 / CLASSES, tested.reshape(shape))
    return [
        _run(grids[i], final[i, :, j], right[i, :, j])
        for i in range(shape[0])
        for j in range(shape[2])
    ]


def _run(at: Floats, losses: Floats, right: Floats) -> Run:
    best = int(np.argmin(losses))
    logs = np.log10(np.maximum(losses, LOWEST))
    nothing = right < LEARNED
    metrics: dict[str, float | None] = {
        "width": None if nothing.all() else around(at, right - SHARE * right.max()),
        "loss_width": None if nothing.all() else around(at, np.log10(NEAR) + logs.min() - logs),
        "best_rate": None if nothing.all() else at[best],
        "lost": None if nothing.all() else STEP * nothing[best:].sum(),
    }
    return Run(
        metrics,
        diverged=bool(nothing.all()),
        curves={"accuracy": (at, 100.0 * right), "final_loss": (at, losses)},
    )


def around(at: Floats, margin: Floats) -> float:
    """Length of the interval about the largest margin in which no margin is negative.

    Margins are joined by straight lines; the interval ends at the grid's ends at the latest.

    Args:
        at: positions, ascending.
        margin: at each of them; the largest is not negative.

    Example:
        >>> import numpy as np
        >>> around(np.array([0.0, 1.0, 2.0, 3.0]), np.array([-1.0, 1.0, 0.0, -5.0]))
        1.5
    """
    ends = []
    peak = int(np.argmax(margin))
    for step in (-1, 1):
        k = peak
        while 0 <= k + step < len(at) and margin[k + step] >= 0:
            k += step
        end = at[k]
        if 0 <= k + step < len(at):
            share = margin[k] / (margin[k] - margin[k + step])
            end = at[k] + share * (at[k + step] - at[k])
        ends.append(end)
    return float(ends[1] - ends[0])


TASK = Task(
    name="learning-rate-basin",
    title="Range of learning rates at which a perceptron learns",
    about=(
        "The perceptron of the task mlp, trained at rates half a decade apart about the study's "
        "learning rate, from the same start and in the same order of examples."
    ),
    version=1,
    settings=BasinSettings,
    metrics=(
        Metric(
            "width", "range of rates with 90 % of the best test accuracy", "higher", 0.0,
            unit="decades",
        ),
        Metric(
            "loss_width", "range of rates with at most 1.1 times the lowest training loss",
            "higher", 0.0, unit="decades",
        ),
        Metric("best_rate", "log10 of the rate with the lowest training loss", "lower", 2.0),
        Metric(
            "lost", "rates above the best one at which nothing is learned", "lower", 20.0,
            unit="decades",
        ),
    ),
    run=run,
    curves=(
        Curve("accuracy", "test accuracy", "log10 learning rate"),
        Curve("final_loss", "training loss at the end", "log10 learning rate", "log10"),
    ),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=lambda settings: settings.points * training_seconds(settings),
    trial={"width": 16, "steps": 20, "points": 3},
    any_device=True,
)  # fmt: skip
