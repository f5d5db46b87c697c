"""Results made by hand, so that every outcome can be asked for; no file is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from actlab.lab.task import Metric
from actlab.records import Record, Status
from actlab.report.collect import Folder, Results, Shape
from actlab.report.runs import Curves, Lost, PartRuns, Runs, Tuning

A, B = "expolu(a=1, b=1, p=2)", "relu"
EVIL = "<script>alert(1)</script>\"'&\u202e../../x" + "y" * 40
ACCURACY = Metric("accuracy", "test accuracy", "higher", 10.0, unit="pp")
LOSS = Metric("loss", "final loss", "lower", 1.0, scale="log10")
STEPS = 60


def record(arrays: Mapping[str, np.ndarray]) -> Record:
    return Record("0" * 32, {}, Status.DONE, arrays=arrays)


def make_runs(
    label: str,
    values: Sequence[float],
    *,
    metric: str = "loss",
    planned: int | None = None,
    seeds: Sequence[int] | None = None,
    diverged: Sequence[bool] = (),
    lost: Mapping[int, Lost] | None = None,
    tuned: bool = False,
    steps: int = STEPS,
) -> Runs:
    """The runs of a function whose loss falls to the values given."""
    count = len(values)
    draw = np.random.default_rng(count + len(label))
    falling = np.geomspace(1.0, 1e-3, steps) * np.exp(0.1 * draw.standard_normal((count, steps)))
    arrays = {
        "loss": falling.astype(np.float32),
        "loss_at": np.arange(steps, dtype=np.float64),
        "gradient": np.geomspace(1e-12, 1.0, 5)[None].repeat(count, axis=0),
        "gradient_at": np.arange(1.0, 6.0),
        "fit": np.zeros((count, 9)),
        "fit_at": np.linspace(0.0, 1.0, 9),
    }
    one = record(arrays)
    places = tuple(range(count)) if seeds is None else tuple(seeds)
    lost = lost or {}
    return Runs(
        label=label,
        planned=count if planned is None else planned,
        seeds=places,
        metrics={metric: tuple(values)} if count else {},
        diverged=tuple(diverged) or (False,) * count,
        rate=1e-3 if count else None,
        tuning=Tuning((1e-3, 1e-2), (0.1, 0.5), np.array([[0.1, 0.2], [0.4, 0.6]]), True)
        if tuned
        else None,
        curves=Curves(tuple((one, row) for row in range(count))),
        problems=tuple(f"train cell, seeds {s}: {w.status}, {w.cause}" for s, w in lost.items()),
        lost=lost,
    )


def make_part(
    runs: Sequence[Runs],
    name: str = "headline",
    regime: str = "fair",
    metric: Metric = LOSS,
    **changes: Any,
) -> PartRuns:
    curve = {"along": "step", "scale": "log10"}
    fields: dict[str, Any] = {
        "name": name,
        "title": name.capitalize(),
        "regime": regime,
        "task": {
            "name": "mlp",
            "title": "Perceptron",
            "about": "A perceptron.",
            "version": 1,
            "metrics": [metric.describe()],
            "curves": [
                {"name": "loss", "title": "training loss", **curve},
                {"name": "gradient", "title": "gradient", **curve, "along": "layer"},
            ],
            "facts": {"rows": 1797},
        },
        "plan": {
            "name": name,
            "seeds": 3,
            "learning_rate": 1e-3,
            "learning_rates": None,
            "tuning_seeds": None,
            "init": None,
        },
        "settings": {one.label: {"depth": 5, "width": 8} for one in runs},
        "metrics": {metric.name: metric},
        "metric": metric,
        "baseline": B,
        "smallest": 1.0,
        "runs": tuple(runs),
    }
    return PartRuns(**{**fields, **changes})


def points(part: PartRuns) -> PartRuns:
    """The same part of a task that fits points, which has figures of its own."""
    facts = {"x": [-1.0, 0.0, 1.0], "y": [1.0, 0.0, 1.0], "y_mean": 0.5, "y_std": 1.0,
             "floor": 20 / 21, "optimiser_eps": 1e-8}  # fmt: skip
    part.task["facts"].update(facts)  # type: ignore[attr-defined]
    return part


def make_results(*parts: PartRuns, name: str = "tiny", **changes: Any) -> Results:
    x = np.linspace(-4.0, 4.0, 41)
    tasks = {part.task["name"]: part.task for part in parts}
    labels = dict.fromkeys(runs.label for part in parts for runs in part.runs)
    fields: dict[str, Any] = {
        "study": {"name": name, "title": "Tiny", "claim": "A beats B", "note": "Of note.",
                  "fitted": None, "smallest_effect": 1.0, "part": []},
        "tier": "full",
        "tasks": tasks,
        "contender": A,
        "baseline": B,
        "contenders": {label: {"name": label, "params": {}} for label in labels},
        "command": f"actlab run {name}",
        "parts": parts,
        "shapes": tuple(Shape(one, x, np.maximum(x, 0), (x > 0) * 1.0) for one in labels),
        "environments": ({"cpu": "a cpu", "libraries": {"torch": "2"}},),
        "counts": {"done": 4},
        "cells": 4,
        "seconds": 90.0,
        "inits": tuple(
            {"contender": label, "scheme": "own", "weight": 0.7, "bias": 0.0} for label in labels
        ),
    }  # fmt: skip
    if "fitted" in changes:
        fields["study"]["fitted"] = changes.pop("fitted")
    return Results(**{**fields, **changes})


def make_folder(*studies: Results, **changes: Any) -> Folder:
    fields = {
        "name": studies[0].name if len(studies) == 1 else "claims",
        "root": Path("results"),
        "command": studies[0].command,
        "studies": studies,
        "newest": "2026-01-02T03:04:05",
    }
    return Folder(**{**fields, **changes})


def both_regimes(claimed: Sequence[Runs], fair: Sequence[Runs], **changes: Any) -> Results:
    """A study of one part in both regimes, where a loss of at most 1e-3 is a success."""
    return make_results(
        make_part(claimed, regime="as-claimed"), make_part(fair), fitted=1e-3, **changes
    )


def spread(middle: float, count: int = 8, width: float = 0.1) -> list[float]:
    """Numbers around a middle, the same ones every time."""
    return [middle + width * np.sin(3.0 * place) for place in range(count)]
