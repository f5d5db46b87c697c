"""A rare class."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.imbalance import TASK, f1_score


def test_f1_is_that_of_the_counts():
    # 100 examples, 20 rare: 15 of them found, 4 false alarms among 80.
    score = f1_score(torch.tensor(15 / 20), torch.tensor(4 / 80), 0.2)
    assert float(score) == pytest.approx(2 * 15 / (2 * 15 + 5 + 4))


def test_who_never_finds_the_rare_class_has_an_f1_of_zero():
    zero = torch.tensor(0.0)
    assert float(f1_score(zero, zero, 0.05)) == 0.0
    assert float(f1_score(torch.tensor(1.0), zero, 0.05)) == 1.0


def runs_of(**settings) -> list[Run]:
    return list(TASK.run(Batch(Arm("relu"), TASK.settings(**settings), (0, 1, 2, 3), (3e-3,))))


def test_pairs_of_digits_are_told_apart():
    runs = runs_of(steps=150)
    assert np.mean([run.metrics["f1"] for run in runs]) > 80.0
    assert np.mean([run.metrics["balanced"] for run in runs]) > 88.0


def test_a_class_that_is_not_rare_is_found_more_often():
    rare, common = (runs_of(steps=150, rare=share, data="mnist1d") for share in (0.02, 0.5))
    for one, other in zip(rare, common, strict=True):
        assert one.metrics["recall"] < other.metrics["recall"]
