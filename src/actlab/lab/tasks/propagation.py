"""Signal and gradient in deep random networks, measured and foretold; nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from actlab.analysis.propagation import Propagation, propagate
from actlab.lab.arm import Arm
from actlab.lab.models.passage import Passage, send
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

FURTHEST = 1000.0
"""Decades that stand for a gradient which is exactly zero."""

TOLERANCE, SHARE = 0.5, 0.1
"""How far measured and foretold decades may lie apart: so much, and this share of them."""

POINTS = 101


class PropagationSettings(Settings):
    """The network."""

    width: int = Field(default=512, ge=2, le=8192)
    depth: int = Field(default=30, ge=1, le=1000)
    norm: Literal["none", "layer"] = "none"
    """Normalisation after the function."""


def foretold(arm: Arm, settings: PropagationSettings) -> Propagation:
    """What mean-field theory says of the network of an arm."""
    init = "pytorch" if arm.init.scheme == "default" else (arm.init.weight, arm.init.bias)
    return propagate(
        arm.name,
        init,
        settings.depth,
        norm="after" if settings.norm == "layer" else None,
        width=settings.width,
        **arm.params,
    )


def run(batch: Batch) -> Sequence[Run]:
    """Send signals through the network of every seed; learning rates make no difference."""
    settings: PropagationSettings = batch.settings
    start = Start.of(batch)
    theory = foretold(batch.arm, settings)
    runs = []
    for done, seed in enumerate(batch.seeds):
        sent = send(
            start,
            seed,
            width=settings.width,
            depth=settings.depth,
            norm=settings.norm,
            variance=theory.variance[0],
        )
        runs.append(_run(sent, theory))
        batch.tick((done + 1) / len(batch.seeds))
    return runs * len(batch.rates)


def _run(sent: Passage, theory: Propagation) -> Run:
    gradient = np.clip(np.nan_to_num(sent.gradient, nan=-FURTHEST), -FURTHEST, FURTHEST)
    measured = float(gradient[0])
    # Theory ends early where nothing of the signal is left in double precision, or too much.
    said = None if theory.ended else theory.gradient[-1]
    apart = None if said is None else abs(measured - said)
    tolerated = TOLERANCE + SHARE * abs(said or 0.0)
    layers = np.unique(np.linspace(0, len(gradient) - 1, POINTS).round().astype(int))
    at = layers.astype(float)
    return Run(
        metrics={
            "decades": abs(measured),
            "gradient": measured,
            "growth": _finite(sent.variance[-1] / sent.variance[0]),
            "distance": _finite(sent.distance[-1]),
            "apart": apart,
            "departure": None if apart is None else apart / tolerated,
        },
        curves={
            "gradient": (at, gradient[layers]),
            "variance": (at, sent.variance[layers]),
            "distance": (at, sent.distance[layers]),
        },
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _seconds(settings: PropagationSettings) -> float:
    return settings.depth * (2e-8 * settings.width**2 + 5e-4) + 0.02 * math.sqrt(settings.depth)


TASK = Task(
    name="propagation",
    title="Signal and gradient in deep random networks",
    about=(
        "A random network of equal layers, evaluated in double precision: eight pairs of Gaussian "
        "inputs with cosine 0.5 go forward, random gradients go back. The loss of "
        "gradient is compared with what mean-field theory foretells. Nothing is trained."
    ),
    version=1,
    settings=PropagationSettings,
    metrics=(
        Metric("decades", "decades by which the squared gradient grows or shrinks on its way back",
               "lower", FURTHEST),
        Metric("gradient", "log10 of the squared gradient, first layer over last", "higher",
               -FURTHEST),
        Metric("growth", "variance in front of the last function over that in front of the first",
               "lower", 1e300, "log10"),
        Metric("distance", "1 - cosine of two inputs after the last layer", "higher", 1e-20,
               "log10"),
        Metric("apart", "decades between measured and foretold squared gradient", "lower",
               FURTHEST),
        Metric("departure", "the same over what is tolerated: half a decade and a tenth", "lower",
               100.0),
    ),
    run=run,
    curves=(
        Curve("gradient", "log10 of the squared gradient over that at the last layer", "layer"),
        Curve("variance", "variance in front of the function", "layer", "log10"),
        Curve("distance", "1 - cosine of two inputs", "layer", "log10"),
    ),
    seconds=_seconds,
    trial={"width": 32, "depth": 4},
    stacked=False,
)  # fmt: skip
