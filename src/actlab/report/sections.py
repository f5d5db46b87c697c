"""A part of a study in one regime as the page shows it: figures, table, budget, trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from actlab.figures.basins import Basin, BasinFigure, draw_basins, spoken_basins
from actlab.figures.curves import curve_band, curve_figure, draw_curves, spoken_curves
from actlab.figures.paired import PairedRow, draw_paired, paired_figure, spoken_paired
from actlab.figures.ranks import RankFigure, draw_ranks, spoken_ranks
from actlab.report import words
from actlab.report.collect import Results
from actlab.report.pairs import more_seeds
from actlab.report.runs import PartRuns
from actlab.report.tables import Row, make_rows
from actlab.report.terminal import fitted_of, problems
from actlab.stats import Improvement, probability_of_improvement, rank_contenders

HIGHLIGHTED = 6
"""Functions with a colour of their own; curves of others are faint."""


@dataclass(frozen=True)
class Panel:
    """One figure on the page.

    Args:
        svg: the drawing; our own text, so it is not escaped again.
        title: above it. caption: below it, what the marks mean.
        spoken: what it shows, for readers who do not see it.
    """

    svg: Markup
    title: str
    caption: str
    spoken: str


@dataclass(frozen=True)
class Line:
    """A row of a part's table.

    Args:
        row: the numbers.
        better: in which share of the seeds it beats the baseline.
        more: how many more seeds would decide it, in words.
        series: its colour on the page, from 0; None for the common one.
    """

    row: Row
    better: Improvement | None
    more: str
    series: int | None


@dataclass(frozen=True)
class Section:
    """One part in one regime.

    Args:
        part: its runs.
        anchor: its id on the page.
        fitted: what counts as a success, if anything does.
        budget: the experiment in one sentence.
        lines: of the table.
        panels: figures.
        problems: why runs are missing.
    """

    part: PartRuns
    anchor: str
    fitted: float | None
    budget: str
    lines: tuple[Line, ...]
    panels: tuple[Panel, ...]
    problems: tuple[str, ...]


def colours(results: Results) -> dict[str, int]:
    """The colours of a study's functions: contender, baseline, then the best of its first part."""
    chosen = dict.fromkeys([results.contender, results.baseline])
    for part in results.parts:
        for row in make_rows(part):
            if len(chosen) < HIGHLIGHTED:
                chosen.setdefault(row.runs.label)
    return {label: place for place, label in enumerate(chosen)}


def make_section(
    results: Results, part: PartRuns, series: Mapping[str, int], figures: Sequence[str]
) -> Section:
    """A part as the page shows it.

    Args:
        results: its study.
        part: the part in one regime.
        series: colours by label.
        figures: which of ``paired``, ``curves``, ``first curve``, ``basins`` and ``ranks`` are
            drawn.
    """
    anchor = f"{results.study['name']}-{part.name}-{part.regime}"
    fitted = fitted_of(part, results)
    rows = make_rows(part, fitted=fitted)
    panels: list[Panel] = []
    if "paired" in figures:
        panels += _paired(part, rows, series, anchor)
    if "curves" in figures:
        panels += _curves(part, series, anchor, part.task["curves"])
    elif "first curve" in figures:
        panels += _curves(part, series, anchor, part.task["curves"][:1])
    if "basins" in figures:
        panels += _basins(part, series, anchor)
    if "ranks" in figures:
        panels += _ranks(part, anchor)
    return Section(
        part=part,
        anchor=anchor,
        fitted=fitted,
        budget=budget(part),
        lines=tuple(_line(row, part, series) for row in rows),
        panels=tuple(panels),
        problems=tuple(problems(part)),
    )


def _line(row: Row, part: PartRuns, series: Mapping[str, int]) -> Line:
    colour = series.get(row.runs.label)
    if row.paired is None:
        return Line(row, None, "", colour)
    better = probability_of_improvement(row.paired.differences)
    return Line(row, better, more_seeds(row.paired, part.smallest), colour)


def budget(part: PartRuns) -> str:
    """The experiment in one sentence: task, settings that all share, rates, seeds."""
    every = list(part.settings.values())
    shared = {
        name: value
        for name, value in (every[0] if every else {}).items()
        if all(one.get(name) == value for one in every)
    }
    texts = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in shared.items()]
    rates = part.plan.get("learning_rates")
    if rates and (part.regime == "fair" or part.plan.get("learning_rate") is None):
        texts.append(
            f"learning rate chosen from {', '.join(words.rate(r) for r in rates)} by "
            f"{words.plural(part.plan['tuning_seeds'], 'tuning seed')} that are not test seeds"
        )
    else:
        texts.append(f"learning rate {words.rate(part.plan.get('learning_rate'))}")
    texts.append(words.plural(part.plan["seeds"], "test seed"))
    return f"{part.task['title']}: {', '.join(texts)}"


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else (
        f"{value:g}" if isinstance(value, float) else str(value)
    )  # fmt: skip


