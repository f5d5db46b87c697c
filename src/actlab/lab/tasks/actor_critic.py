"""Learn to control CartPole, Acrobot or MountainCar with a synchronous actor-critic (A2C)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field
from torch import Tensor

from actlab.lab.datasets.classic_control import ENVIRONMENTS, Environment, Name
from actlab.lab.models.actor_critic import ActorCritic, Rollout, Stage
from actlab.lab.models.fit import fit
from actlab.lab.models.measure import thinned
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

DISCOUNT, DECAY, REWARD = 0.99, 0.95, 0.02
VALUE_WEIGHT, ENTROPY_WEIGHT = 0.5, 0.01
CLIP = 0.5
EPISODES = 16
"""Finished episodes over which a return is averaged."""

MOST_STEPS = 10_000_000


class ControlSettings(Settings):
    """What is controlled, by what network, for how long."""

    environment: Name = "cartpole"
    budget: int = Field(default=100_000, ge=1, le=MOST_STEPS)
    """Steps of one environment after another: all environments of a run together."""
    environments: int = Field(default=16, ge=1, le=1024)
    rollout: int = Field(default=8, ge=1, le=1024)
    """Steps of each environment between two updates."""
    width: int = Field(default=64, ge=1, le=8192)
    depth: int = Field(default=2, ge=1, le=100)


class _Learning:
    """One stack of learners: their losses, and what is noted on the way."""

    def __init__(self, batch: Batch) -> None:
        settings: ControlSettings = batch.settings
        self.settings, self.kind = settings, ENVIRONMENTS[settings.environment]
        start = Start.of(batch)
        self.net = ActorCritic(
            start, self.kind.observed, self.kind.actions, width=settings.width, depth=settings.depth
        )
        self.stage = Stage(
            start,
            self.kind,
            settings.environments,
            discount=DISCOUNT,
            decay=DECAY,
            scale=REWARD,
        )
        self.each = settings.environments * settings.rollout
        self.updates = max(1, settings.budget // self.each)
        shape = (start.runs, self.updates)
        self.entropy = np.full(shape, np.nan)
        self.explained = np.full(shape, np.nan)
        self.returns = np.full(shape, np.nan)

    def loss(self, step: int) -> Tensor:
        """Play, then the loss of every run."""
        played = self.stage.play(self.net, self.settings.rollout, step)
        runs = played.taken.shape[0]
        chances, value = self.net(played.seen.reshape(runs, self.each, -1))
        taken = chances.gather(-1, played.taken.reshape(runs, -1, 1))[..., 0]
        entropy = -(chances.exp() * chances).sum(-1).mean(1)
        aim = played.targets.reshape(runs, -1)
        self._note(step, entropy, played)
        gained = (taken * played.advantages.reshape(runs, -1)).mean(1)
        missed = (value - aim).square().mean(1)
        return VALUE_WEIGHT * missed - gained - ENTROPY_WEIGHT * entropy

    def _note(self, step: int, entropy: Tensor, played: Rollout) -> None:
        self.entropy[:, step] = entropy.detach().cpu().numpy()
        aim, surprise = (t.double().flatten(1) for t in (played.targets, played.advantages))
        unexplained = surprise.var(1) / aim.var(1).clamp(min=1e-12)
        self.explained[:, step] = (1 - unexplained).clamp(min=-1.0).cpu().numpy()
        for run, returns in enumerate(self.stage.returns):
            if len(returns) >= EPISODES:
                self.returns[run, step] = np.mean(returns[-EPISODES:])


def run(batch: Batch) -> Sequence[Run]:
    """Let every run play and learn until its steps are used up."""
    learning = _Learning(batch)
    losses = fit(learning.loss, learning.net.parameters(), batch, learning.updates, clip=CLIP)
    return [_run(learning, i, losses[i]) for i in range(losses.shape[0])]


def _run(learning: _Learning, i: int, losses: npt.NDArray[np.floating]) -> Run:
    kind, each = learning.kind, learning.each
    returns = np.where(np.isnan(learning.returns[i]), kind.least, learning.returns[i])
    reached = np.nonzero(returns >= kind.solved)[0]
    steps = (reached[0] + 1) * each if reached.size else MOST_STEPS
    changes = np.abs(np.diff(learning.entropy[i]))
    at, kept = thinned(returns[None])
    where = (at + 1) * each
    return Run(
        metrics={
            "steps": float(min(steps, learning.settings.budget)),
            "solved": float(reached.size > 0),
            "mean_return": _scaled(kind, float(returns.mean())),
            "entropy_change": float(changes.mean()) if changes.size else None,
            "explained": float(learning.explained[i].mean()),
        },
        diverged=not np.isfinite(losses).all(),
        curves={
            "returns": (where, kept[0]),
            "entropy": (where, thinned(learning.entropy[i : i + 1])[1][0]),
        },
    )


def _scaled(kind: Environment, value: float) -> float:
    """A return between 0 where nothing is achieved and 1 where the task counts as solved."""
    return (value - kind.least) / (kind.solved - kind.least)


def _seconds(settings: ControlSettings) -> float:
    return settings.budget * 8e-6


TASK = Task(
    name="actor-critic",
    title="Reinforcement learning: CartPole, Acrobot, MountainCar",
    about=(
        "Gymnasium's CartPole-v1, Acrobot-v1 or MountainCar-v0 (the same dynamics, many at once); "
        "policy and value are perceptrons of their own, trained by advantage actor-critic on short "
        f"rollouts of 16 environments. Solved: the last {EPISODES} episodes return on average what "
        "gymnasium calls solved."
    ),
    version=1,
    settings=ControlSettings,
    metrics=(
        Metric("steps", "environment steps until solved", "lower", MOST_STEPS, "log10"),
        Metric("solved", "share of runs that solve it", "higher", 0.0),
        Metric("mean_return", "mean return over the whole budget, solved = 1", "higher", 0.0),
        Metric("entropy_change", "mean change of the policy's entropy from update to update",
               "lower", math.log(3), "log10"),
        Metric("explained", "mean share of the returns' variance that the critic explains",
               "higher", 0.0, capped=False),
    ),
    run=run,
    curves=(
        Curve("returns", f"mean return of the last {EPISODES} episodes", "environment steps"),
        Curve("entropy", "entropy of the policy", "environment steps"),
    ),
    seconds=_seconds,
    trial={"budget": 1024, "environments": 8, "rollout": 8, "width": 16},
)  # fmt: skip
