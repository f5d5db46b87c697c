"""Generative adversarial networks: what is measured of their points, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.conduct import prepare
from actlab.lab.datasets.plane import shape
from actlab.lab.models.adversaries import BANDWIDTHS, Multilayer, discrepancy, rectified
from actlab.lab.models.fit import StackOptimiser
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.gan_ring import COLLAPSED, NOTHING, TASK, coverage

RING = shape("ring")


def test_coverage_of_hand_made_points():
    perfect = RING.draw(np.random.default_rng(0), 4000).astype(float)
    covered, near = coverage(RING, perfect)
    assert covered == 8
    assert near > 0.98
    one = np.tile(RING.support[3], (100, 1))
    assert coverage(RING, one) == (1.0, 1.0)
    three = np.concatenate([one, RING.support[[0]].repeat(98, 0), RING.support[[1]], [[0.0, 0.0]]])
    assert coverage(RING, three) == (2.0, 199 / 200)  # a piece with 0.5 % is not covered
    assert coverage(RING, np.full((10, 2), np.nan)) == (0.0, 0.0)


def test_discrepancy_of_two_points_by_hand():
    made, real = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[3.0, 4.0]]])
    by_hand = 2 - 2 * np.mean([np.exp(-25 / (2 * width**2)) for width in BANDWIDTHS])
    np.testing.assert_allclose(discrepancy(made, real), by_hand)
    np.testing.assert_allclose(discrepancy(real, real), 0.0, atol=1e-12)


def test_discrepancy_tells_the_ring_from_what_is_not_the_ring():
    rng = np.random.default_rng(0)
    real, again = (torch.from_numpy(RING.draw(rng, 500))[None] for _ in range(2))
    missing = again.clone()
    lost = torch.from_numpy(RING.nearest(missing[0].double().numpy())[1] == 0)
    missing[0, lost] = missing[0, ~lost][: int(lost.sum())]
    middle = torch.zeros(1, 500, 2)
    same, seven, none = (float(discrepancy(one, real)[0]) for one in (again, missing, middle))
    assert same < 0.01
    assert same < seven < 0.1
    assert none == pytest.approx(NOTHING, abs=0.1)


def test_a_generator_without_the_function_is_the_same_for_every_function():
    starts = [
        Start(Arm(name, {}, name, Init("he", 2**0.5, 0.0)), (0, 1)) for name in ("tanh", "silu")
    ]
    nets = [Multilayer(rectified(start), "maker", 8, 2, width=8, depth=2) for start in starts]
    latent = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(nets[0](latent), nets[1](latent), rtol=0, atol=0)
    assert rectified(starts[0]).arm.init.weight == pytest.approx(2**0.5)


def test_the_first_beta_of_adam_is_what_is_asked_for():
    for asked in (0.5, 0.9):
        given, own = torch.nn.Parameter(torch.ones(1, 3)), torch.nn.Parameter(torch.ones(1, 3))
        stack = StackOptimiser([given], [0.1], momentum=asked)
        plain = torch.optim.Adam([own], lr=0.1, betas=(asked, 0.999))
        for factor in (1.0, -3.0, 0.5):
            stack.step((factor * given.square()).sum(1))
            plain.zero_grad()
            (factor * own.square()).sum().backward()
            plain.step()
        torch.testing.assert_close(given, own)


def test_a_network_of_elu_finds_most_of_the_ring():
    settings = TASK.settings(steps=700, width=48)
    batch = Batch(Arm("elu", {"alpha": 1.0}, "elu"), settings, (0, 1), (1e-3,))
    for run in TASK.run(batch):
        assert run.metrics["pieces"] > COLLAPSED
        assert run.metrics["collapsed"] == 0.0
        assert run.metrics["discrepancy"] < 0.2 * NOTHING


def test_a_generator_that_does_not_move_has_collapsed():
    (run,) = TASK.run(Batch(Arm("relu"), TASK.settings(steps=3), (0,), (1e-9,)))
    assert run.metrics["collapsed"] == 1.0
    assert TASK.metric("discrepancy").settle(run.metrics["discrepancy"]) > 0.5


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_the_study_can_be_planned(tier):
    parts = {cell.part for cell in prepare("claims-t09", tier=tier).cells}
    assert {"ring", "ring-discriminator"} <= parts
