"""Gymnasium's CartPole-v1, Acrobot-v1 and MountainCar-v0, many environments at once.

The dynamics are those of gymnasium 1.x in double precision; a test holds every environment against
gymnasium's own, step by step. One call here moves all environments of all runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Name = Literal["cartpole", "acrobot", "mountain-car"]
Array: TypeAlias = "npt.NDArray[np.float64]"
Actions: TypeAlias = "npt.NDArray[np.int64]"
Ended: TypeAlias = "npt.NDArray[np.bool_]"


@dataclass(frozen=True)
class Environment:
    """Something to be controlled; states are ``(n, ...)`` for n environments.

    Args:
        gymnasium: the name that ``gymnasium.make`` knows it by.
        actions: how many there are.
        observed: numbers of an observation.
        drawn: uniform numbers that a first state is made from.
        limit: steps after which an episode is cut off.
        solved: the mean return at which gymnasium calls it solved.
        least: the return of an episode in which nothing is achieved.
        first: states from uniform draws in [0, 1), ``(n, drawn)``.
        step: states and actions to next states and whether these end the episode.
        observe: what the controller sees, in single precision.
        reward: of a step, by whether it ended the episode.
    """

    gymnasium: str
    actions: int
    observed: int
    drawn: int
    limit: int
    solved: float
    least: float
    first: Callable[[Array], Array]
    step: Callable[[Array, Actions], tuple[Array, Ended]]
    observe: Callable[[Array], npt.NDArray[np.float32]]
    reward: Callable[[Ended], Array]


def _as_seen(state: Array) -> npt.NDArray[np.float32]:
    return state.astype(np.float32)


def _cartpole_first(draws: Array) -> Array:
    return -0.05 + 0.1 * draws


def _cartpole_step(state: Array, action: Actions) -> tuple[Array, Ended]:
    gravity, pole, total, length, tau = 9.8, 0.1, 1.1, 0.5, 0.02
    x, x_dot, theta, theta_dot = state.T
    force = np.where(action == 1, 10.0, -10.0)
    cosine, sine = np.cos(theta), np.sin(theta)
    pushed = (force + pole * length * np.square(theta_dot) * sine) / total
    theta_acc = (gravity * sine - cosine * pushed) / (
        length * (4.0 / 3.0 - pole * np.square(cosine) / total)
    )
    x_acc = pushed - pole * length * theta_acc * cosine / total
    moved = np.stack(
        [
            x + tau * x_dot,
            x_dot + tau * x_acc,
            theta + tau * theta_dot,
            theta_dot + tau * theta_acc,
        ],
        axis=1,
    )
    # Written so that a state that is not a number has ended.
    upright = (np.abs(moved[:, 0]) <= 2.4) & (np.abs(moved[:, 2]) <= 12 * 2 * np.pi / 360)
    return moved, ~upright


def _acrobot_first(draws: Array) -> Array:
    return (-0.1 + 0.2 * draws).astype(np.float32).astype(np.float64)


def _acrobot_rate(state: Array, torque: Array) -> Array:
    theta1, theta2, dtheta1, dtheta2 = state
    # Links of length and mass 1, centres of mass half-way, moments of inertia 1.
    d1 = 0.25 + (1.25 + np.cos(theta2)) + 2.0
    d2 = (0.25 + 0.5 * np.cos(theta2)) + 1.0
    phi2 = 0.5 * 9.8 * np.cos(theta1 + theta2 - np.pi / 2)
    phi1 = (
        -0.5 * dtheta2**2 * np.sin(theta2)
        - dtheta2 * dtheta1 * np.sin(theta2)
        + 1.5 * 9.8 * np.cos(theta1 - np.pi / 2)
        + phi2
    )
    ddtheta2 = (torque + d2 / d1 * phi1 - 0.5 * dtheta1**2 * np.sin(theta2) - phi2) / (
        1.25 - d2**2 / d1
    )
    return np.stack([dtheta1, dtheta2, -(d2 * ddtheta2 + phi1) / d1, ddtheta2])


def _acrobot_step(state: Array, action: Actions) -> tuple[Array, Ended]:
    dt, torque, start = 0.2, action.astype(np.float64) - 1.0, state.T
    k1 = _acrobot_rate(start, torque)
    k2 = _acrobot_rate(start + dt / 2 * k1, torque)
    k3 = _acrobot_rate(start + dt / 2 * k2, torque)
    k4 = _acrobot_rate(start + dt * k3, torque)
    moved = start + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    angles = moved[:2]
    turns = np.where(angles > np.pi, -np.ceil((angles - np.pi) / (2 * np.pi)), 0.0)
    turns += np.where(angles < -np.pi, np.ceil((-np.pi - angles) / (2 * np.pi)), 0.0)
    moved[:2] = angles + 2 * np.pi * turns
    moved[2] = np.clip(moved[2], -4 * np.pi, 4 * np.pi)
    moved[3] = np.clip(moved[3], -9 * np.pi, 9 * np.pi)
    high = -np.cos(moved[0]) - np.cos(moved[1] + moved[0]) > 1.0
    return moved.T, high


def _acrobot_seen(state: Array) -> npt.NDArray[np.float32]:
    theta1, theta2, dtheta1, dtheta2 = state.T
    seen = [np.cos(theta1), np.sin(theta1), np.cos(theta2), np.sin(theta2), dtheta1, dtheta2]
    return np.stack(seen, axis=1).astype(np.float32)


def _mountain_first(draws: Array) -> Array:
    return np.concatenate([-0.6 + 0.2 * draws, np.zeros_like(draws)], axis=1)


def _mountain_step(state: Array, action: Actions) -> tuple[Array, Ended]:
    position, velocity = state.T
    velocity = velocity + (action - 1) * 0.001 + np.cos(3 * position) * -0.0025
    velocity = np.clip(velocity, -0.07, 0.07)
    position = np.clip(position + velocity, -1.2, 0.6)
    velocity = np.where((position == -1.2) & (velocity < 0), 0.0, velocity)
    return np.stack([position, velocity], axis=1), (position >= 0.5) & (velocity >= 0.0)


def _one_each(ended: Ended) -> Array:
    return np.ones(ended.shape)


def _minus_one_until_the_end(ended: Ended) -> Array:
    return np.where(ended, 0.0, -1.0)


def _minus_one_each(ended: Ended) -> Array:
    return np.full(ended.shape, -1.0)


ENVIRONMENTS: Mapping[Name, Environment] = MappingProxyType(
    {
        "cartpole": Environment(
            "CartPole-v1", 2, 4, 4, 500, 475.0, 0.0,
            _cartpole_first, _cartpole_step, _as_seen, _one_each,
        ),
        "acrobot": Environment(
            "Acrobot-v1", 3, 6, 4, 500, -100.0, -500.0,
            _acrobot_first, _acrobot_step, _acrobot_seen, _minus_one_until_the_end,
        ),
        "mountain-car": Environment(
            "MountainCar-v0", 3, 2, 1, 200, -110.0, -200.0,
            _mountain_first, _mountain_step, _as_seen, _minus_one_each,
        ),
    }
)  # fmt: skip
