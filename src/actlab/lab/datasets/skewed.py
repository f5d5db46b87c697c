"""Data with few examples of one class, and targets with a long tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from actlab.lab.datasets.classes import Arrays
from actlab.lab.models.start import Start

FEATURES = 10
TRAIN = 400
TEST = 2000
SIGMA = 0.75
"""Standard deviation of the logarithm of a target."""


@dataclass(frozen=True)
class Pairs:
    """Two classes of which one is rare in training, for every run.

    Args:
        train_x: ``(runs, n, features)``.
        train_y: 1 for the rare class, ``(runs, n)``.
        common_x: unseen examples of the common class, ``(runs, m, features)``.
        rare_x: unseen examples of the rare class, ``(runs, m, features)``.
    """

    train_x: Tensor
    train_y: Tensor
    common_x: Tensor
    rare_x: Tensor


def rare_class(start: Start, arrays: Arrays, rare: float) -> Pairs:
    """Two classes drawn by each seed, the second one rare among the training examples.

    70 % of the common class are for training, and so many of the rare one that they are a share
    ``rare`` of all. As many unseen examples of both, so that the rare class is measured well.

    Args:
        start: seeds and role of the runs.
        arrays: examples and labels.
        rare: share of the rare class, in (0, 0.5].
    """
    x, y = arrays
    per_class = int(np.bincount(y).min())
    many = round(0.7 * per_class)
    few = max(1, round(many * rare / (1.0 - rare)))
    unseen = per_class - many
    parts = []
    for seed in start.seeds:
        draws = start.generator(seed, "pair")
        common, scarce = draws.choice(int(y.max()) + 1, size=2, replace=False)
        of_common = draws.permutation(np.flatnonzero(y == common))
        of_rare = draws.permutation(np.flatnonzero(y == scarce))
        chosen = np.concatenate([of_common[:many], of_rare[:few]])
        labels = np.repeat(np.array([0, 1]), [many, few])
        held_out = (x[of_common[many : many + unseen]], x[of_rare[few : few + unseen]])
        parts.append((x[chosen], labels, *held_out))
    return Pairs(*(start.repeated(list(each)) for each in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Targets:
    """A regression problem for every run; targets standardised by the training examples.

    Args:
        train_x, test_x: ``(runs, n, features)``.
        train_y, test_y: ``(runs, n, 1)``.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def lognormal(start: Start) -> Targets:
    """Positive targets skewed to the right: exp(0.75 w.x) for a unit vector w of each seed.

    The 10 inputs are N(0, 1). Mean and standard deviation of the 400 training targets are taken
    out, so that the best constant predictor has a mean squared error of 1 on them.
    """
    parts = []
    for seed in start.seeds:
        draws = start.generator(seed, "lognormal")
        direction = draws.standard_normal(FEATURES)
        x = draws.standard_normal((TRAIN + TEST, FEATURES))
        y = np.exp(SIGMA * (x @ direction) / np.linalg.norm(direction))[:, None]
        y = (y - y[:TRAIN].mean()) / y[:TRAIN].std()
        x, y = x.astype(np.float32), y.astype(np.float32)
        parts.append((x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]))
    return Targets(*(start.repeated(list(each)) for each in zip(*parts, strict=True)))
