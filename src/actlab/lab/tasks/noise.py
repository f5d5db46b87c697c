"""Train perceptrons on clean data and test them on noisy data and on data with outliers."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CLASSES, ClassifierSettings, train, training_seconds
from actlab.lab.models.measure import accuracy
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Metric, Run, Task

NOISES = MappingProxyType({"noise_4": 4, "noise_8": 8})
"""How much larger the noise is than that of the published MNIST-1D, which is 0.075 spreads."""

OUTLIER = 20.0
"""Size of an outlier, in standard deviations."""

LEARNED = 2.0 / CLASSES
"""A network must be better than twice chance before anything can be lost."""

MOST_CARRIED = 100.0
"""A layer counts as carrying at most this much more noise than the input."""

Floats = npt.NDArray[np.float64]


class NoiseSettings(ClassifierSettings):
    """Data, network, budget, noise and outliers."""

    noise: float = Field(default=0.075, ge=0.0, le=10.0)
    """Standard deviation of the least noise; the data have 1."""
    outliers: float = Field(default=0.05, ge=0.0, le=1.0)
    """Share of the numbers that become outliers."""


def run(batch: Batch) -> Sequence[Run]:
    """Train every run, then test it on clean and on spoilt examples."""
    settings: NoiseSettings = batch.settings
    trained = train(batch, settings)
    net, data = trained.net, trained.data
    start = Start.of(batch)
    count, features = data.test_x.shape[1:]
    draws = start.normal("noise", count, features)
    hit = start.uniform("outliers", count, features) < 2.0 * settings.outliers - 1.0
    hit_units = start.uniform("unit outliers", count, settings.width) < 2.0 * settings.outliers - 1
    with torch.no_grad():
        inputs = {
            name: data.test_x + factor * settings.noise * draws for name, factor in NOISES.items()
        }
        inputs["negative"] = data.test_x.masked_fill(hit, -OUTLIER)
        inputs["positive"] = data.test_x.masked_fill(hit, OUTLIER)
        found = {name: accuracy(net(x), data.test_y) for name, x in inputs.items()}
        for name, size in (("unit_negative", -OUTLIER), ("unit_positive", OUTLIER)):
            found[name] = accuracy(spoilt(net, data.test_x, hit_units, size), data.test_y)
        clean = accuracy(net(data.test_x), data.test_y).cpu().numpy()
        carried = noise_carried(net, data.test_x, settings.noise * draws)
    spoiled = {name: values.cpu().numpy() for name, values in found.items()}
    return [
        Run(_metrics(i, clean, spoiled, carried), diverged)
        for i, diverged in enumerate(trained.diverged)
    ]


def _metrics(i: int, clean: Floats, spoiled: dict[str, Floats], carried: Floats) -> dict[str, Any]:
    metrics: dict[str, float | None] = {"accuracy": 100.0 * clean[i], "carried": carried[i]}
    for name, values in spoiled.items():
        if name in NOISES:
            metrics[f"accuracy_{name}"] = 100.0 * values[i]
        metrics[f"drop_{name}"] = 100.0 * (clean[i] - values[i]) if clean[i] > LEARNED else None
    return metrics


def spoilt(net: Perceptron, x: Tensor, hit: Tensor, size: float) -> Tensor:
    """Outputs where pre-activations of the first hidden layer become outliers.

    Args:
        net: the stack.
        x: ``(runs, n, features)``.
        hit: which of them do, ``(runs, n, width)``.
        size: the outliers, in units of the layer's root mean square.
    """

    def replace(module: torch.nn.Module, given: Any, sums: Tensor) -> Tensor:
        scale = sums.square().mean((1, 2), keepdim=True).sqrt()
        return torch.where(hit, size * scale, sums)

    handle = net.maps[0].register_forward_hook(replace)
    try:
        return net(x)
    finally:
        handle.remove()


def noise_carried(net: Perceptron, x: Tensor, noise: Tensor) -> Floats:
    """Noise-to-signal ratio of the last hidden layer, relative to that of the input, ``(runs,)``.

    The mean squared change that the noise makes, divided by the variance over the examples. A
    layer that does not vary carries nothing but noise: it counts as ``MOST_CARRIED``.
    """

    def ratio(clean: Tensor, noisy: Tensor) -> Tensor:
        clean, noisy = clean.double(), noisy.double()
        change = (noisy - clean).square().mean((1, 2))
        return change / clean.var(1, correction=0).mean(1)

    with torch.no_grad():
        found = ratio(net.hidden(x)[-1], net.hidden(x + noise)[-1]) / ratio(x, x + noise)
    return found.nan_to_num(MOST_CARRIED).clamp(1e-6, MOST_CARRIED).cpu().numpy()


def _drop(name: str, title: str) -> Metric:
    return Metric(f"drop_{name}", f"test accuracy lost {title}", "lower", 90.0, unit="pp")


def _accuracy(name: str, title: str) -> Metric:
    return Metric(name, f"test accuracy {title}", "higher", 100.0 / CLASSES, unit="pp")


TASK = Task(
    name="noise",
    title="Noise and outliers at test time",
    about=(
        "The perceptron of the task mlp, trained on clean data; then noise is added to the test "
        "inputs, or 5 % of the inputs, or of the first hidden layer's pre-activations, become "
        "outliers of 20 standard deviations."
    ),
    version=1,
    settings=NoiseSettings,
    metrics=(
        # First, since it chooses the learning rate: the least is lost where little is learned.
        _accuracy("accuracy", "on clean data"),
        _drop("noise_8", "under noise x 8"),
        _drop("noise_4", "under noise x 4"),
        _accuracy("accuracy_noise_8", "under noise x 8"),
        _accuracy("accuracy_noise_4", "under noise x 4"),
        _drop("negative", "with inputs at -20"),
        _drop("positive", "with inputs at +20"),
        _drop("unit_negative", "with pre-activations at -20"),
        _drop("unit_positive", "with pre-activations at +20"),
        Metric(
            "carried", "noise-to-signal ratio of the last hidden layer over that of the input",
            "lower", MOST_CARRIED, "log10",
        ),
    ),
    run=run,
    data=lambda: "; ".join(classes.identity(name) for name in classes.NAMES),
    seconds=lambda settings: 1.05 * training_seconds(settings),
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
