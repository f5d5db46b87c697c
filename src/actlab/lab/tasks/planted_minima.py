"""Escape from a small deep hole into a wide minimum, both planted behind the function.

A point t in the plane is seen through the function only, h = f(t), number by number. The loss in h
is a narrow deep well around c, a wide one to the right of it, and a weak pull towards the wide one:

    V(h) = -D exp(-|h - c|^2 / 2 s^2) - W exp(-|h - w|^2 / 2 r^2) + k |h - w|^2 / 2

with c = (f(1), f(1)) and w = c + (2, 2): the hole lies where PowerLU, and ExpoLU with b = 1, jump
in slope. To its right every function of slope 1 sees the same landscape; what differs is the side
below the jump. Points move as in stochastic gradient descent with noise in h,
t <- t - rate f'(t) (grad V(h) + noise).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.arm import Arm
from actlab.lab.models.layers import Activate
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

HOLE = 1.0
"""Where the hole is in t, in both directions: f is taken from here on."""

APART = 2.0
"""How far from the hole the wide minimum is in h, in both directions."""

DEEP, NARROW = 1.0, 0.25
FLAT, WIDE = 0.5, 1.0
PULL = 0.05
INSIDE = 2.0 * NARROW
"""Points closer to the hole than this, in h, are in it."""

POINTS = 120
NODES = 64
"""Points of the quadrature over which slopes are averaged."""


class PlantedSettings(Settings):
    """Where the points begin, and how they move."""

    begin: Literal["hole", "around"] = "hole"
    """``hole``: in it. ``around``: anywhere in the square of side 6 around (1, 1)."""
    points: int = Field(default=200, ge=1, le=100_000)
    """Points of a run."""
    steps: int = Field(default=400, ge=1, le=1_000_000)
    noise: float = Field(default=4.0, ge=0.0, le=1e6)
    """Standard deviation of the noise in the gradient."""
    matched: bool = False
    """Divide the rate by the mean squared slope around the hole, so that steps are alike."""


def run(batch: Batch) -> Sequence[Run]:
    """Let the points of every run move and count those in the hole."""
    settings: PlantedSettings = batch.settings
    start = Start.of(batch)
    function = Activate(start.arm, start.runs, 2)
    rates = torch.as_tensor(np.array(batch.rates, dtype=np.float32)).repeat_interleave(
        len(batch.seeds)
    )[:, None, None]
    if settings.matched:
        rates = rates / mean_square_slope(start.arm)
    t = _first(start, settings)
    hole = _value_at_hole(function, start)
    shares = []
    for step in range(settings.steps):
        shares.append(inside(function(t), hole).mean(1))
        noise = settings.noise * start.normal(f"noise {step}", settings.points, 2)
        t = (t - rates * _pull(function, t, hole, noise)).detach()
        batch.tick((step + 1) / settings.steps)
    h = function(t).detach()
    shares.append(inside(h, hole).mean(1))
    kept = 100.0 * torch.stack(shares, dim=1).detach().cpu().numpy()
    at = np.unique(np.linspace(0, settings.steps, min(POINTS, settings.steps + 1)).round())
    found = 100.0 * (_distance(h, hole + APART) < APART / 2).double().mean(1).cpu().numpy()
    lost = ~torch.isfinite(t).flatten(1).all(1).cpu().numpy()
    return [
        Run(
            metrics={"escaped": 100.0 - kept[i, -1], "found": found[i]},
            diverged=bool(lost[i]),
            curves={"inside": (at, kept[i, at.astype(int)])},
        )
        for i in range(start.runs)
    ]


def landscape(h: Tensor, hole: Tensor) -> Tensor:
    """The loss at every point, ``(runs, points)``.

    Args:
        h: ``(runs, points, 2)``.
        hole: f at the hole, ``(runs, 1, 2)``.
    """
    near, far = (h - hole).square().sum(-1), (h - hole - APART).square().sum(-1)
    wells = DEEP * torch.exp(-near / (2 * NARROW**2)) + FLAT * torch.exp(-far / (2 * WIDE**2))
    return PULL * far / 2 - wells


def inside(h: Tensor, hole: Tensor) -> Tensor:
    """Whether each point is in the hole, 0 or 1, ``(runs, points)``."""
    return (_distance(h, hole) < INSIDE).double()


def mean_square_slope(arm: Arm) -> float:
    """E f'(t)^2 for t ~ N(1, 1/4) in one direction, by the midpoints of equal shares.

    The spread is about that of points that are kicked out of the hole.
    """
    shares = (torch.arange(NODES, dtype=torch.float64) + 0.5) / NODES
    t = (HOLE + 0.5 * math.sqrt(2.0) * torch.erfinv(2 * shares - 1)).requires_grad_(True)
    (slope,) = torch.autograd.grad(arm(t).sum(), t)
    return float(slope.square().mean())


def _distance(h: Tensor, place: Tensor) -> Tensor:
    return (h - place).norm(dim=-1)


def _pull(function: Activate, t: Tensor, hole: Tensor, noise: Tensor) -> Tensor:
    """The noisy gradient in t: noise is added in h, so it passes through the slope as well."""
    t = t.requires_grad_(True)
    h = function(t)
    (grad,) = torch.autograd.grad((landscape(h, hole).sum() + (noise * h).sum()), t)
    return grad


def _value_at_hole(function: Activate, start: Start) -> Tensor:
    with torch.no_grad():
        return function(torch.full((start.runs, 1, 2), HOLE))


def _first(start: Start, settings: PlantedSettings) -> Tensor:
    if settings.begin == "hole":
        return HOLE + 0.1 * NARROW * start.normal("begin", settings.points, 2)
    return HOLE + 3.0 * start.uniform("begin", settings.points, 2)


def _seconds(settings: PlantedSettings) -> float:
    return settings.steps * (4e-5 + 2e-7 * settings.points)


TASK = Task(
    name="planted-minima",
    title="A small deep hole and a wide minimum",
    about=(
        "200 points in the plane, seen through the function, in a loss with a narrow deep well at "
        "the place where PowerLU jumps in slope and a wide shallow one beside it; stochastic "
        "gradient descent with noise. No network, so neither initialisation nor learned parameters "
        "matter."
    ),
    version=1,
    settings=PlantedSettings,
    metrics=(
        Metric("escaped", "points outside of the hole at the end", "higher", 0.0, unit="pp"),
        Metric("found", "points in the wide minimum at the end", "higher", 0.0, unit="pp"),
    ),
    run=run,
    curves=(Curve("inside", "points in the hole in percent"),),
    seconds=_seconds,
    trial={"points": 50, "steps": 40, "noise": 100.0},
    any_device=True,
)
