"""Fit 21 pairs of whole numbers with a deep narrow-in, narrow-out network.

The target is even, f(-x) = f(x). Inputs and targets are standardised with the n - 1 standard
deviation, so the best constant predictor has a mean squared error of exactly 20/21.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actlab.lab.engines.interface import Outcome
from actlab.lab.models.draws import initial_layers
from actlab.lab.models.single import train_single
from actlab.lab.models.stacked import train_stacked
from actlab.lab.models.training import Function, Tick, Trained

NAME = "twenty-one-pairs"
VERSION = 1
"""Raised when the arithmetic changes, so that older cells are not taken for new ones."""

FLOOR = 20 / 21
"""Mean squared error of the best constant predictor; no run counts as worse."""

DIVERGED_ABOVE = 10 * FLOOR
FIT_POINTS = 401
SHAPE_LIMIT = 4.0
SHAPE_POINTS = 321


def csv_text() -> str:
    """The data file."""
    return (resources.files("actlab.lab") / "data" / "twenty_one_pairs.csv").read_text("utf-8")


def pairs() -> npt.NDArray[np.float64]:
    """The 21 pairs, one row each."""
    rows = csv_text().split()[1:]
    return np.array([[float(number) for number in row.split(",")] for row in rows])


def facts() -> dict[str, Any]:
    """What enters the key of every cell."""
    data = hashlib.sha256(csv_text().encode("utf-8")).hexdigest()
    return {"task": NAME, "version": VERSION, "data": data}


def describe() -> dict[str, Any]:
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


def execute(key: Mapping[str, Any], needed: Mapping[str, Mapping[str, Any]], tick: Tick) -> Outcome:
    """Compute one cell: the shape of a function, a choice of learning rate, or test runs."""
    function = _function(key["activation"])
    if key["kind"] == "shape":
        return _shape(function)
    if key["kind"] == "tune":
        trained = _train(key, function, key["learning_rates"], tick)
        return _tuned(trained, key["learning_rates"], len(key["seeds"]))
    rate = key["learning_rate"]
    if isinstance(rate, Mapping):
        rate = needed[rate["chosen_by"]]["learning_rate"]
    return _tested(_train(key, function, [rate], tick), rate)


def _function(activation: Mapping[str, Any]) -> Function:
    from actlab import functional

    return partial(functional.call, activation["name"], **activation["params"])


def _standardised() -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, targets and the points at which the fitted curve is drawn, each ``(n, 1)``."""
    x, y = pairs().T
    fine = np.linspace(x.min(), x.max(), FIT_POINTS)
    columns = (
        (x - x.mean()) / x.std(ddof=1),
        (y - y.mean()) / y.std(ddof=1),
        (fine - x.mean()) / x.std(ddof=1),
    )
    inputs, targets, points = (
        torch.tensor(column, dtype=torch.float32)[:, None] for column in columns
    )
    return inputs, targets, points


def _train(
    key: Mapping[str, Any], function: Function, rates: Sequence[float], tick: Tick
) -> Trained:
    inputs, targets, points = _standardised()
    nets = [
        initial_layers(key["width"], key["depth"], key["init"], key["role"], seed)
        for seed in key["seeds"]
    ]
    rounds = key["rounds"]
    data = (inputs, targets)
    if key["model"] == "stacked":
        return train_stacked(nets, function, data, points, rates=rates, rounds=rounds, tick=tick)
    pairs_of = [(net, rate) for rate in rates for net in nets]
    runs = []
    for before, (net, rate) in enumerate(pairs_of):
        step = partial(_shifted, tick, before, len(pairs_of))
        runs.append(train_single(net, function, data, points, rate=rate, rounds=rounds, tick=step))
    return Trained(
        np.concatenate([run.losses for run in runs]),
        np.concatenate([run.gradients for run in runs]),
        np.concatenate([run.fits for run in runs]),
    )


def _shifted(tick: Tick, before: int, total: int, share: float) -> None:
    """Tell the share of one run among several as a share of all."""
    tick((before + share) / total)


def has_diverged(losses: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Which runs (rows) met a loss that is not finite, or ended ten times above the floor."""
    ended = losses[:, -1]
    with np.errstate(invalid="ignore"):
        return ~np.isfinite(losses).all(axis=1) | ~(ended <= DIVERGED_ABOVE)


def capped_final(losses: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Final loss of each run; a diverged run, or one worse than a constant, takes the floor."""
    final = losses[:, -1].astype(np.float64)
    return np.where(has_diverged(losses), FLOOR, np.fmin(final, FLOOR))


def _tuned(trained: Trained, rates: Sequence[float], seeds: int) -> Outcome:
    final = capped_final(trained.losses).reshape(len(rates), seeds)
    medians = np.median(np.log10(np.maximum(final, 1e-30)), axis=1)
    # argmin takes the first of equals, and the rates ascend: ties go to the smaller rate.
    chosen = float(rates[int(np.argmin(medians))])
    diverged = has_diverged(trained.losses)
    return Outcome(
        status="diverged" if diverged.all() else "done",
        reason="every run diverged at every learning rate" if diverged.all() else "",
        summary={
            "learning_rate": chosen,
            "medians": [float(10**m) for m in medians],
            "diverged": int(diverged.sum()),
            "at_edge": chosen in (rates[0], rates[-1]),
        },
        arrays={"final": final},
    )


def _tested(trained: Trained, rate: float) -> Outcome:
    diverged = has_diverged(trained.losses)
    best = np.fmin.reduce(trained.losses.astype(np.float64), axis=1)
    return Outcome(
        status="diverged" if diverged.all() else "done",
        reason="the loss left the finite range or ended far above the floor"
        if diverged.all()
        else "",
        summary={
            "learning_rate": rate,
            "final": capped_final(trained.losses).tolist(),
            "best": np.fmin(np.nan_to_num(best, nan=FLOOR), FLOOR).tolist(),
            "diverged": diverged.tolist(),
        },
        arrays={"losses": trained.losses, "gradients": trained.gradients, "fits": trained.fits},
    )


def _shape(function: Function) -> Outcome:
    x = torch.linspace(-SHAPE_LIMIT, SHAPE_LIMIT, SHAPE_POINTS, dtype=torch.float64)
    x.requires_grad_(True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return Outcome(
        status="done",
        arrays={
            "x": x.detach().numpy(),
            "value": y.detach().numpy(),
            "slope": slope.numpy(),
        },
    )
