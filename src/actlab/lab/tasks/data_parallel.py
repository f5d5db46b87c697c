"""Train with two processes that share gradients; measure what they send and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from pydantic import Field

from actlab.lab.datasets import classes
from actlab.lab.models.data_parallel import Job, measured
from actlab.lab.models.shared_gradients import REFERENCE
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

STARTING = 6.0
"""Seconds, about, that starting two processes costs."""


class DataParallelSettings(Settings):
    """Network and budget."""

    depth: int = Field(default=4, ge=1, le=1000)
    width: int = Field(default=256, ge=1, le=8192)
    batch: int = Field(default=32, ge=1, le=500)
    """Examples for each process and step."""
    steps: int = Field(default=200, ge=1, le=1_000_000)
    rounds: int = Field(default=20, ge=1, le=10_000)
    """Turns in which the network and that of the reference make their steps."""
    timeout: float = Field(default=120.0, gt=0.0, le=3600.0)
    """Seconds that one process waits for the other."""


def run(batch: Batch) -> Sequence[Run]:
    """Let two processes train every run, in turns with the same network of ReLU."""
    settings: DataParallelSettings = batch.settings
    job = Job(
        arm=asdict(batch.arm) | {"params": dict(batch.arm.params)},
        seeds=batch.seeds,
        rates=batch.rates,
        role=batch.role,
        **settings.model_dump(),
    )
    runs = len(batch.seeds) * len(batch.rates)
    # Generous: a machine under load is slow, and a process that is stuck gives up by itself.
    limit = settings.timeout + 10 * (STARTING + runs * _seconds(settings))
    found = measured(job, limit, lambda: batch.tick(0.0))
    batch.tick(1.0)
    return [_run(one) for one in found]


def _run(found: dict) -> Run:
    comm, step = (
        np.array(found[name]) / np.array(found[f"{name}_reference"]) for name in ("comm", "step")
    )
    milliseconds = 1e3 * np.array(found["comm"])
    return Run(
        metrics={
            "comm": float(np.median(comm)),
            "step": float(np.median(step)),
            "bytes": float(found["bytes"]),
            "comm_ms": float(np.median(milliseconds)),
        },
        diverged=not math.isfinite(found["loss"]),
        curves={"comm": (np.arange(1.0, len(milliseconds) + 1), milliseconds)},
    )


def _seconds(settings: DataParallelSettings) -> float:
    weights = settings.width * (64 + settings.width * (settings.depth - 1) + 10)
    return 4 * settings.steps * (1.5e-9 * weights * settings.batch / 10 + 1e-3)


TASK = Task(
    name="data-parallel",
    title="Two processes that share gradients",
    about=(
        "Digits, a perceptron trained by two processes of torch's DistributedDataParallel over "
        "gloo; in turns with the same network of ReLU, so that both meet the same machine. Times "
        "of the exchange leave out the wait for the slower process."
    ),
    version=1,
    settings=DataParallelSettings,
    metrics=(
        Metric("comm", "time of the exchange of gradients over that of ReLU", "lower", 100.0,
               "log10"),
        Metric("step", "time of a whole step over that of ReLU", "lower", 100.0, "log10"),
        Metric("bytes", "bytes exchanged in a step", "lower", 1e12),
        Metric("comm_ms", "milliseconds of the exchange in a step", "lower", 1e6, "log10"),
    ),
    run=run,
    curves=(Curve("comm", "milliseconds of the exchange in a step", "round"),),
    data=lambda: classes.identity("digits"),
    seconds=lambda settings: _seconds(settings) + STARTING / 5,
    facts=lambda: {"reference": REFERENCE},
    block=lambda settings: 5,
    trial={"width": 16, "depth": 1, "steps": 4, "rounds": 2},
    stacked=False,
    deterministic=False,
    exclusive=True,
)  # fmt: skip
