"""A task of a user's own that costs next to nothing, or does something bad."""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import torch
from pydantic import Field

from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

PLACE = "unit.lab.engines.cheap:TASK"

REST = "CHEAP_REST"
"""Environment variable: a file with the seconds that a cell sleeps, whatever its settings say. It
is looked at all the while, so that cells under way can be let go."""


class Cheap(Settings):
    seconds: float = Field(default=0.0, ge=0.0)
    deed: str = ""


def run(batch: Batch) -> list[Run]:
    settings = batch.settings
    if settings.deed:
        deed(settings.deed)
    began = time.monotonic()
    while (gone := time.monotonic() - began) < (seconds := rest(settings.seconds)):
        time.sleep(0.01)
        batch.tick(gone / seconds)
    return [descent(seed, rate) for rate in batch.rates for seed in batch.seeds]


def rest(seconds: float) -> float:
    place = os.environ.get(REST)
    if place is None:
        return seconds
    with open(place, encoding="ascii") as file:
        return float(file.read())


def descent(seed: int, rate: float) -> Run:
    """A few steps whose last bits depend on threads, libraries and processor."""
    draws = torch.Generator().manual_seed(seed)
    matrix = torch.randn(48, 48, generator=draws)
    vector = torch.randn(48, generator=draws)
    losses = []
    for _ in range(10):
        vector = vector - rate * torch.tanh(matrix @ vector)
        losses.append(float((vector * vector).mean()))
    return Run({"loss": losses[-1]}, curves={"losses": (np.arange(10), np.array(losses))})


def deed(name: str) -> None:
    if name == "exit":
        sys.exit(3)
    if name == "die":
        os._exit(7)
    if name == "raise":
        raise RuntimeError("out\nof luck")
    if name == "meddle":
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(False)
        torch.set_default_dtype(torch.float64)


TASK = Task(
    name="cheap",
    title="Costs nothing",
    about="",
    version=1,
    settings=Cheap,
    metrics=(Metric("loss", "loss", "lower", 10.0),),
    curves=(Curve("losses", "loss"),),
    run=run,
)


def cheap_key(seed: int, *, task: str = PLACE, **settings: object) -> dict[str, object]:
    """The key of a training cell of this task."""
    return {
        "kind": "train",
        "task": task,
        "settings": settings,
        "activation": {"name": "relu", "params": {}, "source": ""},
        "role": "test",
        "learning_rate": 1e-3,
        "seeds": [seed],
    }


def shape_key(number: int) -> dict[str, object]:
    """The key of a cell that comes with actlab and takes a fraction of a millisecond."""
    activation = {"name": "ralu", "params": {"alpha": number / 1000}, "source": ""}
    return {"kind": "shape", "shape": 1, "activation": activation}
