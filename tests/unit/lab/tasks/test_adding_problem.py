"""The adding problem: its sequences, and a network that learns or cannot."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets.sequences import AHEAD, CONSTANT_ERROR, Stream, adding
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.adding_problem import SOLVED, TASK

RELU = Arm("relu", {}, "relu", Init())


def runs(arm: Arm = RELU, rate: float = 1e-2, **settings) -> list[Run]:
    chosen = TASK.settings.model_validate({**TASK.trial, **settings})
    return list(TASK.run(Batch(arm, chosen, (0, 1), (rate,))))


@pytest.mark.parametrize("length", [2, 7, 20])
def test_one_number_in_each_half_is_marked_and_the_target_is_their_sum(length):
    x, y = adding(np.random.Generator(np.random.Philox(key=1)), 500, length)
    marks = x[..., 1]
    assert np.isin(marks, (0.0, 1.0)).all()
    assert (marks[:, : length // 2].sum(1) == 1).all()
    assert (marks[:, length // 2 :].sum(1) == 1).all()
    np.testing.assert_allclose((x[..., 0] * marks).sum(1), y[:, 0], rtol=1e-6)
    assert 0.0 <= x[..., 0].min() <= x[..., 0].max() < 1.0


def test_the_best_constant_guess_is_one_with_the_known_error():
    _, y = adding(np.random.Generator(np.random.Philox(key=1)), 50_000, 10)
    assert y.mean() == pytest.approx(1.0, abs=0.01)
    assert y.var() == pytest.approx(CONSTANT_ERROR, rel=0.02)


def test_every_step_of_a_stream_has_new_sequences_and_asking_again_gives_the_same():
    def stream() -> Stream:
        return Stream(Start(RELU, (0, 1), copies=2), "s", lambda d, n: adding(d, n, 4), 3)

    first, second = stream(), stream()
    seen = [first.at(step)[0] for step in range(AHEAD + 2)]
    assert seen[0].shape == (4, 3, 4, 2)
    for step in (AHEAD + 1, 0, 5):
        assert seen[step].equal(second.at(step)[0])
    assert not any(seen[0].equal(other) for other in seen[1:])
    assert seen[0][0].equal(seen[0][2])
    assert not seen[0][0].equal(seen[0][1])


def test_a_short_sum_is_learned():
    for run in runs(length=4, width=16, steps=300, batch=32):
        assert run.metrics["error"] < 0.1 * CONSTANT_ERROR
        assert run.metrics["solved"] == float(run.metrics["error"] < SOLVED)
        assert not run.diverged


def test_a_cell_that_forgets_cannot_learn_what_lies_far_back():
    """An identity start keeps what came in; a state that is halved at every step does not."""
    halving = Arm("leaky_relu", {"negative_slope": 0.5}, "halving", Init("own", 0.5, 0.0))
    settings = {"length": 20, "width": 16, "steps": 150, "batch": 32}
    kept = runs(recurrence="identity", rate=3e-3, **settings)
    lost = runs(halving, recurrence="orthogonal", rate=3e-3, **settings)
    assert max(r.metrics["error"] for r in kept) < min(r.metrics["error"] for r in lost)


def test_nothing_is_solved_at_a_rate_of_next_to_nothing():
    for run in runs(rate=1e-12):
        assert run.metrics["solved"] == 0.0
        assert run.metrics["area"] <= np.log10(CONSTANT_ERROR)
