"""Train several networks for every seed and let them vote."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CLASSES, ClassifierSettings, train, training_seconds
from actlab.lab.models.measure import accuracy
from actlab.lab.models.members import disagreement, members_of, per_run
from actlab.lab.task import Batch, Metric, Run, Task


class EnsembleSettings(ClassifierSettings):
    """Data, network, budget and committee."""

    members: int = Field(default=5, ge=2, le=100)
    bagged: bool = True
    """Each member has its own sample of the training examples, drawn with replacement."""


def run(batch: Batch) -> Sequence[Run]:
    """Train the members of every run and compare them with their mean."""
    settings: EnsembleSettings = batch.settings
    members = settings.members
    pool = partial(bags, batch, members) if settings.bagged else None
    trained = train(batch, settings, members=members, pool=pool)
    with torch.no_grad():
        logits = trained.net(trained.data.test_x.repeat_interleave(members, 0))
    chances = per_run(logits.double().softmax(-1), members)
    labels = trained.data.test_y
    single = 100.0 * accuracy(chances.flatten(1, 2), labels.repeat(1, members)).cpu().numpy()
    together = 100.0 * accuracy(chances.mean(1), labels).cpu().numpy()
    apart = 100.0 * disagreement(chances).cpu().numpy()
    return [
        Run(
            metrics={
                "accuracy": single[i],
                "disagreement": apart[i],
                "gain": together[i] - single[i],
                "together": together[i],
            },
            diverged=diverged,
        )
        for i, diverged in enumerate(trained.diverged)
    ]


def bags(batch: Batch, members: int, count: int) -> Tensor:
    """Which training examples each member sees, ``(runs * members, count)`` with repeats."""
    start = members_of(batch, members)
    drawn = [start.generator(seed, "bag").integers(count, size=count) for seed in start.seeds]
    return start.repeated(drawn)


def _seconds(settings: EnsembleSettings) -> float:
    return settings.members * training_seconds(settings)


TASK = Task(
    name="ensemble",
    title="Committees of perceptrons",
    about=(
        "Five perceptrons of the task mlp for every seed, on the same split, each with its own "
        "initial weights, order and bootstrap sample; they vote by the mean of their "
        "probabilities."
    ),
    version=1,
    settings=EnsembleSettings,
    metrics=(
        Metric("accuracy", "test accuracy of a member, mean", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("disagreement", "test examples that two members answer differently", "lower",
               100.0 - 100.0 / CLASSES, unit="pp"),
        Metric("gain", "test accuracy of the committee above a member's", "higher", 0.0, unit="pp",
               capped=False),
        Metric("together", "test accuracy of the committee", "higher", 100.0 / CLASSES, unit="pp"),
    ),
    run=run,
    data=lambda: " ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=_seconds,
    trial={"width": 16, "steps": 20, "members": 3},
    any_device=True,
)  # fmt: skip
