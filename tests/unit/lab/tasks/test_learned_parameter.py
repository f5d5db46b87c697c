"""Functions that learn their parameter."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.learned_parameter import QUANTILES, TASK, not_monotone
from actlab.lab.tasks.mlp import TASK as MLP

GIVEN = {"width": 16, "depth": 3, "steps": 80}


def runs_of(alpha: float, rate: float = 3e-3, **how: str) -> list[Run]:
    arm = Arm("ralu", {"alpha": alpha}, **how)  # type: ignore[arg-type]
    return list(TASK.run(Batch(arm, TASK.settings(**GIVEN), (0, 1), (rate,))))


def test_a_fixed_parameter_stays_where_it_is():
    for run in runs_of(3.0):
        assert run.metrics["moved"] == run.metrics["outside"] == 0.0
        assert run.curves["change"][1].tolist() == [0.0] * QUANTILES


@pytest.mark.parametrize("learn", ["shared", "unit"])
def test_a_learned_parameter_moves_and_its_quantiles_ascend(learn):
    for run in runs_of(2.0, learn=learn):
        change = run.curves["change"][1]
        assert 0.01 < run.metrics["moved"] < 2.0
        assert (np.diff(change) >= 0.0).all()
        assert change[-1] > change[0]


def test_the_two_seeds_move_apart():
    one, other = runs_of(2.0, learn="unit")
    assert one.metrics["moved"] != other.metrics["moved"]


def test_a_constraint_is_kept_and_leaving_it_is_counted():
    free = runs_of(0.05, rate=0.05, learn="unit")
    kept = runs_of(0.05, rate=0.05, learn="unit", constraint="monotone")
    assert all(run.metrics["outside"] > 0.0 for run in free)
    assert all(run.metrics["outside"] == 0.0 for run in kept)


def test_values_outside_zero_to_nine_make_ralu_fall_somewhere():
    found = not_monotone(Arm("ralu", {"alpha": 1.0}), np.array([[-0.1, 0.0, 9.0, 9.1]]))
    assert found.tolist() == [[True, False, False, True]]
    assert not not_monotone(Arm("relu"), np.array([[-1.0]])).any()


def test_with_a_fixed_parameter_it_is_the_task_mlp():
    arm = Arm("ralu", {"alpha": 3.0})
    [run] = TASK.run(Batch(arm, TASK.settings(**GIVEN), (5,), (3e-3,)))
    [other] = MLP.run(Batch(arm, MLP.settings(**GIVEN), (5,), (3e-3,)))
    for name in ("accuracy", "area", "train_loss"):
        assert run.metrics[name] == other.metrics[name]
