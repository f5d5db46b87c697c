"""Signal propagation: measured gradients are those of autograd, and agree with theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.inits import init_for
from actlab.lab.models.layers import Linear
from actlab.lab.models.propagated import GONE, Deep, distances, log_gradients, log_squares
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.propagation import TASK, PropagationSettings, predict, run

IDENTITY = {"alpha": 1.0}
"""RaLU of this is the identity."""


def runs_of(name, scheme, seeds=(0, 1, 2, 3), params=None, **settings):
    params = params or {}
    arm = Arm(name, params, name, init_for(name, params, scheme))
    chosen = PropagationSettings.model_validate({"width": 256, **settings})
    return run(Batch(arm, chosen, tuple(seeds), (1e-3,)))


def median(runs, metric):
    return float(np.median(np.array([one.metrics[metric] for one in runs], dtype=np.float64)))


def test_log_squares_by_hand():
    values = torch.tensor([[3.0, 4.0], [0.0, 0.0], [1e-200, 0.0]], dtype=torch.float64)
    found = log_squares(values)
    assert found[0] == pytest.approx(math.log10(12.5))
    assert found[1] == GONE
    assert found[2] == pytest.approx(-400 - math.log10(2))
    assert not torch.isfinite(log_squares(torch.tensor([[math.inf, 1.0]]).double())).any()


def test_distances_by_hand():
    layer = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [1.0, 0.0], [1.0, 1e-9]]], dtype=torch.float64)
    assert distances(layer)[0, 0] == pytest.approx(1.0)
    assert distances(layer)[0, 1] == pytest.approx(5e-19, rel=1e-6)


def test_inputs_begin_with_a_correlation_of_one_half():
    at, values = runs_of("elu", "own", depth=2, width=4096, seeds=(0,))[0].curves["distance"]
    assert at[0] == 0
    assert values[0] == pytest.approx(0.5, abs=0.05)


def test_the_gradient_is_the_product_of_the_jacobians():
    start = Start(Arm("ralu", IDENTITY, "", Init("he", 1.5, 0.0)), (0,))
    net = Deep(start, 5, 2)
    x = torch.randn(1, 1, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    _, seen = net.entering(x.requires_grad_(True))
    back = torch.ones_like(x)
    first, second = (linear.weight[0] for linear in net.maps if isinstance(linear, Linear))
    whole = first @ second
    wanted = math.log10((whole @ back[0, 0]).square().mean().item())
    assert log_gradients(seen, back)[0, 0, 0] == pytest.approx(wanted)


def test_a_network_of_identities_grows_as_its_weights_say():
    arm = Arm("ralu", IDENTITY, "", Init("he", 2.0, 0.0))
    chosen = PropagationSettings(width=512, depth=10)
    for one in run(Batch(arm, chosen, (0, 1), (1e-3,))):
        assert one.metrics["signed"] == pytest.approx(20 * math.log10(2), abs=0.3)
        assert one.metrics["variance"] == pytest.approx(20 * math.log10(2), abs=0.3)


@pytest.mark.parametrize(
    ("name", "scheme", "params", "wanted"),
    [
        ("elu", "default", {}, -15.0),
        ("relu", "default", {}, -23.3),
        ("tanh", "forward", {}, 2.1),
        ("ralu", "forward", {"alpha": 2.0}, 0.86),
    ],
)
def test_thirty_layers_agree_with_theory(name, scheme, params, wanted):
    runs = runs_of(name, scheme, depth=30, params=params)
    assert median(runs, "signed") == pytest.approx(wanted, abs=0.5)
    assert median(runs, "beyond") < 0.5
    assert float(runs[0].curves["predicted"][1][0]) == pytest.approx(wanted, abs=0.2)


def test_he_initialisation_is_a_fixed_point_of_relu_and_not_of_elu():
    assert median(runs_of("relu", "he", depth=30), "variance") < 0.6
    assert median(runs_of("elu", "he", depth=30), "variance") > 0.9


@pytest.mark.parametrize("first", [False, True])
def test_normalised_layers_agree_with_theory(first):
    runs = runs_of("relu", "default", depth=20, norm="layer", norm_first=first)
    assert median(runs, "excess") < 0.5


def test_the_pairs_come_through_a_first_layer_and_agree_with_theory():
    runs = runs_of("elu", "default", depth=10, inputs="pairs")
    assert median(runs, "excess") < 0.5


def test_what_theory_cannot_say_is_no_number():
    arm = Arm("relu", {}, "relu", Init("he", 1e-9, 0.0))
    assert np.isnan(predict(arm, PropagationSettings(depth=60, width=8), (1.0,))).all()


def test_a_gradient_that_is_gone_counts_as_the_worst_and_is_no_divergence():
    arm = Arm("relu", {}, "relu", Init("he", 1e-9, 0.0))
    one = run(Batch(arm, PropagationSettings(depth=60, width=8), (0,), (1e-3,)))[0]
    assert one.metrics["gradient"] == -GONE
    assert one.metrics["distance"] == 0.0
    assert one.metrics["excess"] is None
    assert not one.diverged


def test_what_leaves_the_range_of_doubles_has_diverged():
    arm = Arm("relu", {}, "relu", Init("he", 1e9, 0.0))
    one = run(Batch(arm, PropagationSettings(depth=60, width=8), (0,), (1e-3,)))[0]
    assert one.diverged


def test_deep_and_wide_networks_come_fewer_to_a_cell():
    assert TASK.block(PropagationSettings(depth=15)) == 10
    assert TASK.block(PropagationSettings(depth=300)) == 1
