"""Fit 21 pairs of whole numbers with a deep narrow-in, narrow-out network.

The target is even, f(-x) = f(x). Inputs and targets are standardised with the n - 1 standard
deviation, so the best constant predictor has a mean squared error of exactly 20/21.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.models.fit import fit
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import squared_error, thinned, weight_gradients
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

FLOOR = 20 / 21
"""Mean squared error of the best constant predictor; no run counts as worse."""

DIVERGED_ABOVE = 10 * FLOOR
FITTED = 1e-3
FAILED = 0.1
"""A run that ends above this has hardly begun to fit."""

PERFECT = 1e-9
"""What the author of the pairs says to have reached."""

FIT_POINTS = 201
WIDE = 256
"""From this width on a stack of networks is no faster than one after the other."""


class PairSettings(Settings):
    """Network and budget."""

    width: int = Field(default=64, ge=1, le=8192)
    depth: int = Field(default=30, ge=2, le=1000)
    rounds: int = Field(default=400, ge=1, le=1_000_000)
    norm: Norm = "none"
    norm_first: bool = False
    bias: bool = True
    inputs: Literal["standardised", "raw"] = "standardised"


def csv_text() -> str:
    """The data file."""
    return (resources.files("actlab.lab") / "data" / "twenty_one_pairs.csv").read_text("utf-8")


def pairs() -> npt.NDArray[np.float64]:
    """The 21 pairs, one row each."""
    rows = csv_text().split()[1:]
    return np.array([[float(number) for number in row.split(",")] for row in rows])


def facts() -> dict[str, Any]:
    """What a reader of the records needs to know about the task."""
    x, y = pairs().T
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "x_mean": float(x.mean()),
        "x_std": float(x.std(ddof=1)),
        "y_mean": float(y.mean()),
        "y_std": float(y.std(ddof=1)),
        "floor": FLOOR,
        "diverged_above": DIVERGED_ABOVE,
        "optimiser": "Adam (betas 0.9 and 0.999, eps 1e-8, fused), full batch",
        "optimiser_eps": 1e-8,
        "loss": "mean squared error on standardised targets",
        "dtype": "float32",
    }


def run(batch: Batch) -> Sequence[Run]:
    """Train every run for ``rounds`` full-batch updates of Adam."""
    settings: PairSettings = batch.settings
    inputs, targets, points = _columns(settings.inputs)
    start = Start.of(batch)
    net = Perceptron(
        start,
        1,
        1,
        width=settings.width,
        depth=settings.depth,
        norm=settings.norm,
        norm_first=settings.norm_first,
        bias=settings.bias,
    )
    x, y, fine = (column.expand(start.runs, *column.shape) for column in (inputs, targets, points))
    gradients = weight_gradients(squared_error(net(x), y), [m.weight for m in net.linears])
    losses = np.empty((start.runs, settings.rounds + 1), np.float32)
    losses[:, :-1] = fit(lambda _: squared_error(net(x), y), net.parameters(), batch,
                         settings.rounds)  # fmt: skip
    with torch.no_grad():
        losses[:, -1] = squared_error(net(x), y).cpu().numpy()
        fits = net(fine)[..., 0].cpu().numpy()
    return [_run(losses[i], gradients[i], fits[i], settings.rounds) for i in range(start.runs)]


def _columns(kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, targets and the points at which the fitted curve is drawn, each ``(n, 1)``."""
    x, y = pairs().T
    fine = np.linspace(x.min(), x.max(), FIT_POINTS)
    shift, scale = (x.mean(), x.std(ddof=1)) if kind == "standardised" else (0.0, 1.0)
    columns = ((x - shift) / scale, (y - y.mean()) / y.std(ddof=1), (fine - shift) / scale)
    inputs, targets, points = (
        torch.tensor(column, dtype=torch.float32)[:, None] for column in columns
    )
    return inputs, targets, points


def _run(losses: npt.NDArray, gradients: npt.NDArray, fits: npt.NDArray, rounds: int) -> Run:
    final = float(losses[-1])
    diverged = not np.isfinite(losses).all() or final > DIVERGED_ABOVE
    best = float(np.nanmin(losses)) if np.isfinite(losses).any() else float("nan")
    at, kept = thinned(losses[None], min(201, rounds + 1))
    return Run(
        metrics={
            "final": final,
            "best": best,
            "fitted": float(final <= FITTED),
            "failed": float(not final <= FAILED),
            "perfect": float(best <= PERFECT),
        },
        diverged=diverged,
        curves={
            "loss": (at, kept[0]),
            "gradient": (np.arange(1.0, gradients.size + 1), gradients),
            "fit": (np.linspace(0.0, 1.0, fits.size), fits),
        },
    )


def _seconds(settings: PairSettings) -> float:
    """Measured on one core: 7e-9 s per weight and round, 7e-6 s per layer and round."""
    plain = settings.rounds * settings.depth * (7e-9 * settings.width**2 + 7e-6)
    return plain * (1.6 if settings.norm != "none" else 1.0)


TASK = Task(
    name="twenty-one-pairs",
    title="Twenty-one pairs",
    about=(
        "21 pairs of whole numbers, x and y standardised with the n - 1 standard deviation; a "
        "network from one number to one number, trained by full-batch Adam on the mean squared "
        "error."
    ),
    version=2,
    settings=PairSettings,
    metrics=(
        Metric("final", "final loss", "lower", FLOOR, "log10"),
        Metric("best", "lowest loss met", "lower", FLOOR, "log10"),
        Metric("fitted", f"share of runs at or below {FITTED:g}", "higher", 0.0),
        Metric("failed", f"share of runs that end above {FAILED:g}", "lower", 1.0),
        Metric("perfect", f"share of runs that reach {PERFECT:g}", "higher", 0.0),
    ),
    run=run,
    curves=(
        Curve("loss", "mean squared error", "round", "log10"),
        Curve("gradient", "weight gradient before the first update", "layer", "log10"),
        Curve("fit", "output", "input"),
    ),
    data=lambda: hashlib.sha256(csv_text().encode("utf-8")).hexdigest(),
    seconds=_seconds,
    facts=facts,
    trial={"width": 8, "depth": 4, "rounds": 20},
    block=lambda settings: 1 if settings.width >= WIDE else 10,
    any_device=True,
)
