"""A generative adversarial network in the plane: does it find all eight pieces?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import softplus

from actlab.lab.datasets import plane
from actlab.lab.models.adversaries import Multilayer, Where, discrepancy, rectified
from actlab.lab.models.fit import StackOptimiser
from actlab.lab.models.measure import POINTS
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

LATENT = 8
MOMENTUM = 0.5
"""Adam's first beta, as is usual where two networks chase each other (Radford et al. 2015)."""

TESTED, COMPARED = 1000, 500
"""Points made in the end, and those of either kind between which distances are taken."""

CHUNK = 100
"""Steps whose draws are made together."""

COVERED = 0.02
"""A piece is covered when so many of the points made lie near it; its fair share is 0.125."""

COLLAPSED = 4
"""A generator that covers so many pieces or fewer has collapsed."""

NOTHING = 1.0
"""Discrepancy of points that all lie in the middle of the ring: nothing has been learned."""


class GanSettings(Settings):
    """What is imitated, by what networks, for how long."""

    data: plane.Name = "ring"
    where: Where = "both"
    """Networks that have the function; a generator that has not is one of ReLU."""
    width: int = Field(default=64, ge=1, le=8192)
    depth: int = Field(default=3, ge=1, le=100)
    steps: int = Field(default=3000, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=100_000)


class _Draws:
    """Latent and real points of every step, the same for all functions of a seed."""

    def __init__(self, start: Start, shape: plane.Shape, size: int) -> None:
        self.start, self.shape, self.size = start, shape, size
        self._chunk = -1
        self._latent = self._real = torch.empty(0)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Latent points for the discriminator's and the generator's turn, and real points."""
        chunk, place = divmod(step, CHUNK)
        if chunk != self._chunk:
            count = CHUNK * self.size
            latent, real = [], []
            for seed in self.start.seeds:
                draw = self.start.generator(seed, "points", chunk)
                latent.append(draw.standard_normal((CHUNK, 2 * self.size, LATENT), dtype="float32"))
                real.append(self.shape.draw(draw, count).reshape(CHUNK, self.size, 2))
            self._latent, self._real = self.start.repeated(latent), self.start.repeated(real)
            self._chunk = chunk
        return self._latent[:, place], self._real[:, place]


def run(batch: Batch) -> Sequence[Run]:
    """Let generator and discriminator of every run take turns, and look at what is generated."""
    settings: GanSettings = batch.settings
    start, shape = Start.of(batch), plane.shape(settings.data)
    layers = {"width": settings.width, "depth": settings.depth}
    judge = Multilayer(start, "judge", 2, 1, **layers)
    maker_start = start if settings.where == "both" else rectified(start)
    maker = Multilayer(maker_start, "maker", LATENT, 2, **layers)
    turns = [
        StackOptimiser(net.parameters(), batch.rates, momentum=MOMENTUM) for net in (judge, maker)
    ]
    draws = _Draws(start, shape, settings.batch)
    losses = np.full((2, start.runs, settings.steps), np.nan, dtype=np.float32)
    for step in range(settings.steps):
        latent, real = draws.at(step)
        first, second = latent.split(settings.batch, dim=1)
        with torch.no_grad():
            made = maker(first)
        # Non-saturating losses: log(1 + e^-logit) for what should look real.
        judged = softplus(-judge(real)).mean((1, 2)) + softplus(judge(made)).mean((1, 2))
        turns[0].step(judged)
        fooled = softplus(-judge(maker(second))).mean((1, 2))
        turns[1].step(fooled)
        losses[0, :, step], losses[1, :, step] = (
            judged.detach().cpu().numpy(),
            fooled.detach().cpu().numpy(),
        )
        if not np.isfinite(losses[:, :, step]).any():
            break
        batch.tick((step + 1) / settings.steps)
    return _tested(start, shape, maker, losses)


def _tested(
    start: Start, shape: plane.Shape, maker: Multilayer, losses: npt.NDArray[np.float32]
) -> list[Run]:
    generators = [start.generator(seed, "test points") for seed in start.seeds]
    latent = start.repeated(
        [draw.standard_normal((TESTED, LATENT), dtype="float32") for draw in generators]
    )
    real = start.repeated([shape.draw(draw, COMPARED) for draw in generators])
    with torch.no_grad():
        made = maker(latent)
        apart = discrepancy(made[:, :COMPARED], real)
    at = np.unique(np.linspace(0, losses.shape[2] - 1, POINTS).round().astype(int))
    runs = []
    for i in range(start.runs):
        covered, near = coverage(shape, made[i].double().cpu().numpy())
        runs.append(
            Run(
                metrics={
                    "discrepancy": float(apart[i]),
                    "pieces": covered,
                    "collapsed": float(covered <= COLLAPSED),
                    "near": near,
                },
                diverged=not np.isfinite(losses[:, i]).all(),
                curves={
                    "judge": (at.astype(float), losses[0, i, at]),
                    "maker": (at.astype(float), losses[1, i, at]),
                },
            )
        )
    return runs


def coverage(shape: plane.Shape, points: plane.Points) -> tuple[float, float]:
    """How many pieces are covered, and the share of points near one: within 3 deviations."""
    finite = points[np.isfinite(points).all(axis=1)]
    distance, piece = shape.nearest(finite)
    near = piece[distance <= 3 * shape.deviation]
    shares = np.bincount(near, minlength=plane.PIECES) / len(points)
    return float((shares >= COVERED).sum()), len(near) / len(points)


def _seconds(settings: GanSettings) -> float:
    weights = 2 * settings.width * settings.width * max(settings.depth - 1, 1)
    return settings.steps * (3e-10 * weights * (8 * settings.batch + 10) / 10 + 2e-4)


TASK = Task(
    name="gan-ring",
    title="Generative adversarial network on a ring of eight Gaussians, or on two moons",
    about=(
        "Points of the plane: eight Gaussians on a ring, or two half-circles cut into eight arcs. "
        "Generator and discriminator are perceptrons trained in turns with the non-saturating "
        "loss; in the end 1000 points are made, and 500 of them are compared with 500 real ones."
    ),
    version=1,
    settings=GanSettings,
    metrics=(
        Metric("discrepancy", "squared maximum mean discrepancy from real points", "lower",
               NOTHING, "log10"),
        Metric("pieces", "pieces covered, of 8", "higher", 0.0),
        Metric("collapsed", "share of runs that cover half the pieces or fewer", "lower", 1.0),
        Metric("near", "share of points made that lie near a piece", "higher", 0.0),
    ),
    run=run,
    curves=(
        Curve("judge", "loss of the discriminator"),
        Curve("maker", "loss of the generator"),
    ),
    seconds=_seconds,
    trial={"width": 16, "steps": 20},
    any_device=True,
)  # fmt: skip
