"""Noise and outliers at test time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.noise import MOST_CARRIED, TASK, noise_carried, spoilt


def net_of(name: str, **params: float) -> Perceptron:
    start = Start(Arm(name, params, init=Init("he", 1.0, 0.0)), (0, 1))
    return Perceptron(start, 5, 2, width=8, depth=3)


def noise_of(size: float) -> tuple[torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3000, 5, generator=draws)
    return x, size * torch.randn(2, 3000, 5, generator=draws)


def test_a_linear_network_carries_its_input_noise_unchanged():
    """Every unit's signal and noise are sums over the same inputs, all alike."""
    x, noise = noise_of(0.1)
    assert noise_carried(net_of("ralu", alpha=1.0), x, noise) == pytest.approx([1, 1], rel=0.1)


def test_relu_carries_more_noise_than_elu_as_theory_says():
    """Signal-to-noise after one unit, Var f / E f'^2, is 0.682 for ReLU and 0.927 for ELU."""
    x, noise = noise_of(0.03)
    for name, params, ratio in (("relu", {}, 0.682), ("elu", {"alpha": 1.0}, 0.927)):
        start = Start(Arm(name, params, init=Init("he", 1.0, 0.0)), (0, 1))
        net = Perceptron(start, 5, 2, width=2000, depth=2)
        assert noise_carried(net, x, noise) == pytest.approx([1 / ratio] * 2, rel=0.1)


def test_a_constant_layer_carries_nothing_but_noise():
    x, noise = noise_of(0.1)
    net = net_of("relu")
    with torch.no_grad():
        net.linears[0].weight.zero_()
    assert noise_carried(net, x, noise).tolist() == [MOST_CARRIED, MOST_CARRIED]


def test_only_pre_activations_that_are_hit_change():
    net = net_of("ralu", alpha=1.0)  # the identity: what goes in is what comes out
    x, _ = noise_of(0.0)
    hit = torch.zeros(2, 3000, 8, dtype=torch.bool)
    hit[0, 7, 3] = True
    with torch.no_grad():
        before = net(x)
        after = spoilt(net, x, hit, -20.0)
        changed = (before != after).any(-1)
        assert changed.sum() == 1
        assert changed[0, 7]
        scale = net.maps[0](x)[0].square().mean().sqrt()
        moved = -20.0 * scale - net.maps[0](x)[0, 7, 3]
        expected = before[0, 7] + moved * (net.maps[1].weight[0, 3] @ net.maps[2].weight[0])
        torch.testing.assert_close(after[0, 7], expected, rtol=1e-3, atol=1e-3)
        assert torch.equal(net(x), before)


def runs_of(name: str, **params: float) -> list[Run]:
    settings = TASK.settings(width=64, steps=150)
    return list(TASK.run(Batch(Arm(name, params), settings, (0, 1, 2), (3e-3,))))


def mean_of(runs: list[Run], metric: str) -> float:
    return float(np.mean([run.metrics[metric] for run in runs]))


def test_negative_outliers_spare_relu_and_elu_and_hit_what_is_unbounded_below():
    relu, elu, ralu = runs_of("relu"), runs_of("elu", alpha=1.0), runs_of("ralu", alpha=3.0)
    for runs in (relu, elu):
        assert mean_of(runs, "drop_unit_negative") < 5.0
        assert mean_of(runs, "drop_unit_positive") > 20.0
    assert mean_of(ralu, "drop_unit_negative") > 15.0


def test_more_noise_costs_more():
    runs = runs_of("relu")
    assert 0.0 < mean_of(runs, "drop_noise_4") < mean_of(runs, "drop_noise_8") < 30.0
    lost = mean_of(runs, "accuracy") - mean_of(runs, "accuracy_noise_8")
    assert lost == pytest.approx(mean_of(runs, "drop_noise_8"))


def test_a_network_that_has_learned_nothing_has_no_accuracy_to_lose():
    settings = TASK.settings(width=8, steps=1)
    [run] = TASK.run(Batch(Arm("relu"), settings, (0,), (1e-9,)))
    worst = {metric.name: metric.settle(run.metrics[metric.name]) for metric in TASK.metrics}
    assert run.metrics["drop_noise_8"] is None
    assert worst["drop_noise_8"] == 90.0
