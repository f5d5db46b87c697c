"""Records made by hand, so that every verdict can be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from actlab.lab.task import Metric
from actlab.records import Record, Status
from actlab.report.collect import Folder, Results
from actlab.report.runs import Curves, PartRuns, Runs

SCORE = Metric("score", "score", "higher", 0.0)
LOSS = Metric("loss", "loss", "lower", 1.0, "log10")


def runs(label: str, values: Sequence[float], planned: int | None = None, curve=None) -> Runs:
    count = len(values)
    rows = np.asarray(curve if curve is not None else np.outer(values, np.ones(4)))
    record = Record("id", {}, Status.DONE, arrays={"c": rows, "c_at": np.arange(4.0)})
    return Runs(
        label=label,
        planned=count if planned is None else planned,
        seeds=tuple(range(count)),
        metrics={"score": tuple(values), "loss": tuple(10.0**-v for v in values)},
        diverged=(False,) * count,
        rate=1e-3,
        curves=Curves(tuple((record, row) for row in range(count))),
    )


def part(
    name: str, arms: Mapping[str, Sequence[float]], regime: str = "fair", baseline: str = "b"
) -> PartRuns:
    return PartRuns(
        name=name,
        title=name,
        regime=regime,
        task={"name": "t", "curves": [{"name": "c"}]},
        plan={},
        settings={},
        metrics={"score": SCORE, "loss": LOSS},
        metric=SCORE,
        baseline=baseline,
        smallest=0.5,
        runs=tuple(
            values if isinstance(values, Runs) else runs(label, values)
            for label, values in arms.items()
        ),
    )


def results(name: str, *parts: PartRuns, tier: str = "quick") -> Results:
    return Results(
        study={"name": name},
        tier=tier,
        tasks={},
        contender="a",
        baseline="b",
        contenders={},
        command="actlab run claims",
        parts=parts,
        shapes=(),
        environments=({"cpu": "a cpu"},),
        counts={"done": 1},
        cells=1,
        seconds=1.0,
    )


def folder(*studies: Results) -> Folder:
    return Folder("claims", Path("nowhere"), "actlab run claims", studies)


def noisy(middle: float, count: int = 12, spread: float = 0.1, seed: int = 0) -> list[float]:
    return list(middle + spread * np.random.default_rng(seed).standard_normal(count))
