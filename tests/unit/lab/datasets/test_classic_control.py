"""The environments are gymnasium's, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.datasets.classic_control import ENVIRONMENTS

gymnasium = pytest.importorskip("gymnasium")


@pytest.fixture(params=sorted(ENVIRONMENTS))
def pair(request):
    kind = ENVIRONMENTS[request.param]
    theirs = gymnasium.make(kind.gymnasium)
    yield kind, theirs
    theirs.close()


def test_numbers_are_those_of_its_specification(pair):
    kind, theirs = pair
    assert kind.limit == theirs.spec.max_episode_steps
    assert kind.solved == theirs.spec.reward_threshold
    assert kind.actions == theirs.action_space.n
    assert (kind.observed,) == theirs.observation_space.shape


def test_every_step_is_the_same(pair):
    kind, theirs = pair
    rng = np.random.default_rng(0)
    ended = cut = 0
    for episode in range(5):
        seen, _ = theirs.reset(seed=episode)
        state = np.array(theirs.unwrapped.state, dtype=np.float64)[None]
        np.testing.assert_array_equal(kind.observe(state)[0], seen)
        action = int(rng.integers(kind.actions))
        for step in range(kind.limit):
            if rng.random() < 0.3:
                action = int(rng.integers(kind.actions))
            seen, reward, over, late, _ = theirs.step(action)
            state, done = kind.step(state, np.array([action]))
            np.testing.assert_allclose(state[0], theirs.unwrapped.state, rtol=0, atol=2e-15)
            np.testing.assert_allclose(kind.observe(state)[0], seen, rtol=1e-6, atol=1e-7)
            assert bool(done[0]) == over
            assert kind.reward(done)[0] == reward
            assert late == (step + 1 == kind.limit)
            state = np.array(theirs.unwrapped.state, dtype=np.float64)[None]
            if over or late:
                break
        ended, cut = ended + over, cut + late
    assert ended + cut == 5


def test_first_states_come_from_the_same_range(pair):
    kind, theirs = pair
    draws = np.random.default_rng(0).random((2000, kind.drawn))
    ours = kind.first(draws)
    starts = []
    for seed in range(300):
        theirs.reset(seed=seed)
        starts.append(theirs.unwrapped.state)
    theirs_all = np.array(starts, dtype=np.float64)
    np.testing.assert_allclose(ours.mean(0), theirs_all.mean(0), atol=0.02)
    np.testing.assert_allclose(ours.std(0), theirs_all.std(0), rtol=0.1)
    np.testing.assert_array_less(np.abs(ours).max(0), np.abs(theirs_all).max(0) * 1.02 + 1e-9)


def test_goals_are_reached_where_they_should_be():
    """Ends that random play seldom or never meets, worked out by hand."""
    _, over = ENVIRONMENTS["mountain-car"].step(
        np.array([[0.49, 0.05], [0.3, 0.05]]), np.array([2, 2])
    )
    assert over.tolist() == [True, False]
    # Both links straight up reach twice their length, over the line at one.
    _, over = ENVIRONMENTS["acrobot"].step(
        np.array([[np.pi, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]), np.array([1, 1])
    )
    assert over.tolist() == [True, False]
    _, over = ENVIRONMENTS["cartpole"].step(np.array([[0.0, 0.0, np.nan, 0.0]]), np.array([0]))
    assert over.tolist() == [True]
