"""Initial draws: shared by all functions, scaled by each one's initialisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.models.start import Start


def start(scheme="own", weight=1.5, bias=0.25, seeds=(0, 1), copies=1, role="test") -> Start:
    return Start(Arm("relu", {}, "relu", Init(scheme, weight, bias)), seeds, copies, role)


def test_draws_depend_on_seed_role_and_name_only():
    one = start().weight("layer 1", 5, 7, fan_in=5)
    assert torch.equal(one, start().weight("layer 1", 5, 7, fan_in=5))
    assert torch.equal(one[1], start(seeds=(1,)).weight("layer 1", 5, 7, fan_in=5)[0])
    assert not torch.equal(one[0], one[1])
    assert not torch.equal(one, start().weight("layer 2", 5, 7, fan_in=5))
    assert not torch.equal(one, start(role="tuning").weight("layer 1", 5, 7, fan_in=5))


def test_functions_differ_by_a_factor_only():
    small, large = (start(weight=w).weight("w", 5, 7, fan_in=5) for w in (1.0, 2.0))
    torch.testing.assert_close(2 * small, large)


def test_every_rate_starts_from_the_same_networks():
    both = start(copies=3).weight("w", 4, 4, fan_in=4)
    assert both.shape == (6, 4, 4)
    assert torch.equal(both[:2], both[2:4])
    assert torch.equal(both[:2], both[4:])


@pytest.mark.parametrize(
    ("place", "weight", "bias"),
    [("first", 1 / 20, 1 / 20), ("hidden", 1.5 / 20, 0.25), ("last", 1.5 / 20, 0.0)],
)
def test_scales_of_a_scheme(place, weight, bias):
    many = start(seeds=(0,))
    w = many.weight("w", 400, 200, fan_in=400, place=place)
    b = many.bias("w", 1, 40_000, fan_in=400, place=place)
    assert w.std().item() == pytest.approx(weight, rel=0.02)
    assert b.std().item() == pytest.approx(bias, rel=0.02)


def test_the_default_is_what_torch_does():
    ours = start("default", 0.0, 0.0, seeds=(0,))
    w = ours.weight("w", 400, 200, fan_in=400).detach().numpy().ravel()
    b = ours.bias("w", 1, 40_000, fan_in=400).detach().numpy().ravel()
    linear = torch.nn.Linear(400, 20_000)
    for mine, theirs in ((w, linear.weight), (b, linear.bias)):
        theirs = theirs.detach().numpy().ravel()
        assert np.abs(mine).max() == pytest.approx(1 / 20, rel=1e-3)
        assert mine.std() == pytest.approx(theirs.std(), rel=0.03)
        assert np.abs(theirs).max() <= 1 / 20


def test_torchs_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    start().weight("w", 3, 3, fan_in=3)
    assert torch.equal(before, torch.random.get_rng_state())
