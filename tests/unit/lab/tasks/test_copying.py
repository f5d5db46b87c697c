"""Copying: its sequences, and a network that remembers."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets.sequences import copying
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.copying import CHANCE, TASK

TANH = Arm("tanh", {}, "tanh", Init())


def runs(rate: float, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(TANH, chosen, (0, 1), (rate,))))


def test_symbols_then_blanks_then_marks():
    draw = np.random.Generator(np.random.Philox(key=1))
    x, wanted = copying(draw, 300, delay=4, symbols=3, remembered=2)
    assert x.shape == (300, 8, 5)
    assert (x.sum(-1) == 1).all()
    shown = x.argmax(-1)
    np.testing.assert_array_equal(shown[:, :2], wanted)
    assert (shown[:, 2:6] == 3).all()
    assert (shown[:, 6:] == 4).all()
    assert set(np.unique(wanted)) == {0, 1, 2}


def test_symbols_are_given_back_when_there_is_no_delay():
    for run in runs(1e-2, delay=0, width=32, steps=200, batch=32):
        assert run.metrics["accuracy"] > 60.0
        assert run.metrics["error"] < 0.6 * CHANCE


def test_a_longer_delay_is_harder():
    near = runs(1e-2, delay=0, width=24, steps=80, batch=16)
    far = runs(1e-2, delay=15, width=24, steps=80, batch=16)
    assert max(r.metrics["error"] for r in near) < min(r.metrics["error"] for r in far)


def test_chance_is_where_a_network_starts():
    for run in runs(1e-12):
        assert run.metrics["error"] == pytest.approx(CHANCE, rel=0.1)
        assert run.metrics["accuracy"] == pytest.approx(12.5, abs=4.0)
