"""The variational autoencoder: its bound by hand, and that it learns to code."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.datasets.classes import digits
from actlab.lab.models.autoencoder import Autoencoder
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.autoencoder import BRIGHT, DARK
from actlab.lab.tasks.vae import NOTHING, TASK, bound

START = Start(Arm("relu"), (0, 1))


def network(code: int = 2) -> Autoencoder:
    return Autoencoder(START, 64, width=8, code=code, outputs_per_code=2)


def silence(net: Autoencoder, part: str) -> None:
    layer = getattr(net, part)[2]
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.zero_()


def test_a_decoder_of_even_chances_has_the_bound_of_nothing():
    net = network()
    silence(net, "encoder")
    silence(net, "decoder")
    x = torch.from_numpy(digits()[0][:5]).expand(2, 5, 64)
    whole, missed, apart = bound(net, x, torch.zeros(2, 5, 2))
    np.testing.assert_allclose(whole.detach(), NOTHING, rtol=1e-6)
    np.testing.assert_allclose(missed.detach(), 64 * math.log(2), rtol=1e-6)
    np.testing.assert_allclose(apart.detach(), 0.0, atol=1e-6)


def test_the_part_for_coding_is_the_distance_from_a_standard_normal():
    net = network()
    silence(net, "encoder")
    mean, log_variance = 1.5, math.log(0.25)
    with torch.no_grad():
        net.encoder[2].bias.copy_(torch.tensor([mean, 0.0, log_variance, 0.0]))
    _, _, apart = bound(net, torch.zeros(2, 3, 64), torch.zeros(2, 3, 2))
    by_hand = 0.5 * (mean**2 + 0.25 - 1 - log_variance)
    np.testing.assert_allclose(apart.detach(), by_hand, rtol=1e-6)


def test_the_part_for_drawing_is_a_cross_entropy():
    net = network()
    silence(net, "decoder")
    logit = 0.7
    with torch.no_grad():
        net.decoder[2].bias.fill_(logit)
    dark = torch.full((2, 1, 64), DARK)
    bright = torch.full((2, 1, 64), BRIGHT)
    chance = 1 / (1 + math.exp(-logit))
    for x, wanted in ((dark, -math.log(1 - chance)), (bright, -math.log(chance))):
        _, missed, _ = bound(net, x, torch.zeros(2, 1, 2))
        np.testing.assert_allclose(missed.detach(), 64 * wanted, rtol=1e-5)


def test_it_learns_to_code_digits():
    found = TASK.run(Batch(Arm("relu"), TASK.settings(steps=500), (0, 1), (1e-2,)))
    for run in found:
        assert run.metrics["bound"] < 26.0  # the mean picture alone has 27.1
        assert run.metrics["apart"] > 0.5  # something is coded
        assert run.metrics["bound"] == pytest.approx(run.metrics["missed"] + run.metrics["apart"])
        assert not run.diverged
