"""Classify sentences of made-up words by the mean of a function of their embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from actlab.lab.datasets import antonyms
from actlab.lab.models.embedding import Embedding
from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.layers import Activate, Linear
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CHANCE = math.log(antonyms.CLASSES)


class EmbeddingSettings(Settings):
    """Network and budget."""

    width: int = Field(default=16, ge=1, le=8192)
    steps: int = Field(default=400, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)


class Bag(nn.Module):
    """The mean over words of f(embedding), and a linear map of it.

    f only limits the vectors that a word can have: any choice of them is still one of a network
    without f, so f cannot add to what the network can say, only change how it is learned.
    """

    def __init__(self, start: Start, width: int) -> None:
        super().__init__()
        self.words = Embedding(start, "words", antonyms.WORDS, width)
        self.function = Activate(start.arm, start.runs, width)
        self.leave = Linear(start, "leave", width, antonyms.CLASSES, place="last")

    def forward(self, words: Tensor) -> Tensor:
        """``(runs, n, words)`` whole numbers to ``(runs, n, classes)``."""
        return self.leave(self.function(self.words(words)).mean(2))


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on minibatches and test it on sentences that it has not seen."""
    settings: EmbeddingSettings = batch.settings
    start = Start.of(batch)
    data = antonyms.load(start)
    net = Bag(start, settings.width)
    order = Order(start, antonyms.TRAINED, settings.batch)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(data.train_x, index)), gather_own(data.train_y, index))

    losses = fit(loss_of, net.parameters(), batch, settings.steps)
    with torch.no_grad():
        logits = net(data.test_x)
        right = accuracy(logits, data.test_y).cpu().numpy()
        test_loss = cross_entropy(logits, data.test_y).cpu().numpy()
    area = log_area(losses, CHANCE)
    at, kept = thinned(capped(losses, CHANCE))
    return [
        Run(
            metrics={"accuracy": 100.0 * right[i], "area": area[i], "test_loss": test_loss[i]},
            diverged=not np.isfinite(losses[i]).all(),
            curves={"loss": (at, kept[i])},
        )
        for i in range(start.runs)
    ]


def _seconds(settings: EmbeddingSettings) -> float:
    """Measured on one core, per number of a word's vector."""
    words = settings.batch * antonyms.LENGTH + antonyms.WORDS
    return settings.steps * words * settings.width * 1.3e-8


TASK = Task(
    name="embeddings",
    title="A function after embeddings",
    about=(
        "Sentences of eight made-up words out of 200 pairs of opposites; the class is the subject "
        "of four that a sentence says most about, and whether for or against. The mean of a "
        "function of the words' embeddings is read out by a linear map."
    ),
    version=1,
    settings=EmbeddingSettings,
    metrics=(
        Metric("accuracy", "test accuracy", "higher", 100.0 / antonyms.CLASSES, unit="pp"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric("test_loss", "test loss", "lower", CHANCE, "log10", capped=False),
    ),
    run=run,
    curves=(Curve("loss", "training loss", "step", "log10"),),
    seconds=_seconds,
    trial={"width": 4, "steps": 20},
    any_device=True,
)
