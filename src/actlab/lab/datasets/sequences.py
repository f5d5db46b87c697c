"""Sequences that a network must remember something from, made anew for every step of training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actlab.lab.models.start import Start

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
"""Makes so many examples: inputs and targets, examples along the first dimension."""

AHEAD = 20
"""Steps whose examples are made together."""

CONSTANT_ERROR = 1.0 / 6.0
"""Mean squared error of the best constant guess at a sum of two U(0, 1): twice 1/12."""


class Stream:
    """New examples for every step: each seed has its own, the same for every function and rate.

    Args:
        start: seeds and role.
        name: names the draws.
        draw: makes examples.
        size: examples of a minibatch.
    """

    def __init__(self, start: Start, name: str, draw: Draw, size: int) -> None:
        self._start, self._name, self._draw, self._size = start, name, draw, size
        self._block = -1
        self._now: list[tuple[Tensor, Tensor]] = []

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs ``(runs, size, ...)`` and targets ``(runs, size, ...)`` of a step."""
        block, place = divmod(step, AHEAD)
        if block != self._block:
            x, y = examples(self._start, f"{self._name} {block}", self._draw, AHEAD * self._size)
            pairs = zip(x.split(self._size, 1), y.split(self._size, 1), strict=True)
            self._now, self._block = list(pairs), block
        return self._now[place]


def examples(start: Start, name: str, draw: Draw, count: int) -> tuple[Tensor, Tensor]:
    """So many examples for every run, ``(runs, count, ...)`` each."""
    made = [draw(start.generator(seed, name), count) for seed in start.seeds]
    return start.repeated([x for x, _ in made]), start.repeated([y for _, y in made])


def adding(draw: np.random.Generator, count: int, length: int) -> tuple[Floats, Floats]:
    """The adding problem (Hochreiter & Schmidhuber 1997; Le, Jaitly & Hinton 2015).

    Each step has a number from U(0, 1) and a mark; two steps, one in each half, are marked 1 and
    the others 0. The target is the sum of the two marked numbers.

    Args:
        draw: where randomness comes from.
        count: examples.
        length: steps, at least 2.

    Returns:
        Inputs ``(count, length, 2)`` and targets ``(count, 1)``.
    """
    x = np.zeros((count, length, 2), dtype=np.float32)
    x[..., 0] = draw.random((count, length), dtype=np.float32)
    half, rows = length // 2, np.arange(count)
    first, second = draw.integers(0, half, count), draw.integers(half, length, count)
    x[rows, first, 1] = x[rows, second, 1] = 1.0
    return x, (x[rows, first, 0] + x[rows, second, 0])[:, None]


def copying(
    draw: np.random.Generator, count: int, delay: int, symbols: int, remembered: int
) -> tuple[Floats, Whole]:
    """The copying task (Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016).

    Symbols come first, then blanks, then as many steps with a mark, in which the symbols must be
    given back in order. Inputs are one-hot: the symbols, a blank, the mark.

    Args:
        draw: where randomness comes from.
        count: examples.
        delay: blanks between the last symbol and the first mark.
        symbols: how many different ones there are.
        remembered: how many must be given back.

    Returns:
        Inputs ``(count, 2 * remembered + delay, symbols + 2)`` and the symbols
        ``(count, remembered)``.
    """
    wanted = draw.integers(0, symbols, (count, remembered))
    shown = np.full((count, 2 * remembered + delay), symbols)
    shown[:, :remembered] = wanted
    shown[:, remembered + delay :] = symbols + 1
    return np.eye(symbols + 2, dtype=np.float32)[shown], wanted
