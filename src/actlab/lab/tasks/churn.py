"""Train two networks for every seed and count how often they answer differently."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import (
    CHANCE,
    CLASSES,
    LAST,
    ClassifierSettings,
    train,
    training_seconds,
)
from actlab.lab.models.measure import accuracy, capped
from actlab.lab.models.members import disagreement, per_run
from actlab.lab.task import Batch, Metric, Run, Task

PAIR = 2


def run(batch: Batch) -> Sequence[Run]:
    """Train the pair of every run and compare what the two say about the test examples.

    Accuracy and losses are those of the first of the pair, which is the network that the task
    ``mlp`` trains: their spread over seeds is that of single runs.
    """
    settings: ClassifierSettings = batch.settings
    trained = train(batch, settings, members=PAIR)
    labels = trained.data.test_y
    with torch.no_grad():
        logits = trained.net(trained.data.test_x.repeat_interleave(PAIR, 0))
    chances = per_run(logits.double().softmax(-1), PAIR)
    tested = 100.0 * accuracy(chances[:, 0], labels).cpu().numpy()
    ended = capped(trained.losses[::PAIR, -LAST:], CHANCE).mean(axis=1)
    differ = 100.0 * disagreement(chances).cpu().numpy()
    absolute = prediction_difference(chances).cpu().numpy()
    relative = relative_difference(chances, labels).cpu().numpy()
    return [
        Run(
            metrics={
                "accuracy": tested[i],
                "churn": differ[i],
                "difference": absolute[i],
                "relative": relative[i],
                "train_loss": ended[i],
            },
            diverged=diverged,
        )
        for i, diverged in enumerate(trained.diverged)
    ]


def prediction_difference(chances: Tensor) -> Tensor:
    """Mean over examples and members of the L1 distance to the members' mean, ``(runs,)``.

    0 where they agree, 1 for two members that are sure of different classes. This and the relative
    one are as Shamir, Lin and Coviello define them (2020, arXiv:2010.09931).
    """
    mean = chances.mean(1, keepdim=True)
    return (chances - mean).abs().sum(-1).mean((1, 2))


def relative_difference(chances: Tensor, labels: Tensor) -> Tensor:
    """Mean of |p - m| / m for the probability p of the right class and its mean m, ``(runs,)``.

    Args:
        chances: of the classes, ``(runs, members, n, classes)``.
        labels: ``(runs, n)``.
    """
    index = labels[:, None, :, None].expand(-1, chances.shape[1], -1, 1)
    said = chances.gather(-1, index)[..., 0]
    mean = said.mean(1, keepdim=True)
    return ((said - mean).abs() / mean.clamp_min(1e-300)).mean((1, 2))


def _seconds(settings: ClassifierSettings) -> float:
    return PAIR * training_seconds(settings)


TASK = Task(
    name="churn",
    title="Churn between twin perceptrons",
    about=(
        "Two perceptrons of the task mlp for every seed, on the same split, with different initial "
        "weights and orders; what the two say about the same test examples is compared."
    ),
    version=1,
    settings=ClassifierSettings,
    metrics=(
        Metric("accuracy", "test accuracy of the first", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("churn", "test examples that the two answer differently", "lower",
               100.0 - 100.0 / CLASSES, unit="pp"),
        Metric("difference", "prediction difference: L1 distance to the mean of the two", "lower",
               1.0, "log10"),
        Metric("relative", "relative prediction difference for the right class", "lower", 1.0,
               "log10"),
        Metric("train_loss", "training loss of the first at the end", "lower", CHANCE, "log10"),
    ),
    run=run,
    data=lambda: " ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
