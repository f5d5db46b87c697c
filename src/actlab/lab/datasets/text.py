"""A text that ships with Python and is the same in every version of it.

Docstrings, sources and licences differ from version to version and from build to build. The names
of Unicode 3.2's characters do not: Unicode never changes a name once given, and Python carries that
version of the database for internationalised domain names (``unicodedata.ucd_3_2_0``).
"""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actlab.lab.models.start import Start

ALPHABET = "\n -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What the text is made of; a character's place here is its number."""

SKIPPED = ("CJK", "HANGUL SYLLABLE")
"""Beginnings of the tens of thousands of names that are made by rule."""

LAST = 0x10FFFF
TRAIN_NAMES = 0.9
TRAIN_LENGTH, TEST_LENGTH = 315_000, 33_000
"""Characters kept of each seed's two texts, a little less than any split gives."""

Whole = npt.NDArray[np.int64]


@functools.cache
def names() -> tuple[str, ...]:
    """The names of Unicode 3.2's characters, in the order of the characters."""
    return tuple(_names())


def _names() -> Iterator[str]:
    for code in range(LAST + 1):
        name = unicodedata.ucd_3_2_0.name(chr(code), "")
        if name and not name.startswith(SKIPPED):
            yield name


def numbers(text: str) -> Whole:
    """The number of every character, ``(len(text),)``.

    Raises:
        ValueError: a character that is not in the alphabet.
    """
    missing = sorted(set(text) - set(ALPHABET))
    if missing:
        raise ValueError(f"text must be made of {ALPHABET!r}, got {missing[0]!r}")
    places = np.zeros(128, dtype=np.int64)
    places[np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)] = np.arange(len(ALPHABET))
    return places[np.frombuffer(text.encode("ascii"), dtype=np.uint8)]


def identity() -> str:
    """A text that changes when the data do."""
    return hashlib.sha256("\n".join(names()).encode("ascii")).hexdigest()


def split(start: Start) -> tuple[Tensor, Tensor]:
    """Texts to train on and to test on: 90 % of the names and the others, in each seed's order.

    Returns:
        Numbers, ``(runs, TRAIN_LENGTH)`` and ``(runs, TEST_LENGTH)``.
    """
    every = names()
    cut = round(TRAIN_NAMES * len(every))
    train, test = [], []
    for seed in start.seeds:
        order = start.generator(seed, "split").permutation(len(every))
        train.append(_text([every[i] for i in order[:cut]], TRAIN_LENGTH))
        test.append(_text([every[i] for i in order[cut:]], TEST_LENGTH))
    return start.repeated(train), start.repeated(test)


def _text(lines: list[str], length: int) -> Whole:
    text = "\n".join(lines)
    if len(text) < length:
        raise ValueError(f"length must be at most {len(text)}, got {length}")
    return numbers(text[:length])
