"""Train perceptrons whose functions learn their parameter, and see where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes
from actlab.lab.models.classifier import (
    LOSS,
    METRICS,
    ClassifierSettings,
    classified,
    train,
    training_seconds,
)
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.task import Batch, Curve, Metric, Run, Task

QUANTILES = 21

Floats = npt.NDArray[np.float64]


def run(batch: Batch) -> Sequence[Run]:
    """Train every run, test it, and read its learned parameters."""
    settings: ClassifierSettings = batch.settings
    trained = train(batch, settings)
    with torch.no_grad():
        runs = classified(trained.net(trained.data.test_x), trained.data, trained.losses)
        values = learned_values(trained.net, len(runs))
    begun = next(iter(batch.arm.params.values()), 0.0)
    values = np.full((len(runs), 1), begun) if values is None else values
    change, outside = values - begun, 100.0 * not_monotone(batch.arm, values).mean(axis=1)
    shares = np.linspace(0.0, 1.0, QUANTILES)
    spread = np.quantile(np.where(np.isfinite(change), change, 0.0), shares, axis=1).T
    return [
        replace(
            found,
            metrics={
                **found.metrics,
                "moved": np.abs(change[i]).mean(),
                "outside": outside[i],
            },
            curves={**found.curves, "change": (shares, spread[i])},
        )
        for i, found in enumerate(runs)
    ]


def learned_values(net: Perceptron, runs: int) -> Floats | None:
    """The first learned parameter of every layer and unit, ``(runs, count)``.

    Args:
        net: the stack.
        runs: how many networks it has.

    Returns:
        None where the function's parameters are fixed.
    """
    from actlab.nn import Activation

    found = []
    for module in net.functions.modules():
        if isinstance(module, Activation):
            first = next(iter(module.values().values()))
            found.append(torch.as_tensor(first).detach().double().reshape(runs, -1))
    return torch.cat(found, dim=1).cpu().numpy() if found else None


def not_monotone(arm: Arm, values: Floats) -> npt.NDArray[np.bool_]:
    """Which values of the first parameter make the function non-monotone.

    As its definition says it under the constraint ``monotone``; none where it says nothing.
    """
    from actlab import registry

    parameters = registry.get(arm.name).params
    domain = parameters[0].constraints.get("monotone") if parameters else None
    if domain is None:
        return np.zeros(values.shape, dtype=np.bool_)
    return (values < domain.low) | (values > domain.high)


TASK = Task(
    name="learned-parameter",
    title="Perceptron that learns the parameter of its function",
    about=(
        "The perceptron of the task mlp; besides accuracy and speed, how far the first parameter "
        "of its function has moved from its start, over all layers and units. Functions that are "
        "not learned do not move."
    ),
    version=1,
    settings=ClassifierSettings,
    metrics=(
        *METRICS,
        Metric("moved", "mean distance of the parameter from its start", "higher", 0.0),
        Metric("outside", "parameters that make the function non-monotone", "lower", 100.0,
               unit="pp"),
    ),
    run=run,
    curves=(
        LOSS,
        Curve("change", "parameter minus its start", "share of the units"),
    ),
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    # Measured: a parameter learned by every unit costs about as much again as the network.
    seconds=lambda settings: 1.5 * training_seconds(settings),
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
