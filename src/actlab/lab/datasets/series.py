"""Time series with a trend, a season and noise, to be continued beyond the range seen."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actlab.lab.models.start import Start

Name = Literal["up", "down", "diabetes"]
LAGS = 24
SEASON = 12
TRAINED = 360
"""Values of a series to train on."""
TESTED = 240
"""Values after them to test on."""
CORRELATION = 0.5
"""Of the noise with that of the step before."""
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.float32]
Parts = tuple[Whole, Whole, Whole, Whole]


@dataclass(frozen=True)
class Regression:
    """Data of a stack of runs: inputs ``(runs, n, features)``, targets ``(runs, n, 1)``."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def series(draw: np.random.Generator, direction: float) -> Floats:
    """One series, ``(TRAINED + TESTED,)``.

    value_t = slope t + amplitude sin(2 pi t / 12 + phase) + noise_t, with noise_t = noise_(t-1) / 2
    + N(0, 1). The slope is such that the trend rises (or falls) by 15 to 30 over what is trained
    on; the amplitude is 2 to 4.

    Args:
        draw: where randomness comes from.
        direction: 1 for up, -1 for down.
    """
    at = np.arange(TRAINED + TESTED)
    slope = direction * draw.uniform(15.0, 30.0) / TRAINED
    amplitude, phase = draw.uniform(2.0, 4.0), draw.uniform(0.0, 2.0 * np.pi)
    shocks = draw.standard_normal(at.size)
    noise = np.empty(at.size)
    noise[0] = shocks[0] / np.sqrt(1.0 - CORRELATION**2)
    for t in range(1, at.size):
        noise[t] = CORRELATION * noise[t - 1] + shocks[t]
    return slope * at + amplitude * np.sin(2.0 * np.pi * at / SEASON + phase) + noise


def windows(values: Floats) -> Parts:
    """The last 24 values, and the next one: first those to train on, then those to test on.

    Scaled to mean 0 and variance 1 over the values that are trained on.

    Returns:
        Inputs, targets, test inputs, test targets; a test input may reach back into the values
        trained on, a test target does not.
    """
    seen = values[:TRAINED]
    scaled = ((values - seen.mean()) / seen.std()).astype(np.float32)
    lagged = np.lib.stride_tricks.sliding_window_view(scaled, LAGS)[:-1]
    following = scaled[LAGS:, None]
    cut = TRAINED - LAGS
    return lagged[:cut], following[:cut], lagged[cut:], following[cut:]


@functools.cache
def diabetes() -> tuple[Floats, Floats]:
    """scikit-learn's diabetes data: 442 patients, 10 numbers each; no time in them."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)[:, None]


def identity() -> str:
    """A text that changes when the data that are not generated here do."""
    x, y = diabetes()
    return hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()


def _patients(draw: np.random.Generator) -> Parts:
    """75 % of the patients to train on, everything scaled as those are."""
    order, cut = draw.permutation(442), 332
    parts = []
    for whole in diabetes():
        seen = whole[order[:cut]]
        scaled = ((whole[order] - seen.mean(0)) / seen.std(0)).astype(np.float32)
        parts.append((scaled[:cut], scaled[cut:]))
    (train_x, test_x), (train_y, test_y) = parts
    return train_x, train_y, test_x, test_y


def load(start: Start, name: Name) -> Regression:
    """A series of its own, or a split of the diabetes data, for every seed."""
    made = []
    for seed in start.seeds:
        draw = start.generator(seed, "data")
        if name == "diabetes":
            made.append(_patients(draw))
        else:
            made.append(windows(series(draw, 1.0 if name == "up" else -1.0)))
    return Regression(*(start.repeated(list(part)) for part in zip(*made, strict=True)))
