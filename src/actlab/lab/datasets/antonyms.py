"""Sentences of made-up words, half of which are the opposites of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from actlab.lab.models.start import Start

PAIRS = 200
"""Word 2k and word 2k + 1 are opposites."""
WORDS = 2 * PAIRS
SUBJECTS = 4
CLASSES = 2 * SUBJECTS
LENGTH = 8
"""Words of a sentence."""
TRAINED, TESTED = 1500, 1000


@dataclass(frozen=True)
class Sentences:
    """Data of a stack of runs: words ``(runs, n, LENGTH)``, classes ``(runs, n)``."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def meanings(draw: np.random.Generator) -> np.ndarray:
    """What every word says of each subject, ``(WORDS, SUBJECTS)``: opposites differ in sign."""
    half = draw.standard_normal((PAIRS, SUBJECTS))
    return np.stack([half, -half], axis=1).reshape(WORDS, SUBJECTS)


def sentences(
    draw: np.random.Generator, said: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sentences of words drawn independently, and their classes.

    A sentence says the sum of what its words say. Its class is the subject that it says most
    about, and whether for (2k) or against (2k + 1): exchanging every word for its opposite turns
    the class into the opposite one.
    """
    words = draw.integers(0, WORDS, (count, LENGTH))
    total = said[words].sum(axis=1)
    subject = np.abs(total).argmax(axis=1)
    against = total[np.arange(count), subject] < 0.0
    return words, 2 * subject + against


def load(start: Start) -> Sentences:
    """Words, sentences to train on and sentences to test on, of each seed's own."""
    made = []
    for seed in start.seeds:
        draw = start.generator(seed, "sentences")
        said = meanings(draw)
        made.append((*sentences(draw, said, TRAINED), *sentences(draw, said, TESTED)))
    return Sentences(*(start.repeated(list(part)) for part in zip(*made, strict=True)))
