"""Convolutional networks on signals and digits."""

from __future__ import annotations

import numpy as np

from actlab.lab.arm import Arm, Init
from actlab.lab.models.convolution import ConvolutionalNet
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.cnn import SHAPES, TASK, filters

RELU = Arm("relu", {}, "relu", Init("he", 2**0.5, 0.0))


def runs(arm: Arm = RELU, rate: float = 1e-2, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, (0, 1), (rate,))))


def test_signals_have_the_network_of_mnist_1ds_authors():
    net = ConvolutionalNet(Start(RELU, (0,)), SHAPES["mnist1d"], filters("mnist1d", 25), 10)
    shapes = [tuple(p.shape[1:]) for p in net.parameters() if p.shape[1] > 1]
    assert shapes == [(5, 25), (75, 25), (75, 25), (125, 10)]


def test_digits_are_learned():
    for run in runs(channels=8, steps=100, batch=64):
        assert run.metrics["accuracy"] > 90.0
        assert run.metrics["area"] < -0.3
        assert not run.diverged


def test_a_network_with_batch_normalisation_is_tested_with_what_it_met_in_training():
    for run in runs(norm="batch", channels=8, steps=100, batch=64):
        assert run.metrics["accuracy"] > 90.0


def test_a_rate_of_next_to_nothing_teaches_nothing():
    for run in runs(rate=1e-12):
        assert run.metrics["accuracy"] < 40.0
        at, loss = run.curves["loss"]
        assert abs(np.log10(loss).mean() - run.metrics["area"]) < 1e-6
        assert len(at) == 20


def test_a_function_without_curvature_learns_less_of_the_signals():
    """A linear network cannot tell signals apart that are shifted: the planted difference."""
    settings = {"data": "mnist1d", "channels": 8, "steps": 150, "batch": 50}
    linear = Arm("ralu", {"alpha": 1.0}, "linear", Init("he", 1.0, 0.0))
    curved, straight = runs(**settings), runs(linear, **settings)
    assert max(r.metrics["area"] for r in curved) < min(r.metrics["area"] for r in straight)
    shares = [[r.metrics["accuracy"] for r in group] for group in (curved, straight)]
    assert min(shares[0]) > max(shares[1]) + 5.0
