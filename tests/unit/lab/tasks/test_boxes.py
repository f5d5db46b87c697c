"""Boxes: the images, the measure, and a network that finds them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets.boxes import (
    CONSTANT_OVERLAP,
    LARGEST,
    NOISE,
    SIDE,
    SMALLEST,
    SPREAD,
    boxes,
    edges,
    images,
    overlap,
    standardised,
)
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.boxes import EVERY, TASK


def draw() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=3))


def runs(rate: float, **settings) -> list[Run]:
    arm = Arm("relu", {}, "relu", Init())
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, (0, 1), (rate,))))


def test_every_box_lies_in_the_image_and_has_whole_edges():
    found = boxes(draw(), 5000) * SIDE
    assert (found == found.round()).all()
    sides = found[:, 2:] - found[:, :2]
    assert set(sides.ravel()) == set(range(SMALLEST, LARGEST + 1))
    assert found.min() == 0
    assert found.max() == SIDE


def test_an_image_is_its_box_and_noise():
    x, found = images(draw(), 400)
    assert x.shape == (400, SIDE * SIDE)
    assert x.dtype == np.float32
    inside = np.zeros((400, SIDE, SIDE), dtype=bool)
    for image, (left, top, right, bottom) in zip(inside, (found * SIDE).astype(int), strict=True):
        image[top:bottom, left:right] = True
    noise = x.reshape(inside.shape) - inside
    assert abs(noise[inside].mean()) < 0.01
    assert abs(noise[~inside].mean()) < 0.01
    assert noise.std() == pytest.approx(NOISE, rel=0.01)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0.0, 0.0, 0.5, 0.5], 1.0),
        ([0.25, 0.0, 0.75, 0.5], 1 / 3),
        ([0.0, 0.0, 1.0, 1.0], 0.25),
        ([0.5, 0.5, 1.0, 1.0], 0.0),
        ([0.5, 0.5, 0.0, 0.0], 0.0),
    ],
)
def test_overlap_by_hand(given, expected):
    true = torch.tensor([0.0, 0.0, 0.5, 0.5])
    assert overlap(torch.tensor(given), true).item() == pytest.approx(expected)


def test_the_constant_box_is_as_good_as_every_rectangle_says():
    sides = [
        (corner / SIDE, (corner + side) / SIDE, 1 / (SIDE - side + 1))
        for side in range(SMALLEST, LARGEST + 1)
        for corner in range(SIDE - side + 1)
    ]
    low, high, weight = np.array(sides).T
    weight /= weight.sum()
    mean = weight @ low, weight @ high
    for edge, middle in zip((low, high), mean, strict=True):
        assert weight @ (edge - middle) ** 2 == pytest.approx(SPREAD**2, abs=1e-12)
    pairs = np.array(list(itertools.product(range(len(sides)), repeat=2)))
    across, down = pairs.T
    true = np.stack([low[across], low[down], high[across], high[down]], axis=1)
    guess = edges(torch.zeros(4, dtype=torch.float64))
    assert guess.tolist() == pytest.approx([mean[0], mean[0], mean[1], mean[1]])
    covered = overlap(guess, torch.from_numpy(true)).numpy()
    assert (weight[across] * weight[down]) @ covered == pytest.approx(CONSTANT_OVERLAP, abs=1e-10)


def test_what_a_network_is_asked_for_has_mean_zero_and_variance_one():
    box = torch.from_numpy(boxes(draw(), 20_000))
    scaled = standardised(box)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(4), atol=0.03, rtol=0)
    torch.testing.assert_close(scaled.std(0), torch.ones(4), atol=0.03, rtol=0)
    torch.testing.assert_close(edges(scaled), box)


def test_a_network_finds_boxes_better_with_every_test():
    for run in runs(1e-2, channels=4, hidden=16, steps=100, batch=32):
        at, covered = run.curves["overlap"]
        assert at[0] == EVERY
        assert at[-1] == 100
        assert covered[-1] == run.metrics["overlap"]
        assert covered.mean() == pytest.approx(run.metrics["overlap_area"])
        assert covered[-1] > CONSTANT_OVERLAP + 0.1


def test_a_run_that_leaves_the_finite_range_has_no_overlap_to_count():
    for run in runs(1e30):
        assert run.diverged
        assert np.isnan(run.metrics["overlap_area"])
