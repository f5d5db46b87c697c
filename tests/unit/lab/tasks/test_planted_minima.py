"""Escape from a planted hole."""

from __future__ import annotations

import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.planted_minima import APART, TASK, landscape, mean_square_slope

RELU = Arm("relu")
SMELU = Arm("expolu", {"a": 4.0, "b": 1.0, "p": 2.0})
JUMPS = Arm("expolu", {"a": 1.0, "b": 1.0, "p": 2.0})


def run_of(arm: Arm, rate: float = 0.02, **settings) -> Run:
    return TASK.run(Batch(arm, TASK.settings(**settings), (0,), (rate,)))[0]


def test_the_hole_is_deeper_than_the_wide_minimum_and_a_ridge_lies_between():
    hole = torch.tensor([[[0.8, 0.8]]])
    along = torch.linspace(-0.2, 1.2, 1401)
    loss = landscape(hole + along[:, None] * APART, hole)[0]
    inner = slice(1, -1)
    low = (loss[inner] < loss[:-2]) & (loss[inner] < loss[2:])
    deep, wide = along[inner][low].tolist()
    assert deep == pytest.approx(0.0, abs=0.02)
    assert wide == pytest.approx(1.0, abs=0.02)
    at_hole, at_wide = loss[(along - deep).abs().argmin()], loss[(along - wide).abs().argmin()]
    ridge = loss[(along > 0.1) & (along < 0.9)].max()
    assert at_hole < at_wide - 0.1
    assert ridge > at_wide + 0.1


def test_the_landscape_does_not_care_where_the_hole_is():
    h = torch.randn(1, 9, 2, generator=torch.Generator().manual_seed(0))
    hole = torch.tensor([[[1.0, 1.0]]])
    assert torch.allclose(landscape(h, hole), landscape(h + 5, hole + 5), atol=1e-5)


def test_slopes_are_averaged_over_the_neighbourhood_of_the_hole():
    assert mean_square_slope(Arm("leaky_relu", {"negative_slope": 1.0})) == pytest.approx(1.0)
    # ReLU is flat below 0, two standard deviations away.
    assert mean_square_slope(RELU) == pytest.approx(0.97725, abs=0.01)
    assert mean_square_slope(JUMPS) > 3.0 > 1.0 > mean_square_slope(SMELU)


def test_without_noise_nothing_escapes():
    for arm in (RELU, SMELU, JUMPS):
        assert run_of(arm, noise=0.0, steps=100).metrics["escaped"] == 0.0


def test_with_much_noise_all_escape():
    assert run_of(RELU, noise=50.0, steps=100).metrics["escaped"] > 90.0


def test_at_one_rate_a_jump_in_slope_throws_points_out():
    smooth, jumping = (run_of(arm).metrics["escaped"] for arm in (SMELU, JUMPS))
    assert jumping > smooth + 50.0


def test_points_to_the_right_of_the_hole_move_alike_with_every_function_of_slope_one():
    """There, ReLU and SmeLU are the same function."""
    runs = [run_of(arm, begin="hole", noise=0.0, steps=5) for arm in (RELU, SMELU)]
    assert runs[0].curves["inside"][1].tolist() == runs[1].curves["inside"][1].tolist()


def test_points_that_begin_anywhere_are_mostly_outside_of_the_hole():
    run = run_of(RELU, begin="around", steps=1)
    assert run.curves["inside"][1][0] < 15.0


def test_a_rate_is_matched_by_the_mean_squared_slope():
    rate = 0.02
    plain = run_of(JUMPS, rate / mean_square_slope(JUMPS))
    assert run_of(JUMPS, rate, matched=True).metrics == pytest.approx(plain.metrics, abs=2.0)
