"""Policies with a critic beside them, and the episodes that they play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actlab.lab.datasets.classic_control import Environment
from actlab.lab.models.layers import Activate, Linear
from actlab.lab.models.start import Start

HEAD = 0.01
"""Factor on the first weights of the policy's output, so that it begins close to even chances."""


class ActorCritic(nn.Module):
    """Two perceptrons, of a policy and of a value, that share nothing.

    Args:
        start: where the parameters come from; its arm is the function of both.
        inputs: numbers of an observation.
        actions: how many there are.
        width: units of a hidden layer.
        depth: hidden layers of each.
    """

    def __init__(self, start: Start, inputs: int, actions: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.policy = _network(start, "policy", inputs, actions, width, depth, HEAD)
        self.value = _network(start, "value", inputs, 1, width, depth, 1.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``(runs, n, inputs)`` to log chances ``(runs, n, actions)`` and values ``(runs, n)``."""
        return self.policy(x).log_softmax(-1), self.expected(x)

    def expected(self, x: Tensor) -> Tensor:
        """``(runs, n, inputs)`` to values ``(runs, n)``."""
        return self.value(x)[..., 0]


def _network(
    start: Start, name: str, inputs: int, outputs: int, width: int, depth: int, head: float
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(depth):
        place = "first" if index == 0 else "hidden"
        fan_in = inputs if index == 0 else width
        layers.append(Linear(start, f"{name} {index}", fan_in, width, place=place))
        layers.append(Activate(start.arm, start.runs, width))
    layers.append(Linear(start, f"{name} out", width, outputs, place="last", gain=head))
    return nn.Sequential(*layers)


@dataclass(frozen=True)
class Rollout:
    """What happened in some steps of every environment; ``(runs, steps, environments)`` each.

    Args:
        seen: observations, with a last dimension of numbers.
        taken: actions.
        targets: what the critic should have said.
        advantages: how much better things went than the critic had said.
    """

    seen: Tensor
    taken: Tensor
    targets: Tensor
    advantages: Tensor


class Stage:
    """The environments of every run, side by side, and what has been reached in them.

    First states and the chances that decide on actions are drawn per seed: all functions and rates
    of a seed meet the same luck.

    Args:
        start: its seeds and role fix the draws.
        kind: what is controlled.
        count: environments of a run.
        discount: of a reward one step later.
        decay: of an advantage one step later, besides.
        scale: factor on rewards, so that what the critic learns is of the order of one.
    """

    def __init__(
        self,
        start: Start,
        kind: Environment,
        count: int,
        *,
        discount: float,
        decay: float,
        scale: float,
    ) -> None:
        self.start, self.kind, self.count = start, kind, count
        self.discount, self.decay, self.scale = discount, decay, scale
        self.begun = np.zeros((start.runs, count), dtype=np.int64)
        self.age = np.zeros((start.runs, count), dtype=np.int64)
        self.gained = np.zeros((start.runs, count))
        self.returns: list[list[float]] = [[] for _ in range(start.runs)]
        self._firsts = np.empty((start.runs, count, 0, kind.drawn))
        self.state = self._begin(np.ones((start.runs, count), dtype=bool))

    def _begin(self, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """First states of the next episodes of the environments at ``where``, in their order."""
        while self.begun.max() >= self._firsts.shape[2]:
            self._firsts = np.concatenate([self._firsts, self._more()], axis=2)
        run, place = np.nonzero(where)
        draws = self._firsts[run, place, self.begun[where]]
        self.begun[where] += 1
        first = self.kind.first(draws)
        if where.all():
            first = first.reshape(*where.shape, -1)
        return first

    def _more(self) -> npt.NDArray[np.float64]:
        chunk = self._firsts.shape[2]
        rows = [
            self.start.generator(seed, "first states", chunk).random(
                (self.count, 64, self.kind.drawn)
            )
            for seed in self.start.seeds
        ]
        return np.tile(np.stack(rows), (self.start.copies, 1, 1, 1))

    def observe(self) -> Tensor:
        """What every controller sees now, ``(runs, environments, observed)``."""
        flat = self.kind.observe(self.state.reshape(-1, self.state.shape[-1]))
        return torch.as_tensor(flat.reshape(*self.state.shape[:2], -1))

    @torch.no_grad()
    def play(self, net: ActorCritic, steps: int, number: int) -> Rollout:
        """Let every run act for so many steps.

        Args:
            net: decides, and says what it expects.
            steps: in every environment.
            number: of this rollout, counted from 0; it fixes the luck.
        """
        shape = (self.start.runs, steps, self.count)
        luck = self._luck(number, steps)
        seen = torch.empty(*shape, self.kind.observed)
        taken = torch.empty(shape, dtype=torch.int64)
        said, rewards, after, kept = (np.zeros(shape) for _ in range(4))
        for step in range(steps):
            seen[:, step] = self.observe()
            chances, value = net(seen[:, step])
            action = (luck[:, step, :, None] > chances.exp().cumsum(-1)[..., :-1]).sum(-1)
            taken[:, step], said[:, step] = action, value.cpu().numpy()
            if step:
                after[:, step - 1] += kept[:, step - 1] * said[:, step]
            rewards[:, step], ended = self._move(action.cpu().numpy())
            cut = (self.age >= self.kind.limit) & ~ended
            if cut.any():
                # An episode cut off by the clock would have gone on: what was expected counts.
                after[:, step][cut] = net.expected(self.observe()).cpu().numpy()[cut]
            kept[:, step] = np.where(ended | cut, 0.0, 1.0)
            self._finish(ended | cut)
        after[:, -1] += kept[:, -1] * net.expected(self.observe()).cpu().numpy()
        surprise = self.scale * rewards + self.discount * after - said
        advantages = np.empty(shape)
        carried = np.zeros((self.start.runs, self.count))
        for step in reversed(range(steps)):
            carried = surprise[:, step] + self.discount * self.decay * kept[:, step] * carried
            advantages[:, step] = carried
        return Rollout(
            seen,
            taken,
            torch.as_tensor((advantages + said).astype(np.float32)),
            torch.as_tensor(advantages.astype(np.float32)),
        )

    def _luck(self, number: int, steps: int) -> Tensor:
        return self.start.repeated(
            [
                self.start.generator(seed, "luck", number).random(
                    (steps, self.count), dtype="float32"
                )
                for seed in self.start.seeds
            ]
        )

    def _move(
        self, action: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        flat, ended = self.kind.step(
            self.state.reshape(-1, self.state.shape[-1]), action.reshape(-1)
        )
        self.state = flat.reshape(self.state.shape).copy()
        ended = ended.reshape(action.shape)
        reward = self.kind.reward(ended)
        self.gained += reward
        self.age += 1
        return reward, ended

    def _finish(self, over: npt.NDArray[np.bool_]) -> None:
        """Note the returns of episodes that are over, and begin others in their place."""
        if not over.any():
            return
        for run, gained in zip(np.nonzero(over)[0], self.gained[over], strict=True):
            self.returns[run].append(float(gained))
        self.gained[over], self.age[over] = 0.0, 0
        fresh = self._begin(over)
        if over.all():
            fresh = fresh.reshape(-1, self.state.shape[-1])
        self.state[over] = fresh
