"""A stack of layers computes what ordinary layers do, run by run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from actlab.lab.arm import Arm, Init
from actlab.lab.contenders import resolve
from actlab.lab.models.layers import Activate, BatchNorm, LayerNorm, Linear, normalisation
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.study import ContenderSpec

RUNS, BATCH, FEATURES = 3, 6, 5


def start(arm: Arm | None = None) -> Start:
    return Start(arm or Arm("relu", {}, "relu", Init("he", 2**0.5, 0.1)), (0, 1, 2))


@pytest.fixture
def x() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(RUNS, BATCH, FEATURES, generator=generator)


def test_linear_maps(x):
    stack = Linear(start(), "w", FEATURES, 4)
    assert stack.bias is not None
    for run in range(RUNS):
        one = nn.functional.linear(x[run], stack.weight[run].t(), stack.bias[run, 0])
        torch.testing.assert_close(stack(x)[run], one)


def test_linear_maps_without_a_bias_and_with_more_dimensions(x):
    stack = Linear(start(), "w", FEATURES, 4, bias=False)
    sequence = x[:, :, None, :].expand(RUNS, BATCH, 2, FEATURES)
    torch.testing.assert_close(stack(sequence)[:, :, 1], stack(x))
    torch.testing.assert_close(stack(x)[1], x[1] @ stack.weight[1])


def test_layer_normalisation(x):
    stack, single = LayerNorm(RUNS, FEATURES), nn.LayerNorm(FEATURES)
    torch.testing.assert_close(stack(x), single(x))


def test_batch_normalisation_in_training_and_after(x):
    stack = BatchNorm(RUNS, FEATURES)
    singles = [nn.BatchNorm1d(FEATURES) for _ in range(RUNS)]
    for _ in range(3):
        together = stack(x)
        for run, single in enumerate(singles):
            torch.testing.assert_close(together[run], single(x[run]))
    stack.eval()
    for run, single in enumerate(singles):
        single.eval()
        torch.testing.assert_close(stack(x + 1)[run], single(x[run] + 1))


def test_no_normalisation_changes_nothing(x):
    assert torch.equal(normalisation("none", RUNS, FEATURES)(x), x)


@pytest.mark.parametrize("learn", ["shared", "unit"])
def test_learned_parameters_belong_to_a_run(x, learn):
    arm = resolve(ContenderSpec(name="ralu", alpha=2.0, learn=learn)).arm(Init())
    layer = Activate(arm, RUNS, FEATURES)
    (alpha,) = layer.parameters()
    assert alpha.numel() == (RUNS if learn == "shared" else RUNS * FEATURES)
    torch.testing.assert_close(layer(x), arm(x))
    with torch.no_grad():
        alpha[: alpha.numel() // RUNS] += 1.0
    changed = layer(x)
    assert not torch.allclose(changed[0], arm(x)[0])
    torch.testing.assert_close(changed[1:], arm(x)[1:])


def test_a_run_that_overflows_leaves_the_others_as_they_are(x):
    net = Perceptron(start(), FEATURES, 2, width=8, depth=3, norm="batch")
    clean = net(x)[1:]
    broken = x.clone()
    broken[0] = float("nan")
    torch.testing.assert_close(net(broken)[1:], clean, rtol=0, atol=0)


def test_a_perceptron_has_its_layers_in_order(x):
    net = Perceptron(start(), FEATURES, 2, width=8, depth=4, norm="layer", norm_first=True)
    assert [tuple(m.weight.shape[1:]) for m in net.linears] == [(5, 8), (8, 8), (8, 8), (8, 2)]
    assert len(net.hidden(x)) == 3
    assert net(x).shape == (RUNS, BATCH, 2)
    alone = Perceptron(start(), FEATURES, 2, width=8, depth=1)
    assert alone(x).shape == (RUNS, BATCH, 2)
