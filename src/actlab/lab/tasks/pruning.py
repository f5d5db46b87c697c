"""Prune trained perceptrons by magnitude, without training them again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CLASSES, ClassifierSettings, train, training_seconds
from actlab.lab.models.measure import accuracy
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.task import Batch, Curve, Metric, Run, Task

SPARSITIES = tuple(i / 20 for i in range(20))
"""Shares of the weights that are removed: 0 to 95 %."""

STILL = 1e-6
"""Units whose standard deviation over the training examples is below this do nothing."""


def run(batch: Batch) -> Sequence[Run]:
    """Train every run, then test it at every sparsity."""
    settings: ClassifierSettings = batch.settings
    trained = train(batch, settings)
    data, net = trained.data, trained.net
    still = 100.0 * still_units(net, data.train_x)
    rows = []
    with torch.no_grad():
        for weights in pruned(net, SPARSITIES):
            for linear, weight in zip(net.linears, weights, strict=True):
                linear.weight.copy_(weight)
            rows.append(accuracy(net(data.test_x), data.test_y).cpu().numpy())
    curve = 100.0 * np.stack(rows, axis=1)
    at = 100.0 * np.array(SPARSITIES)
    area = mean_over(at, curve)
    return [
        Run(
            metrics={
                "accuracy": curve[i, 0],
                "area": area[i],
                "drop": curve[i, 0] - area[i],
                "still": still[i],
            },
            diverged=diverged,
            curves={"pruned": (at, curve[i])},
        )
        for i, diverged in enumerate(trained.diverged)
    ]


def pruned(net: Perceptron, sparsities: Sequence[float]) -> list[list[Tensor]]:
    """The weights of every layer without the smallest ones of the whole network.

    Each network of the stack is judged by itself: the ``round(sparsity * count)`` weights that
    are smallest in magnitude become zero, wherever they are. Biases stay.

    Args:
        net: the stack; it is not changed.
        sparsities: shares of weights to remove, each in [0, 1].

    Returns:
        For every sparsity, a tensor ``(runs, inputs, outputs)`` for every layer.
    """
    weights = [linear.weight.detach().clone() for linear in net.linears]
    flat = torch.cat([weight.flatten(1) for weight in weights], dim=1)
    # Ranks, not a threshold: equal magnitudes are removed one by one, in their order.
    rank = flat.abs().argsort(dim=1, stable=True).argsort(dim=1)
    made = []
    for sparsity in sparsities:
        kept = torch.where(rank < round(sparsity * flat.shape[1]), 0.0, flat)
        parts = kept.split([weight[0].numel() for weight in weights], dim=1)
        made.append([part.reshape(w.shape) for part, w in zip(parts, weights, strict=True)])
    return made


def still_units(net: Perceptron, x: Tensor) -> npt.NDArray[np.float64]:
    """Share of hidden units that hardly vary over the examples, ``(runs,)``.

    Args:
        net: the stack, in evaluation mode.
        x: ``(runs, n, features)``.
    """
    with torch.no_grad():
        spreads = [given.double().std(dim=1, correction=0) for given in net.hidden(x)]
    return (torch.cat(spreads, dim=1) < STILL).double().mean(1).cpu().numpy()


def mean_over(at: npt.NDArray, values: npt.NDArray) -> npt.NDArray[np.float64]:
    """Area under each row by the trapezoid rule, divided by the length of the axis."""
    return np.trapezoid(values, at, axis=1) / (at[-1] - at[0])


def _seconds(settings: ClassifierSettings) -> float:
    return 1.15 * training_seconds(settings)


TASK = Task(
    name="pruning",
    title="Pruning of trained perceptrons",
    about=(
        "The perceptrons of the task mlp, trained; then 0 to 95 % of all weights are set to zero, "
        "the smallest of the whole network first, and the rest is tested without more training."
    ),
    version=1,
    settings=ClassifierSettings,
    metrics=(
        Metric("accuracy", "test accuracy before pruning", "higher", 100.0 / CLASSES, unit="pp"),
        Metric(
            "area",
            "mean test accuracy over sparsities of 0 to 95 %",
            "higher",
            100.0 / CLASSES,
            unit="pp",
        ),
        Metric("drop", "test accuracy lost to pruning, mean over sparsities", "lower", 90.0,
               unit="pp", capped=False),
        Metric("still", f"hidden units with a standard deviation below {STILL:g}", "lower", 100.0,
               unit="pp"),
    ),
    run=run,
    curves=(Curve("pruned", "test accuracy in percent", "weights removed in percent"),),
    data=lambda: " ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
