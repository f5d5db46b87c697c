"""Classify small data sets with a multi-layer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
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
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.task import Batch, Curve, Metric, Run, Task

MOST_SHIFT = 10.0
"""A layer whose mean is more than this many times its spread counts as this."""


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on examples that it has not seen."""
    settings: ClassifierSettings = batch.settings
    trained = train(batch, settings)
    data, net, losses = trained.data, trained.net, trained.losses
    with torch.no_grad():
        given = net.hidden(data.test_x)
        logits = net.maps[-1](given[-1] if given else data.test_x)
        tested = accuracy(logits, data.test_y).numpy()
        test_loss = cross_entropy(logits, data.test_y).numpy()
    shift = mean_shift(given or [data.test_x])
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    ended = capped(losses[:, -LAST:], CHANCE).mean(axis=1)
    return [
        Run(
            metrics={
                "accuracy": 100.0 * tested[i],
                "area": area[i],
                "train_loss": ended[i],
                "test_loss": test_loss[i],
                "mean_shift": shift[i],
            },
            diverged=diverged,
            curves={"loss": (at, kept[i])},
        )
        for i, diverged in enumerate(trained.diverged)
    ]


def mean_shift(layers: Sequence[Tensor]) -> npt.NDArray[np.float64]:
    """How far units lie from mean zero, relative to how far they vary, mean over layers.

    Of a layer: the root mean square over its units of their mean over the examples, divided by
    the root mean square of their standard deviation. Units that are always 0 add to neither.

    Args:
        layers: outputs of every hidden layer, each ``(runs, n, features)``.

    Returns:
        ``(runs,)``; a layer that is constant, or not finite, counts as ``MOST_SHIFT``.
    """
    found = []
    for layer in layers:
        values = layer.double()
        means = values.mean(1).square().mean(1)
        spreads = values.var(1, correction=0).mean(1)
        found.append((means / spreads).sqrt().nan_to_num(MOST_SHIFT).clamp(max=MOST_SHIFT))
    return torch.stack(found).mean(0).numpy()


TASK = Task(
    name="mlp",
    title="Perceptron on small classification data",
    about=(
        "scikit-learn's digits (1797 images of 8 x 8; 70 % to train on) or MNIST-1D (5000 signals "
        "of 40 numbers; 80 %), split anew for every seed, or 4000 inputs of 200 numbers, dense or "
        "95 % zeros, whose classes a random network names (75 %); a perceptron trained on "
        "minibatches."
    ),
    version=1,
    settings=ClassifierSettings,
    metrics=(
        Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("train_loss", "training loss at the end", "lower", CHANCE, "log10"),
        Metric("test_loss", "test loss", "lower", CHANCE, "log10", capped=False),
        Metric(
            "mean_shift",
            "mean of the hidden units relative to their spread, after training",
            "lower",
            MOST_SHIFT,
            "log10",
        ),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=training_seconds,
    trial={"width": 16, "steps": 20},
)
