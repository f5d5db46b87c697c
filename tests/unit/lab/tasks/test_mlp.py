"""Perceptrons that classify."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.contenders import resolve
from actlab.lab.inits import init_for
from actlab.lab.study import ContenderSpec
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.mlp import MOST_SHIFT, TASK, mean_shift


def runs_of(name: str, scheme: str = "default", rate: float = 3e-3, **settings) -> list[Run]:
    contender = resolve(ContenderSpec(name=name))
    arm = contender.arm(init_for(contender.name, contender.params, scheme))
    return list(TASK.run(Batch(arm, TASK.settings(**settings), (0, 1, 2), (rate,))))


def mean_of(runs: list[Run], metric: str) -> float:
    return float(np.mean([run.metrics[metric] for run in runs]))


def test_digits_are_learned():
    runs = runs_of("relu", depth=2, width=64, steps=200)
    assert mean_of(runs, "accuracy") > 95.0
    assert mean_of(runs, "train_loss") < 0.1
    assert mean_of(runs, "area") < -0.5


@pytest.mark.parametrize("data", ["mnist1d", "dense", "sparse"])
def test_other_data_are_learned_better_than_by_chance(data):
    runs = runs_of("elu", data=data, width=64, steps=250)
    assert mean_of(runs, "accuracy") > 30.0


def test_twenty_layers_of_sigmoid_learn_nothing_where_relu_with_its_own_start_does():
    """The positive control: an effect that must be found."""
    sigmoid = runs_of("sigmoid", depth=20, width=32, steps=120)
    relu = runs_of("relu", "own", rate=1e-3, depth=20, width=32, steps=120)
    assert mean_of(sigmoid, "accuracy") < 20.0
    assert mean_of(sigmoid, "area") == pytest.approx(math.log10(math.log(10)), abs=0.02)
    assert mean_of(relu, "accuracy") > 50.0


def test_the_mean_shift_of_layers_worked_out_by_hand():
    # Unit means 3, -4, 0 and deviations 1, 1, 0: sqrt(25 / 2).
    layer = torch.tensor([[[2.0, -5.0, 0.0], [4.0, -3.0, 0.0]]])
    assert mean_shift([layer])[0] == pytest.approx(12.5**0.5)
    centred = layer - layer.mean(1, keepdim=True)
    assert mean_shift([layer, centred])[0] == pytest.approx(12.5**0.5 / 2)


def test_a_layer_that_is_constant_counts_as_shifted_most():
    still = torch.zeros(2, 5, 3)
    still[1] = 7.0
    assert mean_shift([still]).tolist() == [MOST_SHIFT, MOST_SHIFT]
    assert mean_shift([torch.full((1, 5, 3), float("nan"))]).tolist() == [MOST_SHIFT]


def test_relu_is_shifted_more_than_elu_and_both_as_theory_says():
    x = torch.randn(1, 4000, 200, generator=torch.Generator().manual_seed(0))
    relu, elu = (float(mean_shift([f(x)])[0]) for f in (torch.relu, torch.nn.functional.elu))
    assert relu == pytest.approx(0.683, abs=0.01)
    assert elu == pytest.approx(0.204, abs=0.01)


def test_a_rate_far_too_large_ends_at_the_worst_values():
    for run in runs_of("relu", "own", rate=1e12, depth=8, width=16, steps=20):
        settled = {metric.name: metric.settle(run.metrics[metric.name]) for metric in TASK.metrics}
        assert run.diverged or settled["train_loss"] == pytest.approx(math.log(10))
