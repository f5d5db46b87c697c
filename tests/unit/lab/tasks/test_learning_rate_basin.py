"""The range of learning rates in which a network learns."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from actlab.lab.arm import Arm, Init
from actlab.lab.task import Batch
from actlab.lab.tasks.learning_rate_basin import TASK, _run, around
from actlab.lab.tasks.mlp import TASK as MLP

AT = np.arange(-5.0, 0.0)


def test_an_interval_ends_where_the_line_crosses_zero():
    assert around(AT, np.array([-3.0, 1.0, 2.0, 1.0, -1.0])) == pytest.approx(0.25 + 2.0 + 0.5)


def test_an_interval_ends_with_the_grid():
    assert around(AT, np.array([0.5, 1.0, 0.5, 0.1, 0.0])) == 4.0


def test_a_second_range_apart_from_the_best_one_does_not_count():
    assert around(AT, np.array([1.0, -1.0, -1.0, 2.0, -2.0])) == pytest.approx(2 / 3 + 0.5)


def test_metrics_of_a_basin_worked_out_by_hand():
    run = _run(AT, np.array([2.3, 0.2, 0.1, 0.4, 2.3]), np.array([0.1, 0.81, 0.9, 0.85, 0.1]))
    assert run.metrics["best_rate"] == -3.0
    # 0.81 is just 90 % of 0.9; between -2 and -1 accuracy falls by 0.75 over a decade.
    assert run.metrics["width"] == pytest.approx(2.0 + 0.04 / 0.75)
    log = np.log10
    left = log(1.1) / (log(0.2) - log(0.1))
    right = log(1.1) / (log(0.4) - log(0.1))
    assert run.metrics["loss_width"] == pytest.approx(left + right)
    assert run.metrics["lost"] == 0.5
    assert not run.diverged


def test_a_network_that_learns_nowhere_has_diverged_and_counts_worst():
    run = _run(AT, np.full(5, 2.302), np.full(5, 0.1))
    assert run.diverged
    assert [metric.settle(run.metrics[metric.name]) for metric in TASK.metrics] == [0, 0, 2, 20]


def test_every_rate_of_a_run_is_the_run_of_the_task_mlp_at_that_rate():
    arm, given = Arm("elu", {"alpha": 1.0}), {"width": 16, "steps": 60}
    [run] = TASK.run(Batch(arm, TASK.settings(points=5, **given), (4,), (1e-2,)))
    at, accuracies = run.curves["accuracy"]
    np.testing.assert_allclose(at, [-3.0, -2.5, -2.0, -1.5, -1.0])
    for place, rate in zip(at, accuracies, strict=True):
        [alone] = MLP.run(Batch(arm, MLP.settings(**given), (4,), (10.0**place,)))
        assert rate == pytest.approx(alone.metrics["accuracy"], abs=0.4)
    assert accuracies.max() > 85.0


def test_runs_come_rate_by_rate_and_seed_by_seed():
    arm, settings = (
        Arm("relu", init=Init("he", 2**0.5, 0.0)),
        TASK.settings(width=16, steps=30, points=3),
    )
    whole = TASK.run(Batch(arm, settings, (0, 1), (1e-3, 1e-2)))
    single = TASK.run(Batch(arm, settings, (1,), (1e-2,)))
    np.testing.assert_allclose(
        whole[3].curves["final_loss"][1], single[0].curves["final_loss"][1], rtol=1e-3
    )
    np.testing.assert_allclose(whole[3].curves["accuracy"][0], [-2.5, -2.0, -1.5])


def test_an_even_number_of_points_is_refused():
    with pytest.raises(ValidationError, match="points must be odd"):
        TASK.settings(points=4)
