"""Learn two tasks with one trunk: the digit, and how much ink it took."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CHANCE, CLASSES, diverged
from actlab.lab.models.fit import OptimiserName, Order, fit
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import accuracy, cross_entropy, squared_error
from actlab.lab.models.members import gather_of_run, members_of, per_run, spread
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

INK_CHANCE = 1.0
"""Mean squared error of the mean: the ink has variance 1."""

VARIANTS = np.array([[1, 1], [1, 0], [0, 1]], dtype=np.float32)
"""Weights of the two losses: both tasks, the digit alone, the ink alone."""

APART = 5.0
"""Imbalance of a run that did not finish: one loss e^5, about 150, times further off."""

LOOK_EVERY = 25
"""Steps between two looks at the gradients."""

TESTS, TEST_EVERY = 5, 20
"""Test losses are means over so many tests near the end, so many steps apart: the error of the ink
goes up and down from step to step."""


class MultiTaskSettings(Settings):
    """Network and budget."""

    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=128, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)
    optimiser: OptimiserName = "adam"


@functools.cache
def ink() -> classes.Arrays:
    """The digits with the standardised sum of their pixels as a feature more, and their labels."""
    x, y = classes.digits()
    total = x.sum(axis=1, dtype=np.float64)
    total = (total - total.mean()) / total.std()
    return np.concatenate([x, total[:, None].astype(np.float32)], axis=1), y


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on both tasks, and its twins on one task each, from the same start."""
    settings: MultiTaskSettings = batch.settings
    count = len(VARIANTS)
    data = classes.split(Start.of(batch), ink(), 0.7)
    start = members_of(batch, count, alike=True)
    net = _network(start, data, settings)
    weights = torch.as_tensor(VARIANTS).repeat(start.runs // count, 1)
    order = Order(start, data.train_x.shape[1], settings.batch)
    tests = [each.repeat_interleave(count, 0) for each in (data.test_x, data.test_y)]
    looks: list[tuple[int, Tensor, Tensor]] = []
    tested: list[Tensor] = []

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        both = losses_of(
            net, gather_of_run(data.train_x, index), gather_of_run(data.train_y, index)
        )
        if step % LOOK_EVERY == 0:
            looks.append((step, *gradients(both, _trunk(net), count)))
        return (both * weights).sum(1)

    def after(done: int) -> None:
        left = settings.steps - done
        if left < TESTS * TEST_EVERY and left % TEST_EVERY == 0:
            net.eval()
            with torch.no_grad():
                tested.append(losses_of(net, *tests).double())
            net.train()

    trained = fit(loss_of, net.parameters(), spread(batch, count), settings.steps,
                  optimiser=settings.optimiser, after=after)  # fmt: skip
    net.eval()
    with torch.no_grad():
        right = per_run(accuracy(net(tests[0][..., :-1])[..., :-1], tests[1]), count).cpu().numpy()
    at = np.array([step for step, *_ in looks], dtype=np.float64)
    cosines = torch.stack([cosine for _, cosine, _ in looks], dim=1).cpu().numpy()
    norms = torch.stack([norm for *_, norm in looks], dim=1).cpu().numpy()
    broken = diverged(trained, len(right))
    # A stack of which no run is left stops early, perhaps before the first test.
    ends = torch.stack(tested).mean(0) if tested else torch.full((start.runs, 2), torch.nan)
    ends = per_run(ends, count).cpu().numpy()
    both, digit, amount = ends[:, 0], ends[:, 1, 0], ends[:, 2, 1]
    with np.errstate(all="ignore"):
        apart = imbalance(both[:, 0] / digit, both[:, 1] / amount)
    return [
        Run(
            metrics={
                "loss": both[i].sum(),
                "imbalance": apart[i],
                "cosine": cosines[i].mean(),
                "norms": norms[i].mean(),
                "accuracy": 100.0 * right[i, 0],
                "ink": both[i, 1],
            },
            diverged=broken[i],
            curves={"cosine": (at, cosines[i])},
        )
        for i in range(len(both))
    ]


def _network(start: Start, data: classes.Classes, settings: MultiTaskSettings) -> Perceptron:
    """One output for each class and one for the ink: the last layer is the two heads."""
    return Perceptron(
        start,
        data.features - 1,
        CLASSES + 1,
        width=settings.width,
        depth=settings.depth + 1,
        norm=settings.norm,
        norm_first=True,
    )


def losses_of(net: nn.Module, examples: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the digit and squared error of the ink, ``(networks, 2)``.

    Args:
        net: gives ten logits and the ink.
        examples: ``(networks, n, pixels + 1)``, the ink last.
        labels: ``(networks, n)``.
    """
    pixels, amount = examples[..., :-1], examples[..., -1]
    given = net(pixels)
    return torch.stack(
        [cross_entropy(given[..., :-1], labels), squared_error(given[..., -1], amount)], dim=1
    )


def gradients(both: Tensor, trunk: list[nn.Parameter], count: int) -> tuple[Tensor, Tensor]:
    """How the two losses pull at the trunk of the networks that learn both tasks.

    Args:
        both: the two losses, ``(runs * count, 2)``.
        trunk: parameters, each with equal parts for the networks along its first dimension.
        count: networks per run; the first one learns both.

    Returns:
        Cosine of the two gradients and |log| of the ratio of their norms, each ``(runs,)``.
    """
    first, second = (
        torch.cat([grad.reshape(len(both), -1)[::count].double() for grad in grads], dim=1)
        for grads in (
            torch.autograd.grad(both[:, task].sum(), trunk, retain_graph=True) for task in (0, 1)
        )
    )
    tiny = torch.finfo(torch.float64).tiny
    a, b = first.norm(dim=1).clamp_min(tiny), second.norm(dim=1).clamp_min(tiny)
    return (first * second).sum(1) / a / b, (a.log() - b.log()).abs()


def imbalance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """|log(first) - log(second)|: 0 where sharing costs both tasks the same factor."""
    return np.abs(np.log(first) - np.log(second))


def _trunk(net: Perceptron) -> list[nn.Parameter]:
    heads = set(net.maps[-1].parameters())
    return [parameter for parameter in net.parameters() if parameter not in heads]


def _seconds(settings: MultiTaskSettings) -> float:
    weights = settings.width * (64 + settings.width * (settings.depth - 1) + CLASSES)
    per_step = 3e-10 * weights * (6 * settings.batch + 10) / 10 + 4e-5 * (settings.depth + 1)
    return 3.3 * settings.steps * per_step


TASK = Task(
    name="multi-task",
    title="Two tasks, one trunk",
    about=(
        "Digits (70 % to train on): which digit, by cross entropy, and the standardised sum of its "
        "pixels, by squared error; a perceptron with two heads learns both with equal weights, and "
        "two more, from the same start, learn one each."
    ),
    version=1,
    settings=MultiTaskSettings,
    metrics=(
        Metric("loss", "test loss of both tasks together", "lower", CHANCE + INK_CHANCE, "log10"),
        Metric("imbalance", "|log ratio| of what sharing costs the two tasks", "lower", APART),
        Metric("cosine", "cosine between the gradients of the two tasks", "higher", -1.0),
        Metric("norms", "|log ratio| of the gradient norms of the two tasks", "lower", 10.0),
        Metric("accuracy", "test accuracy of the digit", "higher", 100.0 / CLASSES, unit="pp"),
        Metric("ink", "test error of the ink", "lower", INK_CHANCE, "log10"),
    ),
    run=run,
    curves=(Curve("cosine", "cosine between the gradients of the two tasks"),),
    data=lambda: classes.identity("digits"),
    seconds=_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
