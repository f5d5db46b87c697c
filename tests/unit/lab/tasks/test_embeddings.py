"""Embeddings: the words, their opposites, and a function after the table."""

from __future__ import annotations

import numpy as np
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets.antonyms import CLASSES, LENGTH, WORDS, load, meanings, sentences
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.embeddings import TASK, Bag

NONE = Arm("ralu", {"alpha": 1.0}, "none", Init())


def draw() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=1))


def runs(arm: Arm = NONE, rate: float = 3e-2, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, (0, 1), (rate,))))


def test_opposites_say_the_opposite():
    said = meanings(draw())
    np.testing.assert_array_equal(said[0::2], -said[1::2])


def test_exchanging_every_word_for_its_opposite_turns_the_class():
    said = meanings(draw())
    words, found = sentences(draw(), said, 500)
    assert words.shape == (500, LENGTH)
    turned = said[words ^ 1].sum(axis=1)
    subject = np.abs(turned).argmax(axis=1)
    expected = 2 * subject + (turned[np.arange(500), subject] < 0)
    np.testing.assert_array_equal(found ^ 1, expected)


def test_classes_are_about_equally_frequent():
    said = meanings(draw())
    _, found = sentences(draw(), said, 20_000)
    share = np.bincount(found, minlength=CLASSES) / 20_000
    assert share.min() > 0.07
    assert share.max() < 0.19


def test_seeds_have_words_of_their_own():
    data = load(Start(NONE, (0, 1)))
    assert data.train_x.max() == WORDS - 1
    assert not torch.equal(data.train_x[0], data.train_x[1])


def test_the_bag_does_not_know_the_order_of_words():
    start = Start(NONE, (0, 1))
    net, words = Bag(start, 4), load(start).train_x[:, :10]
    torch.testing.assert_close(net(words.flip(2)), net(words))


def test_sentences_are_understood_and_relu_hinders_it():
    settings = {"width": 8, "steps": 250}
    free = runs(**settings)
    for run in free:
        assert run.metrics["accuracy"] > 45.0
    relu = runs(Arm("relu", {}, "relu", Init()), **settings)
    assert min(r.metrics["accuracy"] for r in free) > max(r.metrics["accuracy"] for r in relu)
