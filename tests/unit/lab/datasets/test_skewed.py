"""A rare class, and targets with a long tail."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes, skewed
from actlab.lab.models.start import Start

START = Start(Arm("relu"), tuple(range(8)))


def numbered() -> classes.Arrays:
    """300 examples, each its own number; 100 of each of three classes."""
    return np.arange(300, dtype=np.float32)[:, None], np.arange(300, dtype=np.int64) % 3


def test_the_rare_class_has_its_share_and_nothing_is_both_seen_and_unseen():
    data = skewed.rare_class(START, numbered(), 0.05)
    share = data.train_y.double().mean(1)
    assert share.tolist() == pytest.approx([4 / 74] * 8)
    for run in range(8):
        seen = set(data.train_x[run, :, 0].tolist())
        unseen = [set(part[run, :, 0].tolist()) for part in (data.common_x, data.rare_x)]
        assert len(seen) == 74
        assert [len(part) for part in unseen] == [30, 30]
        assert not seen & (unseen[0] | unseen[1])


def test_labels_belong_to_the_classes():
    data = skewed.rare_class(START, numbered(), 0.2)
    for run in range(8):
        kinds = data.train_x[run, :, 0] % 3
        rare = kinds[data.train_y[run] == 1].unique()
        common = kinds[data.train_y[run] == 0].unique()
        assert len(rare) == len(common) == 1
        assert rare != common
        assert (data.rare_x[run] % 3 == rare).all()
        assert (data.common_x[run] % 3 == common).all()


def test_seeds_draw_different_pairs():
    data = skewed.rare_class(START, numbered(), 0.2)
    pairs = {(int(c % 3), int(r % 3)) for c, r in zip(data.common_x[:, 0], data.rare_x[:, 0],
                                                       strict=True)}  # fmt: skip
    assert len(pairs) > 2


def test_targets_are_standardised_lognormal():
    data = skewed.lognormal(START)
    assert data.train_x.shape == (8, 400, 10)
    torch.testing.assert_close(data.train_y.mean(1), torch.zeros(8, 1), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        data.train_y.std(1, correction=0), torch.ones(8, 1), atol=1e-5, rtol=0
    )
    skewness = data.test_y.pow(3).mean() / data.test_y.square().mean() ** 1.5
    assert float(skewness) > 1.5
    # The correlation of exp(s z) with z is s / sqrt(exp(s^2) - 1), 0.86 for s = 0.75.
    x, y = data.test_x[0].double().numpy(), data.test_y[0, :, 0].double().numpy()
    best = np.corrcoef(x @ np.linalg.lstsq(x, y, rcond=None)[0], y)[0, 1]
    assert best == pytest.approx(0.86, abs=0.06)
