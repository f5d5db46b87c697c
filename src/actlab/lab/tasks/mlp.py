"""Classify small data sets with a multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import (
    LOSS,
    METRICS,
    ClassifierSettings,
    classified,
    train,
    training_seconds,
)
from actlab.lab.task import Batch, Metric, Run, Task

MOST_SHIFT = 10.0
"""A layer whose mean is more than this many times its spread counts as this."""


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on examples that it has not seen."""
    settings: ClassifierSettings = batch.settings
    trained = train(batch, settings)
    data, net = trained.data, trained.net
    with torch.no_grad():
        given = net.hidden(data.test_x)
        logits = net.maps[-1](given[-1] if given else data.test_x)
    shift = mean_shift(given or [data.test_x])
    return [
        replace(found, metrics={**found.metrics, "mean_shift": shift[i]})
        for i, found in enumerate(classified(logits, data, trained.losses))
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
    return torch.stack(found).mean(0).cpu().numpy()


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
        *METRICS,
        Metric(
            "mean_shift",
            "mean of the hidden units relative to their spread, after training",
            "lower",
            MOST_SHIFT,
            "log10",
        ),
    ),
    run=run,
    curves=(LOSS,),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=training_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)
