"""The character model: its text, what it learns, what is watched."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets import text
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.character_model import CHANCE, EVERY, TASK, pieces

RELU = Arm("relu", {}, "relu", Init())
START = Start(RELU, (0, 1))


def runs(rate: float, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(RELU, chosen, (0, 1), (rate,))))


def read(numbers: torch.Tensor) -> str:
    return "".join(text.ALPHABET[i] for i in numbers.tolist())


def test_the_text_is_the_same_in_every_version_of_python():
    names = text.names()
    assert len(names) == 12_771
    assert names[33] == "LATIN CAPITAL LETTER A"
    expected = "7cc55aa670bdb8ceec1e0fdf5b0a64dec6cb084d2592b1b21364899ea87e916a"
    assert text.identity() == expected
    assert set("\n".join(names)) == set(text.ALPHABET)


def test_characters_become_their_places_in_the_alphabet():
    assert text.numbers("A-\n").tolist() == [text.ALPHABET.index(c) for c in "A-\n"]
    with pytest.raises(ValueError, match="text must be made of .*, got 'a'"):
        text.numbers("Aa")


def test_names_are_trained_on_or_tested_on_and_never_both():
    train, test = text.split(START)
    assert train.shape == (2, text.TRAIN_LENGTH)
    assert test.shape == (2, text.TEST_LENGTH)
    known = set(text.names())
    for run in range(2):
        # The last name of each text may be cut.
        first, second = (set(read(part[run]).split("\n")[:-1]) for part in (train, test))
        assert first | second <= known
        assert not first & second
    assert not torch.equal(train[0], train[1])


def test_pieces_are_runs_of_neighbours_from_anywhere():
    whole = torch.arange(1000).expand(2, 1000)
    found = pieces(START, whole, "p", 400, 8)
    assert found.shape == (2, 400, 9)
    assert (found.diff(dim=-1) == 1).all()
    assert found.min() < 20
    assert found.max() > 980
    assert not torch.equal(found[0], found[1])


def test_it_learns_more_than_how_frequent_characters_are():
    counts = np.bincount(text.numbers("\n".join(text.names())))
    share = counts / counts.sum()
    entropy = -(share * np.log(share)).sum()
    for run in runs(1e-2, width=32, depth=1, length=16, steps=200, batch=8):
        assert run.metrics["test_loss"] < entropy < CHANCE
        assert not run.diverged


def test_attention_is_watched_in_the_second_half():
    for run in runs(1e-2, steps=40):
        at, entropy = run.curves["entropy"]
        assert at.tolist() == [20, 25, 30, 35, 40]
        assert all(step % EVERY == 0 for step in at)
        assert (entropy > 0).all()
        assert (entropy < math.log(8)).all()
        assert run.metrics["entropy_spread"] == pytest.approx(entropy.std())
        assert run.metrics["score_spread"] == pytest.approx(run.curves["largest"][1].std())


def test_nothing_spreads_where_nothing_moves():
    for run in runs(1e-12):
        assert run.metrics["entropy_spread"] < 1e-6
