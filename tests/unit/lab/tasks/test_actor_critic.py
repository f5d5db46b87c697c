"""Reinforcement learning: advantages by hand, luck shared by all, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.conduct import prepare
from actlab.lab.datasets.classic_control import ENVIRONMENTS
from actlab.lab.models.actor_critic import ActorCritic, Stage
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.actor_critic import MOST_STEPS, TASK, _Learning, _run, _scaled

CARTPOLE = ENVIRONMENTS["cartpole"]
NUMBERS = {"discount": 0.9, "decay": 0.8, "scale": 1.0}


def stage_and_net(kind=CARTPOLE, seeds=(0,), copies=1, count=3, scheme="default"):
    start = Start(Arm("tanh", {}, "tanh", Init(scheme, 1.0, 0.0)), seeds, copies)
    net = ActorCritic(start, kind.observed, kind.actions, width=8, depth=1)
    return Stage(start, kind, count, **NUMBERS), net


def constant_value(net: ActorCritic, value: float) -> None:
    with torch.no_grad():
        net.value[-1].weight.zero_()
        net.value[-1].bias.fill_(value)


def never(state, action):
    return state, np.zeros(len(state), dtype=bool)


def test_advantages_without_ends_by_hand():
    kind = replace(CARTPOLE, step=never)
    stage, net = stage_and_net(kind)
    constant_value(net, 2.0)
    played = stage.play(net, 2, 0)
    surprise = 1.0 + 0.9 * 2.0 - 2.0
    np.testing.assert_allclose(played.advantages[0, 1], surprise, rtol=1e-6)
    np.testing.assert_allclose(played.advantages[0, 0], surprise * (1 + 0.9 * 0.8), rtol=1e-6)
    np.testing.assert_allclose(played.targets, played.advantages + 2.0, rtol=1e-6)


def test_nothing_is_expected_after_an_end():
    kind = replace(CARTPOLE, step=lambda s, a: (s, np.ones(len(s), dtype=bool)))
    stage, net = stage_and_net(kind)
    constant_value(net, 2.0)
    played = stage.play(net, 3, 0)
    np.testing.assert_allclose(played.advantages, 1.0 - 2.0, rtol=1e-6)
    assert stage.returns == [[1.0] * 9]


def test_what_was_expected_counts_where_the_clock_cuts_an_episode_off():
    kind = replace(CARTPOLE, step=never, limit=2)
    stage, net = stage_and_net(kind)
    constant_value(net, 2.0)
    played = stage.play(net, 4, 0)
    surprise = 1.0 + 0.9 * 2.0 - 2.0
    # Advantages do not reach across the cut: the second step of each episode stands alone.
    np.testing.assert_allclose(played.advantages[0, [1, 3]], surprise, rtol=1e-6)
    np.testing.assert_allclose(played.advantages[0, [0, 2]], surprise * 1.72, rtol=1e-6)
    assert stage.returns == [[2.0] * 6]


def test_first_states_of_every_episode_are_the_seeds_own():
    kind = replace(CARTPOLE, step=lambda s, a: (s, np.ones(len(s), dtype=bool)))
    stage, net = stage_and_net(kind, seeds=(0, 1), copies=2)
    other, _ = stage_and_net(kind, seeds=(1,))
    for turn in range(70):  # beyond the first 64 that are drawn at once
        np.testing.assert_array_equal(stage.state[:2], stage.state[2:])
        np.testing.assert_array_equal(stage.state[1], other.state[0])
        assert not np.array_equal(stage.state[0], stage.state[1])
        before = stage.state.copy()
        stage.play(net, 1, turn)
        other.play(ActorCritic(other.start, 4, 2, width=8, depth=1), 1, turn)
        assert not np.array_equal(before, stage.state)


def test_actions_follow_the_chances():
    stage, net = stage_and_net(count=400)
    with torch.no_grad():
        net.policy[-1].weight.zero_()
        net.policy[-1].bias.copy_(torch.tensor([0.2, 0.8]).log())
    played = stage.play(net, 5, 0)
    assert float(played.taken.float().mean()) == pytest.approx(0.8, abs=0.03)


def test_steps_until_solved_are_read_off_the_returns():
    batch = Batch(Arm("relu"), TASK.settings(budget=2560, width=4), (0,), (1e-3,))
    learning = _Learning(batch)
    assert learning.each == 128
    assert learning.updates == 20
    learning.entropy[:] = np.linspace(0.6, 0.41, 20)
    learning.explained[:] = 0.5
    learning.returns[0] = [np.nan] * 5 + [100.0] * 7 + [480.0] * 8
    run = _run(learning, 0, np.zeros(20))
    assert run.metrics["steps"] == 13 * 128
    assert run.metrics["solved"] == 1.0
    assert run.metrics["entropy_change"] == pytest.approx(0.01)
    assert run.metrics["explained"] == 0.5
    assert run.metrics["mean_return"] == pytest.approx((700 + 8 * 480) / 20 / 475)
    learning.returns[0] = 470.0
    unsolved = _run(learning, 0, np.zeros(20))
    assert unsolved.metrics["steps"] == 2560
    assert unsolved.metrics["solved"] == 0.0
    assert TASK.metric("steps").worst == MOST_STEPS


def test_returns_are_scaled_between_nothing_and_solved():
    assert _scaled(CARTPOLE, 475.0) == 1.0
    assert _scaled(ENVIRONMENTS["acrobot"], -500.0) == 0.0
    assert _scaled(ENVIRONMENTS["acrobot"], -100.0) == 1.0


def test_cartpole_is_learned():
    settings = TASK.settings(budget=30_000, width=32)
    runs = TASK.run(Batch(Arm("relu"), settings, (0, 1), (3e-3,)))
    for run in runs:
        _, returns = run.curves["returns"]
        assert max(returns) > 120.0  # random play returns about 22
        assert run.metrics["explained"] > 0.3


def test_a_rate_of_nothing_learns_nothing():
    settings = TASK.settings(budget=6000, width=16)
    (run,) = TASK.run(Batch(Arm("relu"), settings, (0,), (1e-12,)))
    _, returns = run.curves["returns"]
    assert max(returns) < 60.0
    assert run.metrics["solved"] == 0.0


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_the_study_can_be_planned(tier):
    assert "cartpole" in {cell.part for cell in prepare("claims-t10", tier=tier).cells}
