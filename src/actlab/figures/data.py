"""What each figure shows, as plain numbers; testable without drawing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.floating]
LOWEST = 1e-20
"""Values below this are drawn as this on a logarithmic axis."""


@dataclass(frozen=True)
class Band:
    """Several runs of one function over a common axis.

    Args:
        label: the function.
        runs: one row per seed.
        median, low, high: over the seeds, column by column.
    """

    label: str
    runs: Array
    median: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class LossFigure:
    """Loss by round; ``best`` is the median over seeds of the lowest loss met so far."""

    rounds: Array
    bands: tuple[Band, ...]
    best: tuple[Array, ...]
    floor: float


@dataclass(frozen=True)
class GradientFigure:
    """Root mean square of each layer's weight gradient before the first update."""

    layers: Array
    bands: tuple[Band, ...]
    eps: float


@dataclass(frozen=True)
class FitFigure:
    """The trained networks over the data, in the data's own units."""

    x: Array
    y: Array
    grid: Array
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class ShapeFigure:
    """A function and its slope."""

    label: str
    x: Array
    value: Array
    slope: Array


def short_label(label: str) -> str:
    """A label for where there is little room: parameters without their names, cut at 24."""
    name, _, inside = label.partition("(")
    values = [part.partition("=")[2] or part for part in inside.removesuffix(")").split(", ")]
    text = f"{name}({', '.join(values)})" if inside else name
    return text if len(text) <= 24 else text[:23] + "…"


def band(label: str, runs: Rows) -> Band:
    """Median and range of runs, column by column.

    Raises:
        ValueError: ``runs`` is not two-dimensional or holds no run.
    """
    values = np.asarray(runs, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] == 0:
        raise ValueError(f"runs must be (seeds, points) with a seed at least, got {values.shape}")
    return Band(label, values, np.median(values, axis=0), values.min(axis=0), values.max(axis=0))


def loss_figure(losses: Mapping[str, Rows], floor: float, rounds: Rows | None = None) -> LossFigure:
    """Loss curves by function.

    Args:
        losses: ``(seeds, rounds + 1)`` by label; a value that is not finite is drawn at the
            floor, which is what a diverged run counts as.
        floor: loss of the best constant predictor.
        rounds: after how many rounds each column is. Default: 0, 1, 2 and so on.
    """
    bands, best = [], []
    for label, runs in losses.items():
        clean = np.where(np.isfinite(runs), runs, floor).astype(np.float64)
        clean = np.maximum(clean, LOWEST)
        bands.append(band(label, clean))
        best.append(np.median(np.minimum.accumulate(clean, axis=1), axis=0))
    count = bands[0].median.size if bands else 0
    at = np.arange(count) if rounds is None or not bands else rounds
    return LossFigure(np.asarray(at, dtype=np.float64), tuple(bands), tuple(best), floor)


def gradient_figure(gradients: Mapping[str, Rows], eps: float) -> GradientFigure:
    """Gradient sizes by layer, first layer first.

    Args:
        gradients: ``(seeds, layers)`` by label.
        eps: the optimiser's epsilon; below it Adam's step shrinks with the gradient.
    """
    bands = tuple(
        band(label, np.maximum(np.nan_to_num(runs, nan=LOWEST, posinf=1e20), LOWEST))
        for label, runs in gradients.items()
    )
    count = bands[0].median.size if bands else 0
    return GradientFigure(np.arange(1, count + 1, dtype=np.float64), bands, eps)


def fit_figure(
    x: Sequence[float], y: Sequence[float], fits: Mapping[str, Rows], mean: float, std: float
) -> FitFigure:
    """Fitted curves, taken back from standardised to the data's own units.

    Args:
        x, y: the data.
        fits: ``(seeds, points)`` by label, on an even grid over the range of ``x``.
        mean, std: what the targets were standardised with.
    """
    points = np.asarray(x, dtype=np.float64)
    # A diverged network has no curve.
    usable = {label: rows[np.isfinite(rows).all(axis=1)] for label, rows in fits.items()}
    bands = tuple(
        band(label, rows.astype(np.float64) * std + mean)
        for label, rows in usable.items()
        if rows.shape[0]
    )
    count = bands[0].median.size if bands else 2
    return FitFigure(
        points,
        np.asarray(y, dtype=np.float64),
        np.linspace(points.min(), points.max(), count),
        bands,
    )


def shape_figure(label: str, x: Rows, value: Rows, slope: Rows) -> ShapeFigure:
    """A function and its slope on a grid."""
    columns = (np.asarray(column, dtype=np.float64) for column in (x, value, slope))
    return ShapeFigure(label, *columns)
