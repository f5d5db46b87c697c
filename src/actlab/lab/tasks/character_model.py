"""A small transformer predicts the next character of the names of Unicode's characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets import text
from actlab.lab.models.fit import fit, gather_own
from actlab.lab.models.measure import capped, cross_entropy, log_area, thinned
from actlab.lab.models.start import Start
from actlab.lab.models.transformer import Transformer
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

CHANCE = math.log(len(text.ALPHABET))
HEADS = 4
RISING = 20
"""Steps in which the learning rate rises; it stays from then on."""
TESTED = 128
"""Pieces of the text that are tested on."""
WATCHED = 8
"""Pieces of the text on which attention is looked at."""
EVERY = 5
"""Steps from a look at attention to the next, in the second half of training."""
LARGEST_SPREAD = 100.0
"""What a run's spread of scores counts as where it left the finite range."""


class CharacterSettings(Settings):
    """Network and budget."""

    length: int = Field(default=32, ge=2, le=1024)
    """Characters of a piece of text."""
    width: int = Field(default=64, ge=4, le=1024, multiple_of=HEADS)
    depth: int = Field(default=2, ge=1, le=100)
    steps: int = Field(default=600, ge=4 * EVERY, le=1_000_000)
    batch: int = Field(default=8, ge=1, le=10_000)


def pieces(start: Start, whole: Tensor, name: str, count: int, length: int) -> Tensor:
    """Pieces of each run's text that begin anywhere, ``(runs, count, length + 1)``."""
    latest = whole.shape[1] - length
    first = start.repeated(
        [start.generator(seed, name).integers(0, latest, count) for seed in start.seeds]
    )
    index = first[:, :, None] + torch.arange(length + 1)
    return gather_own(whole, index.flatten(1)).reshape(index.shape)


def run(batch: Batch) -> Sequence[Run]:
    """Train every run on pieces of its text, watch its attention, test it on other names."""
    settings: CharacterSettings = batch.settings
    start = Start.of(batch)
    train, test = text.split(start)
    net = Transformer(
        start,
        tokens=len(text.ALPHABET),
        length=settings.length,
        outputs=len(text.ALPHABET),
        width=settings.width,
        heads=HEADS,
        depth=settings.depth,
    )

    def loss(chosen: Tensor) -> Tensor:
        return cross_entropy(net(chosen[..., :-1]).flatten(1, 2), chosen[..., 1:].flatten(1))

    def loss_of(step: int) -> Tensor:
        return loss(pieces(start, train, f"piece {step}", settings.batch, settings.length))

    probe = pieces(start, test, "probe", WATCHED, settings.length)[..., :-1]
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    at: list[float] = []

    def after(made: int) -> None:
        if 2 * made >= settings.steps and made % EVERY == 0:
            attended = net.watched(probe)
            seen.append((attended.entropy.cpu().numpy(), attended.largest.cpu().numpy()))
            at.append(float(made))

    losses = fit(
        loss_of,
        net.parameters(),
        batch,
        settings.steps,
        schedule=lambda step: min(1.0, (step + 1) / RISING),
        after=after,
    )
    with torch.no_grad():
        tested = loss(pieces(start, test, "test", TESTED, settings.length)).cpu().numpy()
    return _runs(losses, tested, np.array(at), seen)


def _runs(
    losses: np.ndarray,
    tested: np.ndarray,
    at: np.ndarray,
    seen: list[tuple[np.ndarray, np.ndarray]],
) -> list[Run]:
    """Runs from training losses, test losses and what was seen of attention at which steps."""
    runs = losses.shape[0]
    if seen:
        entropy, largest = (_finite(np.stack(part, axis=1)) for part in zip(*seen, strict=True))
    else:  # every run left the finite range in the first half
        at, entropy, largest = np.zeros(1), np.full((runs, 1), np.nan), np.full((runs, 1), np.nan)
    area = log_area(losses, CHANCE)
    steps, kept = thinned(capped(losses, CHANCE))
    _, at_kept = thinned(at[None])
    _, entropy_kept = thinned(entropy)
    _, largest_kept = thinned(largest)
    return [
        Run(
            metrics={
                "test_loss": tested[i],
                "area": area[i],
                "entropy_spread": entropy[i].std(),
                "score_spread": largest[i].std(),
            },
            diverged=not np.isfinite(losses[i]).all(),
            curves={
                "loss": (steps, kept[i]),
                "entropy": (at_kept[0], entropy_kept[i]),
                "largest": (at_kept[0], largest_kept[i]),
            },
        )
        for i in range(runs)
    ]


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values.astype(np.float64), np.nan)


def _seconds(settings: CharacterSettings) -> float:
    """Measured on one core, per weight and character, with what a layer costs besides."""
    tokens = settings.batch * settings.length * settings.depth
    return settings.steps * tokens * settings.width * (12 * settings.width + 2000) * 5e-11


TASK = Task(
    name="character-model",
    title="Character model",
    about=(
        "The 12,771 names that characters have in Unicode 3.2, a text that ships with Python and "
        "is the same in every version of it; 90 % of the names, in an order of each seed's own, to "
        "train on. A transformer of two blocks with LayerNorm first and the function in its "
        "perceptrons predicts the next character; Adam, the rate rising over 20 steps. Attention "
        "is watched every 5 steps of the second half, on 8 pieces of text that are not trained on."
    ),
    version=1,
    settings=CharacterSettings,
    metrics=(
        Metric("test_loss", "test loss, nats per character", "lower", CHANCE, "log10"),
        Metric("area", "mean log10 training loss over steps", "lower", math.log10(CHANCE)),
        Metric(
            "entropy_spread",
            "spread over steps of the attention's entropy",
            "lower",
            CHANCE,
            "log10",
        ),
        Metric(
            "score_spread",
            "spread over steps of the largest attention score",
            "lower",
            LARGEST_SPREAD,
            "log10",
        ),
    ),
    run=run,
    curves=(
        Curve("loss", "training loss", "step", "log10"),
        Curve("entropy", "entropy of attention, nats"),
        Curve("largest", "largest attention score"),
    ),
    data=text.identity,
    seconds=_seconds,
    facts=lambda: {"characters": len(text.ALPHABET), "names": len(text.names())},
    trial={"length": 8, "width": 8, "steps": 20, "batch": 4},
    any_device=True,
)
