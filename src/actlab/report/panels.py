"""The figures of a page: which there are, what their captions say, how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from actlab import figures
from actlab.report.collect import PartRuns, Results
from actlab.report.tables import make_rows
from actlab.report.words import REGIME_TITLES, plural, sentence


@dataclass(frozen=True)
class Panel:
    """One figure on the page.

    Args:
        svg: the drawing; our own text, so it is not escaped again.
        title: above it.
        caption: below it, what the lines mean.
        spoken: what it shows, for readers who do not see it.
    """

    svg: Markup
    title: str
    caption: str
    spoken: str


def _panel(svg: str, title: str, caption: str, spoken: str) -> Panel:
    return Panel(Markup(svg), title, caption, spoken)


def headline_parts(results: Results) -> list[PartRuns]:
    """The first part of the study in each of its regimes."""
    return [part for part in results.parts if part.name == results.parts[0].name]


def table_parts(results: Results) -> list[PartRuns]:
    """The other parts."""
    return [part for part in results.parts if part.name != results.parts[0].name]


def loss_panels(results: Results) -> list[Panel]:
    """Loss curves of the headline, one panel per regime, on one scale."""
    floor = float(results.task["floor"])
    drawn = []
    for part in headline_parts(results):
        losses = {runs.label: runs.losses for runs in part.runs if runs.final}
        drawn.append((part, figures.loss_figure(losses, floor)))
    limits = _limits([edge for _, d in drawn for b in d.bands for edge in (b.low, b.median)], floor)
    panels = []
    for part, data in drawn:
        ends = "; ".join(
            f"{band.label} ends at {band.median[-1]:.1e} (lowest met: {best[-1]:.1e})"
            for band, best in zip(data.bands, data.best, strict=True)
        )
        panels.append(
            _panel(
                figures.draw_losses(data, f"loss-{part.regime}", limits),
                sentence(REGIME_TITLES[part.regime]),
                "Thin: each seed. Thick: median. Shade: range over seeds. Dashed: median of the "
                "lowest loss so far. Dotted: best constant predictor.",
                f"Loss by round, median over seeds: {ends or 'no runs'}.",
            )
        )
    return panels


def gradient_panels(results: Results) -> list[Panel]:
    """Gradient size by layer before the first update, on one scale."""
    eps = float(results.task["optimiser_eps"])
    drawn = []
    for part in headline_parts(results):
        gradients = {runs.label: runs.gradients for runs in part.runs if runs.final}
        drawn.append((part, figures.gradient_figure(gradients, eps)))
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
            _panel(
                figures.draw_gradients(data, f"gradient-{part.regime}", limits),
                sentence(REGIME_TITLES[part.regime]),
                "Root mean square of each layer's weight gradient before the first update. "
                "Below Adam's epsilon (dashed) a layer hardly moves.",
                f"Median gradient size: {sizes or 'no runs'}.",
            )
        )
    return panels


def fit_panels(results: Results) -> list[Panel]:
    """What the trained networks compute, over the data."""
    task = results.task
    panels = []
    for part in headline_parts(results):
        fits = {runs.label: runs.fits for runs in part.runs if runs.final}
        data = figures.fit_figure(task["x"], task["y"], fits, task["y_mean"], task["y_std"])
        panels.append(
            _panel(
                figures.draw_fit(data, f"fit-{part.regime}"),
                sentence(REGIME_TITLES[part.regime]),
                "Thin: each seed after the last round. Thick: median over seeds.",
                f"The {plural(len(task['x']), 'pair')} and the fitted curves of "
                + (" and ".join(fits) or "no function"),
            )
        )
    return panels


def spread_panels(results: Results) -> list[Panel]:
    """Final losses of every function in the other parts."""
    panels = []
    study = results.study
    for part in table_parts(results):
        rows = make_rows(part, results.baseline, study["fitted"], study["smallest_effect"])
        finals = {row.runs.label: row.runs.final for row in rows}
        data = figures.spread_figure(finals, float(results.task["floor"]), study["fitted"])
        panels.append(
            _panel(
                figures.draw_spread(data, f"spread-{part.name}-{part.regime}"),
                f"Final loss by seed, {part.settings['width']} wide",
                "Dots: runs. Bar: median. Dashed: fitted at or below this. Dotted: best constant "
                "predictor.",
                "Final losses by function; the table holds the numbers.",
            )
        )
    return panels


def shape_panels(results: Results) -> list[Panel]:
    """Every function with its slope; the claim's two first."""
    first = (results.contender, results.baseline)
    shapes = sorted(results.shapes, key=lambda shape: (shape.label not in first, shape.label))
    panels = []
    for place, shape in enumerate(shapes):
        data = figures.shape_figure(shape.label, shape.x, shape.value, shape.slope)
        series = first.index(shape.label) if shape.label in first else 2
        panels.append(
            _panel(
                figures.draw_shape(data, f"shape-{place}", series),
                figures.short_label(shape.label),
                "",
                f"{shape.label} and its slope between -4 and 4",
            )
        )
    return panels


def _limits(edges: list[np.ndarray], top: float) -> tuple[float, float]:
    """Whole decades around all values, so that figures side by side share a scale."""
    low = min((float(edge.min()) for edge in edges if edge.size), default=1e-6)
    high = max([top, *(float(edge.max()) for edge in edges if edge.size)])
    return 10.0 ** np.floor(np.log10(low) - 0.2), 10.0 ** np.ceil(np.log10(high) + 0.3)
