"""Results made by hand, so that every outcome can be asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from actlab.report.collect import PartRuns, Results, Runs, Shape

A, B = "expolu(a=1, b=1, p=2)", "relu"


def make_runs(
    label: str, final: Sequence[float], planned: int | None = None, diverged: Sequence[bool] = ()
) -> Runs:
    count = len(final)
    rounds = 6
    falling = np.geomspace(1.0, 1e-3, rounds)
    losses = np.array([falling * value / 1e-3 for value in final], dtype=np.float32)
    return Runs(
        label=label,
        planned=count if planned is None else planned,
        seeds=tuple(range(count)),
        final=tuple(final),
        best=tuple(final),
        diverged=tuple(diverged) or (False,) * count,
        rate=1e-3 if count else None,
        losses=losses.reshape(count, rounds),
        gradients=np.geomspace(1e-12, 1.0, 5)[None].repeat(count, axis=0),
        fits=np.zeros((count, 9), dtype=np.float32),
        problems=() if planned in (None, count) else ("train cell, seeds 9: failed, boom",),
    )


def make_results(claimed, fair, table=None, **changes) -> Results:
    """Results from final losses by function for each regime, and for a table."""
    settings = {
        "name": "headline", "width": 8, "depth": 5, "rounds": 5, "seeds": 3,
        "learning_rate": 1e-3, "learning_rates": None, "tuning_seeds": None,
    }  # fmt: skip
    parts = [
        PartRuns("headline", "Head to head", regime, settings, tuple(runs))
        for regime, runs in (("as-claimed", claimed), ("fair", fair))
        if runs is not None
    ]
    if table:
        tuned = {**settings, "name": "table", "learning_rate": None,
                 "learning_rates": [1e-3, 1e-2], "tuning_seeds": 2}  # fmt: skip
        parts.append(PartRuns("table", "All of them", "fair", tuned, tuple(table)))
    x = np.linspace(-4.0, 4.0, 41)
    fields = {
        "study": {"name": "tiny", "title": "Tiny", "claim": "A beats B",
                  "note": "Of note.", "task": "pairs",
                  "fitted": 1e-3, "smallest_effect": 1.0, "part": []},
        "task": {"x": [-1.0, 0.0, 1.0], "y": [1.0, 0.0, 1.0], "y_mean": 0.5, "y_std": 1.0,
                 "floor": 20 / 21, "diverged_above": 9.5, "optimiser": "Adam",
                 "optimiser_eps": 1e-8, "loss": "mean squared error", "dtype": "float32"},
        "contender": A,
        "baseline": B,
        "contenders": {A: {"weight": 0.7, "bias": 0.0}, B: {"weight": 1.4, "bias": 0.0}},
        "quick": False,
        "command": "actlab run tiny",
        "parts": tuple(parts),
        "shapes": (Shape(B, x, np.maximum(x, 0), (x > 0).astype(float)),),
        "environments": ({"cpu": "a cpu", "libraries": {"torch": "2"}},),
        "counts": {"done": 4},
        "cells": 4,
        "seconds": 90.0,
        "damaged": (),
    }  # fmt: skip
    return Results(**{**fields, **changes})


@pytest.fixture(scope="session")
def results() -> Results:
    return make_results(
        [make_runs(A, [1e-6, 1e-5, 1e-7]), make_runs(B, [0.952, 0.952, 0.952])],
        [make_runs(A, [1e-6, 1e-5, 1e-7]), make_runs(B, [1e-9, 1e-8, 1e-9])],
        [make_runs(A, [10.0**-k for k in range(3, 13)]), make_runs(B, [0.1] * 10)],
    )
