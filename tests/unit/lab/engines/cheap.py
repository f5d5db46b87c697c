"""A task of a user's own that costs nothing, or does something bad."""

from __future__ import annotations

import os
import sys
import time

from pydantic import Field

from actlab.lab.task import Batch, Metric, Run, Settings, Task

PLACE = "unit.lab.engines.cheap:TASK"


class Cheap(Settings):
    seconds: float = Field(default=0.0, ge=0.0)
    deed: str = ""
    note: str = ""


def run(batch: Batch) -> list[Run]:
    settings = batch.settings
    if settings.note:
        # How often a cell was begun, for those who count.
        with open(settings.note, "a", encoding="ascii") as file:
            file.write("begun\n")
    if settings.deed:
        deed(settings.deed)
    began = time.monotonic()
    while (gone := time.monotonic() - began) < settings.seconds:
        time.sleep(0.01)
        batch.tick(gone / settings.seconds)
    return [Run({"loss": 1.0 / (1 + seed)}) for _ in batch.rates for seed in batch.seeds]


def deed(name: str) -> None:
    if name == "exit":
        sys.exit(3)
    if name == "die":
        os._exit(7)
    if name == "raise":
        raise RuntimeError("out\nof luck")
    if name == "meddle":
        import torch

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
