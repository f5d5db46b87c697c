"""Forecasts: the series, their windows, and who follows a trend."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets import series
from actlab.lab.datasets.series import LAGS, SEASON, TESTED, TRAINED
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.time_series import TASK

RELU = Arm("relu", {}, "relu", Init())


def draw(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def runs(arm: Arm = RELU, rate: float = 1e-2, seeds: int = 3, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, tuple(range(seeds)), (rate,))))


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_series_is_a_trend_a_season_and_noise_of_the_correlation_said(direction):
    shocks = []
    for seed in range(40):
        values = series.series(draw(seed), direction)
        at = np.arange(len(values))
        wave = 2.0 * np.pi * at / SEASON
        parts = np.stack([np.ones_like(wave), at, np.sin(wave), np.cos(wave)], axis=1)
        found = np.linalg.lstsq(parts, values, rcond=None)[0]
        assert 13.0 < direction * found[1] * TRAINED < 32.0
        assert 1.5 < np.hypot(found[2], found[3]) < 4.5
        noise = values - parts @ found
        shocks.append((noise[1:] * noise[:-1]).sum() / np.square(noise).sum())
    assert np.mean(shocks) == pytest.approx(0.5, abs=0.03)


def test_windows_by_hand():
    values = np.arange(TRAINED + TESTED, dtype=float)
    train_x, train_y, test_x, test_y = series.windows(values)
    assert train_x.shape == (TRAINED - LAGS, LAGS)
    assert test_x.shape == (TESTED, LAGS)
    seen = values[:TRAINED]

    def back(scaled: np.ndarray) -> np.ndarray:
        return (scaled * seen.std() + seen.mean()).round(3)

    np.testing.assert_array_equal(back(train_x[0]), np.arange(LAGS))
    np.testing.assert_array_equal(back(train_y[:, 0]), np.arange(LAGS, TRAINED))
    np.testing.assert_array_equal(back(test_x[0]), np.arange(TRAINED - LAGS, TRAINED))
    np.testing.assert_array_equal(back(test_y[:, 0]), np.arange(TRAINED, TRAINED + TESTED))


def test_most_of_what_is_tested_lies_beyond_what_was_trained_on():
    for name, sign in (("up", 1.0), ("down", -1.0)):
        data = series.load(Start(RELU, tuple(range(5))), name)
        for train, test in zip(data.train_y, data.test_y, strict=True):
            assert sign * test.mean() > 1.5
            assert ((sign * test) > (sign * train).max()).float().mean() > 0.4


def test_patients_are_split_and_scaled_as_those_trained_on():
    data = series.load(Start(RELU, (0, 1)), "diabetes")
    assert data.train_x.shape == (2, 332, 10)
    assert data.test_x.shape == (2, 110, 10)
    assert data.train_x[0].mean(0).abs().max() < 1e-5
    assert (data.train_x[0].std(0, correction=0) - 1).abs().max() < 1e-4
    assert not data.train_y[0].equal(data.train_y[1])


def test_a_linear_network_follows_the_trend_to_the_noise():
    linear = Arm("ralu", {"alpha": 1.0}, "linear", Init())
    for run in runs(linear, width=16, steps=200):
        assert run.metrics["error"] < 0.05


def test_a_function_with_an_upper_limit_does_not_follow_it():
    """The planted difference: units that saturate within what was trained on."""
    tight = Arm("hard_tanh", {"min_val": -0.2, "max_val": 0.2}, "tight", Init())
    settings = {"width": 16, "steps": 200}
    open_, closed = (
        np.array([run.metrics["error"] for run in runs(arm, **settings)]) for arm in (RELU, tight)
    )
    assert (closed > 1.5 * open_).all()


def test_a_network_that_learns_nothing_is_the_constant_predictor():
    for run in runs(rate=1e-12, data="diabetes"):
        assert run.metrics["error"] == pytest.approx(1.0, abs=0.3)
