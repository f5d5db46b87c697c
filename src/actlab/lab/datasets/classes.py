"""Classification data: each seed has its own split into training and test examples."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actlab.lab.datasets import teacher
from actlab.lab.models.start import Start

Name = Literal["digits", "mnist1d", "dense", "sparse"]
NAMES: tuple[Name, ...] = ("digits", "mnist1d", "dense", "sparse")
Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Classes:
    """Data of a stack of runs, each split by its seed.

    Args:
        train_x, test_x: ``(runs, n, features)``.
        train_y, test_y: ``(runs, n)``.
        classes: how many there are.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    classes: int

    @property
    def features(self) -> int:
        """Numbers of an example."""
        return self.train_x.shape[-1]


@functools.cache
def digits() -> Arrays:
    """scikit-learn's digits: 1797 images of 8 x 8, pixels scaled to mean 0 and variance 1."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    x = np.asarray(pixels, dtype=np.float64)
    x = (x - x.mean()) / x.std()
    return x.astype(np.float32), np.asarray(labels, dtype=np.int64)


@functools.cache
def mnist1d(noise: float = 0.02) -> Arrays:
    """MNIST-1D, generated: 5000 signals of 40 numbers (Greydanus 2020, arXiv:2011.14439).

    Args:
        noise: standard deviation of its independent noise. Default: 0.02, as published.
    """
    # The generator seeds the global states of random, numpy and torch.
    import random

    from mnist1d.data import get_dataset_args, make_dataset

    python, legacy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        try:
            args = get_dataset_args()
            vars(args).update(iid_noise_scale=noise)
            made = make_dataset(args)
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
    x = np.concatenate([made["x"], made["x_test"]]).astype(np.float32)
    return x, np.concatenate([made["y"], made["y_test"]]).astype(np.int64)


def identity(name: Name) -> str:
    """A text that changes when the data do."""
    if name == "digits":
        x, y = digits()
        return hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    if name in ("dense", "sparse"):
        return f"teacher 1, numpy {version('numpy').partition('.')[0]}"
    return f"mnist1d {version('mnist1d')}, numpy {version('numpy').partition('.')[0]}"


def split(start: Start, arrays: Arrays, train: float) -> Classes:
    """The data of every run, split as its seed says.

    Args:
        start: seeds and role of the runs.
        arrays: examples and labels.
        train: share of examples to train on, strictly between 0 and 1.
    """
    return split_each(start, [arrays] * len(start.seeds), train)


def split_each(start: Start, arrays: Sequence[Arrays], train: float) -> Classes:
    """As :func:`split`, with examples and labels of its own for every seed."""
    orders = [start.generator(seed, "split").permutation(len(arrays[0][1])) for seed in start.seeds]
    cut = round(train * len(arrays[0][1]))
    each = list(zip(arrays, orders, strict=True))
    return Classes(
        start.repeated([x[order[:cut]] for (x, _), order in each]),
        start.repeated([y[order[:cut]] for (_, y), order in each]),
        start.repeated([x[order[cut:]] for (x, _), order in each]),
        start.repeated([y[order[cut:]] for (_, y), order in each]),
        int(arrays[0][1].max()) + 1,
    )


def load(start: Start, name: Name) -> Classes:
    """The data of every run.

    ``digits`` (70 % to train on) and ``mnist1d`` (80 %) are split anew for every seed; ``dense``
    and ``sparse`` (75 %) are drawn anew, the same network naming the classes of both.
    """
    if name == "digits":
        return split(start, digits(), 0.7)
    if name == "mnist1d":
        return split(start, mnist1d(), 0.8)
    zeros = teacher.ZEROS if name == "sparse" else 0.0
    drawn = [teacher.examples(start.generator(seed, "teacher"), zeros) for seed in start.seeds]
    return split_each(start, drawn, 0.75)
