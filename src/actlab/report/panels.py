"""Figures that only some studies have: functions on a grid, and fits to a handful of points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from actlab import figures
from actlab.report.collect import Results
from actlab.report.runs import PartRuns
from actlab.report.sections import Panel
from actlab.report.words import REGIME_TITLES, plural, sentence

MOST_SHAPES = 100


def shape_panels(results: Results, numbers: Mapping[str, int]) -> list[Panel]:
    """Every function with its slope; those with a colour first.

    Args:
        results: the study.
        numbers: of the functions, by label.
    """
    shapes = sorted(results.shapes, key=lambda shape: numbers[shape.label])
    panels = []
    for shape in shapes[:MOST_SHAPES]:
        data = figures.shape_figure(shape.label, shape.x, shape.value, shape.slope)
        panels.append(
            Panel(
                Markup(figures.draw_shape(data, numbers[shape.label])),
                figures.short_label(shape.label),
                "",
                f"{shape.label} and its slope between -4 and 4",
            )
        )
    return panels


def fits_points(part: PartRuns) -> bool:
    """Whether the task fits a curve to a handful of points, and kept it."""
    facts = part.task["facts"]
    return all(name in facts for name in ("x", "y", "y_mean", "y_std")) and any(
        "fit" in runs.curves for runs in part.runs
    )


def point_panels(results: Results) -> dict[str, list[Panel]]:
    """For tasks that fit points: loss, first gradients and fitted curves of the first part.

    Returns:
        Panels by heading: ``loss``, ``gradient`` and ``fit``; empty for other tasks.
    """
    parts = [p for p in results.parts if p.name == results.parts[0].name and fits_points(p)]
    if not parts:
        return {}
    return {
        "loss": _losses(results, parts),
        "gradient": _gradients(results, parts),
        "fit": _fits(results, parts),
    }


def _of(results: Results, part: PartRuns, curve: str) -> dict[str, np.ndarray]:
    """The curves of the claim's two functions."""
    pair = (results.contender, results.baseline)
    return {
        runs.label: runs.curves.values(curve)
        for label in pair
        if (runs := part.of(label)) is not None and curve in runs.curves
    }


def _losses(results: Results, parts: list[PartRuns]) -> list[Panel]:
    floor = float(parts[0].task["facts"]["floor"])
    drawn = []
    for part in parts:
        at = next((r.curves.at("loss") for r in part.runs if "loss" in r.curves), np.zeros(1))
        drawn.append((part, figures.loss_figure(_of(results, part, "loss"), floor, at)))
    limits = _limits([edge for _, d in drawn for b in d.bands for edge in (b.low, b.median)], floor)
    panels = []
    for part, data in drawn:
        ends = "; ".join(
            f"{band.label} ends at {band.median[-1]:.1e} (lowest met: {best[-1]:.1e})"
            for band, best in zip(data.bands, data.best, strict=True)
        )
        panels.append(
            Panel(
                Markup(figures.draw_losses(data, limits)),
                sentence(REGIME_TITLES[part.regime]),
                "Thin: each seed. Thick: median. Shade: range over seeds. Dashed: median of the "
                "lowest loss so far. Dashed in grey: best constant predictor.",
                f"Loss by round, median over seeds: {ends or 'no runs'}.",
            )
        )
    return panels


def _gradients(results: Results, parts: list[PartRuns]) -> list[Panel]:
    eps = float(parts[0].task["facts"]["optimiser_eps"])
    drawn = [(part, figures.gradient_figure(_of(results, part, "gradient"), eps)) for part in parts]
    every = [edge for _, d in drawn for b in d.bands for edge in (b.low, b.high)]
    limits = _limits([*every, np.array([eps])], 1.0)
    panels = []
    for part, data in drawn:
        sizes = "; ".join(
            f"{band.label} from {band.median[0]:.0e} in the first layer to "
            f"{band.median[-1]:.0e} in the last"
            for band in data.bands
        )
        panels.append(
            Panel(
                Markup(figures.draw_gradients(data, limits)),
                sentence(REGIME_TITLES[part.regime]),
                "Root mean square of each layer's weight gradient before the first update. "
                "Below Adam's epsilon (dashed) a layer hardly moves.",
                f"Median gradient size: {sizes or 'no runs'}.",
            )
        )
    return panels


def _fits(results: Results, parts: list[PartRuns]) -> list[Panel]:
    panels = []
    for part in parts:
        facts = part.task["facts"]
        fits = _of(results, part, "fit")
        data = figures.fit_figure(facts["x"], facts["y"], fits, facts["y_mean"], facts["y_std"])
        panels.append(
            Panel(
                Markup(figures.draw_fit(data)),
                sentence(REGIME_TITLES[part.regime]),
                "Thin: each seed after the last round. Thick: median over seeds.",
                f"The {plural(len(facts['x']), 'pair')} and the fitted curves of "
                + (" and ".join(fits) or "no function"),
            )
        )
    return panels


def _limits(edges: list[np.ndarray], top: float) -> tuple[float, float]:
    """Whole decades around all values, so that figures side by side share a scale."""
    low = min((float(np.nanmin(edge)) for edge in edges if edge.size), default=1e-6)
    high = max([top, *(float(np.nanmax(edge)) for edge in edges if edge.size)])
    return 10.0 ** np.floor(np.log10(low) - 0.2), 10.0 ** np.ceil(np.log10(high) + 0.3)
