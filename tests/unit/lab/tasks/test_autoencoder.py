"""Autoencoders: the numbers worked out from pictures and codes, the noise, the learning."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.conduct import prepare
from actlab.lab.datasets.classes import digits
from actlab.lab.datasets.corruption import Corruption
from actlab.lab.models.pictures import detail, scatter
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.autoencoder import (
    BRIGHT,
    DARK,
    MEAN_DETAIL,
    MEAN_PICTURE,
    TASK,
    UNRELATED,
    psnr,
)


def runs_of(name="relu", seeds=(0, 1), rate=1e-2, **settings) -> list[Run]:
    arm = Arm(name, {"alpha": 1.0} if name == "elu" else {}, name)
    return list(TASK.run(Batch(arm, TASK.settings(**settings), tuple(seeds), (rate,))))


def test_constants_are_those_of_the_data():
    x, y = (torch.from_numpy(array) for array in digits())
    assert float(x.min()) == pytest.approx(DARK, abs=1e-6)
    assert float(x.max()) == pytest.approx(BRIGHT, abs=1e-6)
    assert float(x.double().var(0, correction=0).mean()) == pytest.approx(MEAN_PICTURE, abs=1e-6)
    mean = x.double().mean(0).expand(1, 1, -1)
    assert float(detail(mean) / detail(x[None])) == pytest.approx(MEAN_DETAIL, abs=1e-6)
    assert psnr(MEAN_PICTURE) == pytest.approx(TASK.metric("psnr").worst, abs=1e-3)
    torch.manual_seed(0)
    test = torch.randn(1, 539, 8)
    assert float(scatter(test, y[None, :539], 10)) == pytest.approx(UNRELATED, rel=0.5)


def test_detail_of_pictures_worked_out_by_hand():
    board = torch.tensor([[(-1.0) ** (i + j) for j in range(8)] for i in range(8)]).reshape(
        1, 1, 64
    )
    assert float(detail(board)) == pytest.approx(64.0)  # all of it is at the highest frequency
    assert float(detail(torch.ones(1, 1, 64))) == pytest.approx(0.0, abs=1e-12)
    wave = torch.tensor([[math.cos(2 * math.pi * j / 8) for j in range(8)] for _ in range(8)])
    assert float(detail(wave.reshape(1, 1, 64))) == pytest.approx(0.0, abs=1e-12)
    assert float(detail(wave.reshape(1, 1, 64), high=1)) == pytest.approx(32.0)  # sum of squares
    assert float(detail(0.5 * board)) == pytest.approx(16.0)


def test_scatter_worked_out_by_hand():
    codes = torch.tensor([[[0.0], [2.0], [10.0], [12.0]]])
    labels = torch.tensor([[0, 0, 1, 1]])
    # Within: four times 1. Between: class means 1 and 11 around 6, two members each: 4 * 25.
    assert float(scatter(codes, labels, 2)) == pytest.approx(4 / 100)
    both = torch.cat([codes, 3 * codes])
    np.testing.assert_allclose(scatter(both, labels.expand(2, 4), 2), [0.04, 0.04])


@pytest.mark.parametrize("error", [0.0, math.inf, math.nan])
def test_an_error_that_is_no_number_gives_no_decibels(error):
    assert math.isnan(psnr(error))


def test_noise_is_as_said_and_new_every_epoch():
    start = Start(Arm("relu"), (0, 1), 2)
    clean = torch.zeros(4, 500, 64)
    gaussian = Corruption(start, clean, "gaussian", 0.5)
    first = gaussian.at(0).clone()
    assert float(first.std()) == pytest.approx(0.5, rel=0.02)
    assert not torch.equal(first, gaussian.at(1))
    torch.testing.assert_close(gaussian.at(0), first, rtol=0, atol=0)
    torch.testing.assert_close(first[:2], first[2:], rtol=0, atol=0)  # both rates of a seed
    assert not torch.equal(first[0], first[1])
    salted = Corruption(start, clean, "salt-pepper", 0.2, low=DARK, high=BRIGHT).at(0)
    shares = [float((salted == value).float().mean()) for value in (DARK, 0.0, BRIGHT)]
    np.testing.assert_allclose(shares, [0.1, 0.8, 0.1], atol=0.005)
    assert Corruption(start, clean, "none", 0.5).at(3) is clean


def test_digits_are_drawn_much_better_than_the_mean_picture():
    for run in runs_of(steps=400):
        assert run.metrics["error"] < 0.35 * MEAN_PICTURE
        assert run.metrics["psnr"] > 16.0
        assert MEAN_DETAIL < run.metrics["detail"] < 1.0
        assert run.metrics["scatter"] < 2.0


def test_noise_makes_it_harder():
    clean, noisy, salted = (
        np.mean([run.metrics["error"] for run in runs_of(steps=200, **settings)])
        for settings in ({}, {"noise": "gaussian"}, {"noise": "salt-pepper", "amount": 0.2})
    )
    assert clean < noisy < MEAN_PICTURE
    assert clean < salted < MEAN_PICTURE


def test_a_function_that_gives_nothing_draws_the_mean_picture():
    """All weights behind a function that is 0 get no gradient; only biases are left to learn."""
    arm = Arm("powerlu", {"p": 2.0}, "flat", Init("own", 1e-6, 0.0))
    settings = TASK.settings(steps=100)
    (run,) = TASK.run(Batch(arm, settings, (0,), (1e-9,)))
    assert TASK.metric("error").settle(run.metrics["error"]) == MEAN_PICTURE


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_the_study_can_be_planned(tier):
    cells = prepare("claims-t08", tier=tier).cells
    parts = {cell.part for cell in cells if cell.part}
    assert parts == {"plain", "gaussian", "salt-pepper", "variational"}
