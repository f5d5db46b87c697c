"""The activation as a training function is given it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from actlab import functional as F
from actlab.lab import Arm
from actlab.lab.given import GivenActivation
from actlab.lab.inits import init_for

X = torch.linspace(-3.0, 3.0, 41)


def given(name="ralu", seed=0, scheme="", **params):
    return GivenActivation(Arm(name, params or {"alpha": 2.0}), seed, scheme)


def test_a_factory_a_module_and_a_function_compute_the_same():
    activation = given()
    expected = F.ralu(X, 2.0)
    assert torch.equal(activation()(X), expected)
    assert torch.equal(activation(inplace=True)(X), expected)
    assert torch.equal(activation.function(X), expected)


def test_it_stands_where_models_want_a_class_a_module_or_a_function():
    class Block(nn.Module):
        def __init__(self, act_layer=nn.GELU):
            super().__init__()
            self.act = act_layer()

    activation = given("elu", alpha=0.5)
    assert torch.equal(Block(act_layer=activation).act(X), F.elu(X, 0.5))
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=activation.function)
    assert layer(torch.ones(2, 3, 8)).shape == (2, 3, 8)
    assert activation.__name__ == "elu"


def test_every_call_makes_a_module_of_its_own():
    activation = GivenActivation(Arm("ralu", {"alpha": 2.0}, learn="unit"))
    one, other = activation(16), activation(16)
    assert one is not other
    assert next(iter(one.parameters())).numel() == 16
    with pytest.raises(ValueError, match="how many units"):
        activation()


def test_a_tensor_is_refused_with_the_way_to_apply_it():
    with pytest.raises(TypeError, match=r"activation.function\(x\)"):
        given()(X)


def test_a_learned_function_is_a_module():
    activation = GivenActivation(Arm("ralu", {"alpha": 2.0}, "ralu, learned", learn="shared"))
    with pytest.raises(ValueError, match=r"use activation\(\)"):
        _ = activation.function


def model():
    return nn.Sequential(nn.Linear(400, 400), given()(), nn.Linear(400, 1))


def test_init_draws_from_the_seed_and_leaves_torch_alone():
    state = torch.get_rng_state()
    nets = [model() for _ in range(3)]
    torch.set_rng_state(state)
    for net, seed in zip(nets, (0, 0, 1), strict=True):
        assert given(seed=seed).init_(net, torch.zeros(1, 400)) is not None
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(nets[0][0].weight, nets[1][0].weight)
    assert not torch.equal(nets[0][0].weight, nets[2][0].weight)


def test_a_second_model_gets_other_draws():
    activation, nets = given(), [model(), model()]
    for net in nets:
        activation.init_(net)
    assert activation.initialised
    assert not torch.equal(nets[0][0].weight, nets[1][0].weight)


@pytest.mark.parametrize("scheme", ["he", "lecun", "own", "forward", "centred"])
@pytest.mark.parametrize("name", ["ralu", "elu", "powerlu", "relu"])
def test_a_scheme_draws_with_the_scale_that_the_laboratory_uses(scheme, name):
    arm = Arm(name, {} if name == "relu" else dict.fromkeys(_parameters(name), 2.0))
    activation = GivenActivation(arm, 0, scheme)
    net = nn.Sequential(nn.Linear(400, 400), activation(), nn.Linear(400, 1))
    expected = init_for(name, arm.params, scheme)
    report = activation.init_(net, torch.zeros(1, 400))
    assert report is not None
    assert report.rows[0].sigma_w == pytest.approx(expected.weight, rel=1e-6)
    assert report.rows[0].sigma_b == pytest.approx(expected.bias, abs=1e-6)
    assert net[0].weight.std().item() * 20 == pytest.approx(expected.weight, rel=0.02)


def _parameters(name):
    import actlab

    return actlab.get(name).defaults


def test_the_default_scheme_does_nothing():
    net = model()
    before = net[0].weight.clone()
    assert given(scheme="default").init_(net) is None
    assert torch.equal(net[0].weight, before)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValueError, match="unknown initialisation 'xavier'"):
        given(scheme="xavier")


def test_the_gain_is_that_of_init():
    assert GivenActivation(Arm("relu")).gain() == pytest.approx(2**0.5)


def test_the_package_is_light_and_names_everything():
    import subprocess
    import sys

    from actlab import lab

    said = subprocess.run(
        [sys.executable, "-c", "import sys, actlab.lab; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
    assert all(getattr(lab, name) is not None for name in lab.__all__)
    with pytest.raises(AttributeError, match="compair"):
        _ = lab.compair