def _paired(
    part: PartRuns, rows: Sequence[Row], series: Mapping[str, int], anchor: str
) -> list[Panel]:
    shown = [
        PairedRow(
            label=row.runs.label,
            differences=np.array(row.paired.differences),
            estimate=row.paired.estimate,
            low=row.paired.interval.low if row.paired.interval else None,
            high=row.paired.interval.high if row.paired.interval else None,
            series=series.get(row.runs.label),
        )
        for row in rows
        if row.paired is not None
    ]
    if not shown:
        return []
    unit = "decades" if part.metric.scale == "log10" else part.metric.unit
    axis = f"better than {part.baseline} by{f' ({unit})' if unit else ''}: {part.metric.title}"
    data = paired_figure(shown, part.smallest, part.baseline, axis)
    caption = (
        f"A dot is a seed: {part.metric.title} of the function against that of {part.baseline}. "
        "Diamond and bar: interquartile mean with its 95 % interval. Grey: effects smaller than "
        "the smallest of interest."
    )
    return [_panel(draw_paired(data, f"paired-{anchor}"), "Paired differences", caption,
                   spoken_paired(data))]  # fmt: skip


def _curves(
    part: PartRuns,
    series: Mapping[str, int],
    anchor: str,
    curves: Sequence[Mapping[str, Any]],
) -> list[Panel]:
    panels = []
    for curve in curves:
        name = curve["name"]
        bands = [
            curve_band(runs.label, runs.curves.at(name), runs.curves.values(name),
                       series.get(runs.label), curve["scale"])
            for runs in part.runs
            if name in runs.curves
        ]  # fmt: skip
        if not bands:
            continue
        data = curve_figure(curve["title"], curve["along"], curve["scale"], bands)
        panels.append(
            _panel(
                draw_curves(data, f"curve-{name}-{anchor}"),
                words.sentence(curve["title"]),
                "Thick: median over seeds. Shade: quartiles. Thin: single seeds.",
                spoken_curves(data),
            )
        )
    return panels


def _basins(part: PartRuns, series: Mapping[str, int], anchor: str) -> list[Panel]:
    basins = [
        Basin(
            label=runs.label,
            rates=np.array(runs.tuning.rates),
            values=np.asarray(runs.tuning.values),
            chosen=runs.rate,
            at_edge=runs.at_edge,
            series=series[runs.label],
        )
        for runs in part.runs
        if runs.tuning is not None and runs.rate is not None and runs.label in series
    ]
    if not basins:
        return []
    data = BasinFigure(part.metric.title, part.metric.scale, tuple(basins))
    edges = [basin.label for basin in basins if basin.at_edge]
    caption = "Dots: tuning runs. Line: medians. Ring: the rate that was chosen."
    if edges:
        caption += f" At an end of the grid, so a better one may lie outside: {', '.join(edges)}."
    return [_panel(draw_basins(data, f"basin-{anchor}"), "By learning rate", caption,
                   spoken_basins(data))]  # fmt: skip


def _ranks(part: PartRuns, anchor: str) -> list[Panel]:
    full = [runs for runs in part.runs if runs.seeds]
    shared = set.intersection(*(set(runs.seeds) for runs in full)) if full else set()
    if len(full) < 3 or len(shared) < 2:
        return []
    scores = {}
    for runs in full:
        by_seed = runs.by_seed(part.metric)
        scores[runs.label] = [by_seed[seed] for seed in sorted(shared)]
    found = rank_contenders(scores)
    places = {label: place for place, label in enumerate(found.names)}
    data = RankFigure(
        labels=found.names,
        ranks=found.mean_ranks,
        critical=found.critical_difference,
        groups=tuple((places[group[0]], places[group[-1]]) for group in found.groups),
        blocks=found.blocks,
    )
    caption = (
        f"Friedman's test that all are alike: p = {words.p_value(found.f_p)}. Functions joined "
        "by a bar are not told apart by their ranks (Nemenyi, 5 %)."
    )
    return [_panel(draw_ranks(data, f"rank-{anchor}"), "Ranks", caption, spoken_ranks(data))]


def _panel(svg: str, title: str, caption: str, spoken: str) -> Panel:
    return Panel(Markup(svg), title, caption, spoken)
