"""The 21 pairs: the data, what counts as diverged, how a learning rate is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.tasks import execute, task_named
from actlab.lab.tasks.twenty_one_pairs import FLOOR, capped_final, facts, has_diverged, pairs

ACTIVATION = {"name": "relu", "params": {}, "source": ""}
SMALL = {
    **facts(),
    "model": "stacked",
    "width": 6,
    "depth": 3,
    "rounds": 4,
    "init": {"scheme": "own", "weight": 1.0, "bias": 0.0},
    "activation": ACTIVATION,
    "role": "test",
}


def quiet(share: float) -> None:
    pass


def test_the_data_are_even_and_the_constant_predictor_is_at_the_floor():
    x, y = pairs().T
    assert len(x) == 21
    np.testing.assert_array_equal(y, y[::-1])
    z = (y - y.mean()) / y.std(ddof=1)
    assert (z**2).mean() == pytest.approx(FLOOR, abs=1e-15)


def test_diverged_runs_take_the_floor_and_so_do_worse_ones():
    losses = np.array([[1.0, 0.5], [1.0, np.nan], [np.inf, 0.1], [1.0, 2.0], [1.0, 99.0]])
    assert has_diverged(losses).tolist() == [False, True, True, False, True]
    assert capped_final(losses).tolist() == [0.5, FLOOR, FLOOR, FLOOR, FLOOR]


def test_single_and_stacked_cells_agree():
    keys = [{**SMALL, "kind": "train", "learning_rate": 1e-2, "seeds": [0, 1], "model": model}
            for model in ("single", "stacked")]  # fmt: skip
    one, two = (execute(key, {}, quiet) for key in keys)
    np.testing.assert_allclose(one.arrays["losses"], two.arrays["losses"], rtol=1e-4)
    assert one.status == two.status == "done"


def test_a_cell_computed_twice_gives_the_same_bits():
    key = {**SMALL, "kind": "train", "learning_rate": 1e-2, "seeds": [0, 1]}
    one, two = (execute(key, {}, quiet) for _ in range(2))
    assert one.summary == two.summary
    assert all(one.arrays[n].tobytes() == two.arrays[n].tobytes() for n in one.arrays)


def test_the_learning_rate_with_the_lowest_median_is_chosen():
    key = {**SMALL, "kind": "tune", "learning_rates": [1e-9, 1e-2], "seeds": [0, 1], "rounds": 30}
    outcome = execute(key, {}, quiet)
    assert outcome.summary["learning_rate"] == 1e-2
    assert outcome.summary["at_edge"] is True
    test = {**SMALL, "kind": "train", "learning_rate": {"chosen_by": "t"}, "seeds": [0]}
    assert execute(test, {"t": outcome.summary}, quiet).summary["learning_rate"] == 1e-2


def test_when_everything_diverges_the_cell_says_so():
    init = {"scheme": "own", "weight": 1e30, "bias": 0.0}
    key = {**SMALL, "kind": "train", "learning_rate": 1e-2, "seeds": [0], "init": init}
    outcome = execute(key, {}, quiet)
    assert outcome.status == "diverged"
    assert outcome.summary["final"] == [FLOOR]
    assert outcome.summary["diverged"] == [True]


def test_shapes_hold_value_and_slope():
    outcome = execute({**facts(), "kind": "shape", "activation": ACTIVATION}, {}, quiet)
    x, value, slope = (outcome.arrays[name] for name in ("x", "value", "slope"))
    np.testing.assert_array_equal(value, np.maximum(x, 0))
    np.testing.assert_array_equal(slope, x > 0)


def test_unknown_task_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'twenty-one-pairs'"):
        task_named("twenty-two-pairs")
