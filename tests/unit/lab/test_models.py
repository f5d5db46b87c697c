"""Stacked training is training one by one; arms of a seed share their draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from actlab.lab.models.draws import initial_layers, layer_sizes
from actlab.lab.models.single import Perceptron, train_single
from actlab.lab.models.stacked import train_stacked
from actlab.lab.models.training import root_mean_square
from actlab.lab.seeds import derive

OWN = {"scheme": "own", "weight": 1.4, "bias": 0.2}
DATA = (torch.linspace(-1, 1, 7)[:, None], torch.linspace(-1, 1, 7)[:, None] ** 2)
POINTS = torch.linspace(-1, 1, 5)[:, None]


def quiet(share: float) -> None:
    pass


@pytest.mark.parametrize("init", [OWN, {"scheme": "default"}])
def test_stacked_equals_one_by_one(init):
    nets = [initial_layers(16, 5, init, "test", seed) for seed in range(3)]
    rates = [1e-3, 1e-2]
    stacked = train_stacked(nets, torch.tanh, DATA, POINTS, rates=rates, rounds=40, tick=quiet)
    for i, rate in enumerate(rates):
        for j, net in enumerate(nets):
            alone = train_single(net, torch.tanh, DATA, POINTS, rate=rate, rounds=40, tick=quiet)
            row = i * len(nets) + j
            np.testing.assert_allclose(stacked.losses[row], alone.losses[0], rtol=2e-3, atol=1e-6)
            np.testing.assert_allclose(stacked.gradients[row], alone.gradients[0], rtol=1e-4)
            np.testing.assert_allclose(stacked.fits[row], alone.fits[0], atol=2e-3)
    assert not np.allclose(stacked.losses[0], stacked.losses[3])


def test_single_network_is_a_plain_torch_network():
    layers = initial_layers(8, 4, OWN, "test", 0)
    net = Perceptron(layers, torch.relu)
    steps: list[nn.Module] = []
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        steps += [linear, nn.ReLU()]
    plain = nn.Sequential(*steps[:-1])
    torch.testing.assert_close(net(DATA[0]), plain(DATA[0]), rtol=0, atol=0)


def test_one_diverging_run_leaves_the_others_untouched():
    nets = [initial_layers(8, 4, OWN, "test", seed) for seed in range(2)]
    wild = [*nets, [(w * 1e30, b) for w, b in nets[0]]]
    both = train_stacked(wild, torch.relu, DATA, POINTS, rates=[1e-2], rounds=5, tick=quiet)
    calm = train_stacked(nets, torch.relu, DATA, POINTS, rates=[1e-2], rounds=5, tick=quiet)
    assert not np.isfinite(both.losses[2]).all()
    np.testing.assert_allclose(both.losses[:2], calm.losses, rtol=1e-5)


def test_a_diverged_single_run_stops_and_says_so():
    layers = [(w * 1e30, b) for w, b in initial_layers(8, 4, OWN, "test", 0)]
    trained = train_single(layers, torch.relu, DATA, POINTS, rate=1e-2, rounds=5, tick=quiet)
    assert not np.isfinite(trained.losses[0]).all()
    assert np.isnan(trained.losses[0][1:5]).all()


def test_arms_of_a_seed_differ_by_scale_alone():
    a = initial_layers(8, 4, {"scheme": "own", "weight": 1.0, "bias": 1.0}, "test", 3)
    b = initial_layers(8, 4, {"scheme": "own", "weight": 2.0, "bias": 0.5}, "test", 3)
    torch.testing.assert_close(a[0], b[0], rtol=0, atol=0)
    for (wa, ba), (wb, bb) in zip(a[1:-1], b[1:-1], strict=True):
        torch.testing.assert_close(wb, 2 * wa)
        torch.testing.assert_close(bb, 0.5 * ba)
    assert float(b[-1][1].abs().max()) == 0.0


def test_own_initialisation_has_the_variance_it_promises():
    layers = initial_layers(256, 3, OWN, "test", 0)
    weight, bias = layers[1]
    assert float(weight.std()) == pytest.approx(1.4 / 16, rel=0.02)
    assert float(bias.std()) == pytest.approx(0.2, rel=0.15)
    assert float(layers[0][0].std()) == pytest.approx(1.0, rel=0.15)


def test_default_initialisation_is_that_of_nn_linear():
    weight, bias = initial_layers(256, 3, {"scheme": "default"}, "test", 0)[1]
    edge = 256**-0.5
    assert edge * 0.999 < float(weight.abs().max()) <= edge
    assert edge * 0.95 < float(bias.abs().max()) <= edge
    assert float(weight.std()) == pytest.approx((1 / 3) ** 0.5 * edge, rel=0.01)


def test_drawing_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    for scheme in ("default", "own"):
        initial_layers(4, 3, {"scheme": scheme, "weight": 1.0, "bias": 0.0}, "test", 0)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("scheme", ["default", "own"])
def test_test_and_tuning_never_share_a_draw(scheme):
    init = {"scheme": scheme, "weight": 1.0, "bias": 0.0}
    test, tuning = (initial_layers(6, 3, init, role, 0) for role in ("test", "tuning"))
    assert not any(torch.equal(a[0], b[0]) for a, b in zip(test, tuning, strict=True))


def test_seeds_are_length_safe_and_fixed():
    assert derive("a_b", "c") != derive("a", "b_c")
    assert derive("1") != derive(1)
    assert derive("layer", "test", 0) == derive("layer", "test", 0)


def test_depth_counts_linear_maps():
    assert layer_sizes(64, 30)[0] == (1, 64)
    assert layer_sizes(64, 30)[-1] == (64, 1)
    assert len(layer_sizes(64, 30)) == 30


def test_tiny_gradients_do_not_underflow():
    assert float(root_mean_square(torch.full((4, 4), 1e-30))) == pytest.approx(1e-30)
