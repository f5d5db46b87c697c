"""What a cell records: choices of a learning rate, test runs, shapes."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.execute import execute, recorded, tuned
from actlab.lab.task import Metric, Run, Settings, Task
from actlab.lab.tasks import task_named

ACTIVATION = {"name": "relu", "params": {}, "source": ""}
SMALL = {
    "task": "twenty-one-pairs",
    "settings": {"width": 6, "depth": 3, "rounds": 4},
    "init": {"scheme": "own", "weight": 1.0, "bias": 0.0},
    "activation": ACTIVATION,
    "role": "test",
}
LOSS = Metric("loss", "loss", "lower", 1.0, "log10")
SCORE = Metric("score", "score", "higher", 0.0)
TASK = Task("t", "T", "", 1, Settings, (LOSS, SCORE), lambda batch: [])


def quiet(share: float) -> None:
    pass


def run(loss, score=0.5, **more) -> Run:
    return Run({"loss": loss, "score": score}, **more)


def test_what_is_no_number_counts_as_having_learned_nothing():
    found = recorded(TASK, [run(0.1), run(float("nan")), run(None), run(7.0)], 1e-3)
    assert found.summary["metrics"]["loss"] == [0.1, 1.0, 1.0, 1.0]
    assert found.summary["diverged"] == [False, True, False, False]
    assert found.status == "done"


def test_a_diverged_run_counts_as_having_learned_nothing_in_everything():
    found = recorded(TASK, [run(0.1, 0.9, diverged=True)], 1e-3)
    assert found.summary["metrics"] == {"loss": [1.0], "score": [0.0]}
    assert found.status == "diverged"


def test_curves_are_stacked_over_one_axis():
    at = np.arange(3.0)
    pair = [run(0.1, curves={"c": (at, at + n)}) for n in range(2)]
    found = recorded(TASK, pair, 1e-3)
    assert found.arrays["c_at"].tolist() == [0, 1, 2]
    assert found.arrays["c"].tolist() == [[0, 1, 2], [1, 2, 3]]


@pytest.mark.parametrize(
    ("values", "chosen", "edge"),
    [
        ([[0.5, 0.5], [0.1, 0.2], [0.3, 0.3]], 1e-2, False),
        ([[0.1, 0.1], [0.1, 0.1], [0.3, 0.3]], 1e-3, True),  # ties go to the smaller rate
        ([[0.5, 0.5], [np.nan, 0.2], [0.3, 0.3]], 1e-1, True),
    ],
)
def test_the_best_median_chooses_the_learning_rate(values, chosen, edge):
    runs = [run(value) for row in values for value in row]
    found = tuned(LOSS, runs, [1e-3, 1e-2, 1e-1], 2)
    assert found.summary["learning_rate"] == chosen
    assert found.summary["at_edge"] is edge
    assert found.arrays["values"].shape == (3, 2)


def test_where_more_is_better_the_largest_median_wins():
    found = tuned(SCORE, [run(0.5, s) for s in (0.1, 0.9, 0.2)], [1.0, 2.0, 3.0], 1)
    assert found.summary["learning_rate"] == 2.0


def test_a_choice_among_diverged_runs_is_said():
    found = tuned(LOSS, [run(float("inf"))] * 2, [1.0, 2.0], 1)
    assert found.status == "diverged"


def test_a_cell_computed_twice_gives_the_same_bits():
    key = {**SMALL, "kind": "train", "learning_rate": 1e-2, "seeds": [0, 1]}
    one, two = (execute(key, {}, quiet) for _ in range(2))
    assert one.summary == two.summary
    assert all(one.arrays[n].tobytes() == two.arrays[n].tobytes() for n in one.arrays)


def test_test_runs_take_the_rate_that_was_chosen():
    key = {**SMALL, "kind": "tune", "learning_rates": [1e-9, 1e-2], "seeds": [0, 1],
           "metric": "", "role": "tuning",
           "settings": {"width": 6, "depth": 3, "rounds": 30}}  # fmt: skip
    outcome = execute(key, {}, quiet)
    assert outcome.summary["learning_rate"] == 1e-2
    test = {**SMALL, "kind": "train", "learning_rate": {"chosen_by": "t"}, "seeds": [0]}
    assert execute(test, {"t": outcome.summary}, quiet).summary["learning_rate"] == 1e-2


def test_shapes_hold_value_and_slope():
    outcome = execute({"kind": "shape", "activation": ACTIVATION}, {}, quiet)
    x, value, slope = (outcome.arrays[name] for name in ("x", "value", "slope"))
    np.testing.assert_array_equal(value, np.maximum(x, 0))
    np.testing.assert_array_equal(slope, x > 0)


def test_unknown_task_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'twenty-one-pairs'"):
        task_named("twenty-two-pairs")


def test_a_users_task_is_an_object_in_a_module(tmp_path, monkeypatch):
    (tmp_path / "their_tasks.py").write_text(
        "from actlab.lab.task import *\n"
        "def run(batch):\n"
        "    return [Run({'m': 1.0}) for _ in batch.seeds for _ in batch.rates]\n"
        "TASK = Task('theirs', 'T', '', 1, Settings, (Metric('m', 'M', 'higher', 0.0),), run)\n"
        "NUMBER = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    key = {**SMALL, "task": "their_tasks:TASK", "settings": {}, "kind": "train",
           "learning_rate": 1.0, "seeds": [0, 1]}  # fmt: skip
    assert execute(key, {}, quiet).summary["metrics"] == {"m": [1.0, 1.0]}
    with pytest.raises(TypeError, match="must be an actlab.lab.Task, got int"):
        task_named("their_tasks:NUMBER")
    with pytest.raises(ValueError, match="unknown task in their_tasks 'TASKS'; did you mean"):
        task_named("their_tasks:TASKS")


def test_a_task_that_gives_too_few_runs_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "short_tasks.py").write_text(
        "from actlab.lab.task import *\n"
        "TASK = Task('s', 'T', '', 1, Settings, (Metric('m', 'M', 'higher', 0.0),), "
        "lambda batch: [])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    key = {**SMALL, "task": "short_tasks:TASK", "settings": {}, "kind": "train",
           "learning_rate": 1.0, "seeds": [0]}  # fmt: skip
    with pytest.raises(RuntimeError, match="gave 0 runs, not 1"):
        execute(key, {}, quiet)
