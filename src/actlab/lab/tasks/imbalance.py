"""Tell two classes apart when one of them is rare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import classes, skewed
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import capped, cross_entropy, thinned
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CHANCE = math.log(2.0)


class ImbalanceSettings(Settings):
    """Data, network and budget."""

    data: Literal["digits", "mnist1d"] = "digits"
    rare: float = Field(default=0.05, gt=0.0, le=0.5)
    """Share of the rare class."""
    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=64, ge=1, le=8192)
    steps: int = Field(default=400, ge=1, le=1_000_000)
    batch: int = Field(default=32, ge=1, le=100_000)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run, then find the rare class among unseen examples."""
    settings: ImbalanceSettings = batch.settings
    start = Start.of(batch)
    arrays = classes.digits() if settings.data == "digits" else classes.mnist1d()
    data = skewed.rare_class(start, arrays, settings.rare)
    net = Perceptron(
        start, data.train_x.shape[-1], 2, width=settings.width, depth=settings.depth + 1
    )
    order = Order(start, data.train_x.shape[1], settings.batch)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        found = net(data.rare_x).argmax(-1).double().mean(1)
        alarms = net(data.common_x).argmax(-1).double().mean(1)
    f1 = f1_score(found, alarms, settings.rare).cpu().numpy()
    at, kept = thinned(capped(losses, CHANCE))
    return [
        Run(
            metrics={
                "f1": 100.0 * f1[i],
                "recall": 100.0 * float(found[i]),
                "balanced": 50.0 * float(found[i] + 1.0 - alarms[i]),
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def f1_score(found: Tensor, alarms: Tensor, rare: float) -> Tensor:
    """F1 of the rare class: 2 TP / (2 TP + FP + FN), where it has a share ``rare``.

    Args:
        found: share of the rare class's examples that are recognised.
        alarms: share of the common class's examples that are taken for the rare one.
        rare: share of the rare class.

    Example:
        >>> import torch
        >>> round(float(f1_score(torch.tensor(0.5), torch.tensor(0.0), 0.05)), 4)
        0.6667
    """
    hits = rare * found
    wrong = rare * (1.0 - found) + (1.0 - rare) * alarms
    return 2.0 * hits / (2.0 * hits + wrong)


TASK = Task(
    name="imbalance",
    title="Two classes, one of them rare",
    about=(
        "Two classes of scikit-learn's digits or of MNIST-1D, drawn by each seed; 5 % of the "
        "training examples are of the second one. A perceptron trained on minibatches by Adam, "
        "without weights for the classes, is tested on as many unseen examples of both."
    ),
    version=1,
    settings=ImbalanceSettings,
    metrics=(
        Metric("f1", "F1 of the rare class, at its share in training", "higher", 0.0, unit="pp"),
        Metric("recall", "share of the rare class recognised", "higher", 0.0, unit="pp"),
        Metric("balanced", "mean of the accuracies on both classes", "higher", 50.0, unit="pp"),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    data=lambda: "; ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=lambda settings: settings.steps * (settings.depth + 1) * 5e-5,
    trial={"width": 16, "steps": 20},
    any_device=True,
)
