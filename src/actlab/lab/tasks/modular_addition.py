"""Modular addition: a small transformer learns a + b modulo 31 from half of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.start import Start
from actlab.lab.models.transformer import Transformer
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

PRIME = 31
CHANCE = math.log(PRIME)
EQUALS = PRIME
"""The token after the two numbers, where the answer is read out."""
HEADS = 4
DECAY = 2.0
"""Weight decay: without a strong one the table is learned by heart and never understood."""
RISING, FALLING = 20, 0.3
"""Steps in which the learning rate rises, and the share at the end in which it falls to zero."""


class ModularSettings(Settings):
    """Data, network and budget."""

    train: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Share of the table that is trained on."""
    width: int = Field(default=64, ge=4, le=1024, multiple_of=HEADS)
    depth: int = Field(default=2, ge=1, le=100)
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=PRIME**2)


def table() -> tuple[Tensor, Tensor]:
    """All examples ``(961, 3)``: a, b and the token for "equals"; and the answers ``(961,)``."""
    left, right = (
        side.reshape(-1)
        for side in torch.meshgrid(torch.arange(PRIME), torch.arange(PRIME), indexing="ij")
    )
    examples = torch.stack([left, right, torch.full_like(left, EQUALS)], dim=1)
    return examples, (left + right) % PRIME


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on its half of the table and test it on the other."""
    settings: ModularSettings = batch.settings
    start = Start.of(batch)
    x, y = table()
    order = [start.generator(seed, "split").permutation(len(y)) for seed in start.seeds]
    train, test = start.repeated(order).tensor_split([round(settings.train * len(y))], dim=1)
    train_x, train_y, test_x, test_y = x[train], y[train], x[test], y[test]
    net = Transformer(
        start,
        tokens=PRIME + 1,
        length=x.shape[1],
        outputs=PRIME,
        width=settings.width,
        heads=HEADS,
        depth=settings.depth,
    )
    batches = Order(start, train.shape[1], settings.batch)

    def loss_of(step: int) -> Tensor:
        index = batches.at(step)
        return cross_entropy(net(gather_own(train_x, index), last=True)[:, :, 0],
                             gather_own(train_y, index))  # fmt: skip

    def schedule(step: int) -> float:
        left = 1.0 - step / settings.steps
        return min(1.0, (step + 1) / RISING, left / FALLING)

    losses = fit(
        loss_of,
        net.parameters(),
        batch,
        settings.steps,
        optimiser="adamw",
        weight_decay=DECAY,
        schedule=schedule,
    )
    with torch.no_grad():
        logits = net(test_x, last=True)[:, :, 0]
        right = accuracy(logits, test_y).cpu().numpy()
        test_loss = cross_entropy(logits, test_y).cpu().numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    return [
        Run(
            metrics={"test_loss": test_loss[i], "accuracy": 100.0 * right[i], "area": area[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: ModularSettings) -> float:
    """Measured on one core, per weight and token, with what a layer costs besides."""
    tokens = settings.batch * (3 * settings.depth - 2)
    return settings.steps * tokens * settings.width * (12 * settings.width + 2000) * 8e-11


TASK = Task(
    name="modular-addition",
    title="Modular addition",
    about=(
        "a + b modulo 31 for half of the 961 pairs; the other half is tested. A transformer of two "
        "blocks with LayerNorm first and the function in its perceptrons; AdamW with weight decay "
        "2, the learning rate rising over 20 steps and falling to zero over the last 30 %."
    ),
    version=1,
    settings=ModularSettings,
    metrics=(
        Metric("test_loss", "test loss", "lower", CHANCE, "log10"),
        Metric("accuracy", "test accuracy", "higher", 100.0 / PRIME, unit="pp"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    seconds=_seconds,
    facts=lambda: {"prime": PRIME, "weight_decay": DECAY},
    trial={"width": 8, "steps": 20, "batch": 16},
    any_device=True,
)
