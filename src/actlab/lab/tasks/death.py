"""Count the units that no gradient reaches any more, and try to wake them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes
from actlab.lab.models.classifier import (
    CHANCE,
    CLASSES,
    LAST,
    ClassifierSettings,
    train,
    training_seconds,
)
from actlab.lab.models.layers import Activate
from actlab.lab.models.measure import accuracy, capped, thinned
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.slopes import steepest_slopes
from actlab.lab.task import Batch, Curve, Metric, Run, Task

FAINT = 1e-2
"""Units whose slope stays below this at every example learn hardly anything."""

LOOKS = 8
"""How often units are counted on the way."""


class DeathSettings(ClassifierSettings):
    """Data, network, budget, and what is done to it."""

    depth: int = Field(default=4, ge=1, le=1000)
    steps: int = Field(default=400, ge=1, le=1_000_000)
    bias_shift: float = Field(default=0.0, ge=-1e6, le=1e6)
    """Added to the initial biases of all hidden layers."""
    swap_to: str = ""
    """The function, at its default parameters, that takes over; empty: none does."""
    swap_at: int = Field(default=200, ge=0, le=1_000_000)
    """Updates made before it does."""

    @field_validator("swap_to")
    @classmethod
    def _known(cls, name: str) -> str:
        from actlab import registry

        if name:
            registry.get(name)
        return name


def run(batch: Batch) -> Sequence[Run]:
    """Train every run and count its dead units on the whole training set."""
    settings: DeathSettings = batch.settings
    watch = _Watch(settings)
    trained = train(batch, settings, prepare=watch.prepare, after=watch.after)
    steep = steepest_slopes(trained.net, trained.data.train_x)
    dead, faint = (100.0 * share.cpu().numpy() for share in (dead_share(steep), faint_share(steep)))
    with torch.no_grad():
        tested = accuracy(trained.net(trained.data.test_x), trained.data.test_y).cpu().numpy()
    ended = capped(trained.losses[:, -LAST:], CHANCE).mean(axis=1)
    at, kept = thinned(capped(trained.losses, CHANCE))
    marks, counts = watch.curve()
    return [
        Run(
            metrics={
                "accuracy": 100.0 * tested[i],
                "dead": dead[i],
                "faint": faint[i],
                "half_dead": float(dead[i] >= 50.0),
                "train_loss": ended[i],
            },
            diverged=diverged,
            curves={"loss": (at, kept[i]), "dead": (marks, counts[i])},
        )
        for i, diverged in enumerate(trained.diverged)
    ]


class _Watch:
    """Shifts the biases, swaps the function and counts on the way."""

    def __init__(self, settings: DeathSettings) -> None:
        self._settings = settings
        self._every = max(1, settings.steps // LOOKS)
        self._marks: list[int] = []
        self._counts: list[Tensor] = []

    def prepare(self, net: Perceptron, data: classes.Classes) -> None:
        self._net, self._x = net, data.train_x
        shift_biases(net, self._settings.bias_shift)
        self._count(0)
        if self._settings.swap_at == 0:
            self._swap()

    def after(self, done: int) -> None:
        # Counted before the swap: the mark at the swap is what the first function left behind.
        if done % self._every == 0:
            self._count(done)
        if done == self._settings.swap_at:
            self._swap()

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps, and the share of dead units in percent, ``(runs, steps)``."""
        return np.array(self._marks, dtype=np.float64), torch.stack(
            self._counts, dim=1
        ).cpu().numpy()

    def _count(self, done: int) -> None:
        self._marks.append(done)
        training = self._net.training
        self._net.eval()
        self._counts.append(100.0 * dead_share(steepest_slopes(self._net, self._x)))
        self._net.train(training)

    def _swap(self) -> None:
        if self._settings.swap_to:
            swap(self._net, arm_named(self._settings.swap_to))


def shift_biases(net: Perceptron, by: float) -> None:
    """Add a number to the biases of all hidden layers."""
    with torch.no_grad():
        for linear in net.linears[:-1]:
            if linear.bias is not None:
                linear.bias.add_(by)


def swap(net: Perceptron, arm: Arm) -> None:
    """Put another function in the place of every hidden layer's."""
    for place, linear in enumerate(net.linears[:-1]):
        runs, _, features = linear.weight.shape
        net.functions[place] = Activate(arm, runs, features)


def arm_named(name: str) -> Arm:
    """A function at its default parameters."""
    from actlab import registry

    definition = registry.get(name)
    return Arm(definition.name, {p.name: p.default for p in definition.params}, definition.name)


def dead_share(steepest: Tensor) -> Tensor:
    """Share of units whose slope is exactly zero at every example, ``(runs,)``."""
    return (steepest == 0.0).double().mean(1)


def faint_share(steepest: Tensor) -> Tensor:
    """Share of units whose slope is below ``FAINT`` at every example, ``(runs,)``."""
    return (steepest < FAINT).double().mean(1)


def _seconds(settings: DeathSettings) -> float:
    return 1.4 * training_seconds(settings)


TASK = Task(
    name="death",
    title="Death and revival of units",
    about=(
        "Digits or MNIST-1D, a perceptron of four hidden layers; a hidden unit is dead "
        "where the slope of its function is exactly zero at every training example. The initial "
        "biases can be shifted, and another function can take over on the way."
    ),
    version=1,
    settings=DeathSettings,
    metrics=(
        Metric("accuracy", "test accuracy", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("dead", "dead hidden units", "lower", 100.0, unit="pp"),
        Metric("faint", f"hidden units whose slope stays below {FAINT:g}", "lower", 100.0,
               unit="pp"),
        Metric("half_dead", "runs in which half of the hidden units are dead", "higher", 0.0),
        Metric("train_loss", "training loss at the end", "lower", CHANCE, "log10"),
    ),
    run=run,
    curves=(
        Curve("loss", "training loss", "step", "log10"),
        Curve("dead", "dead hidden units in percent"),
    ),
    data=lambda: " ".join(classes.identity(name) for name in ("digits", "mnist1d")),
    seconds=_seconds,
    trial={"width": 16, "steps": 20, "swap_at": 10},
    any_device=True,
)  # fmt: skip
