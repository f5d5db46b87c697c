"""A part of a study in one regime as the page shows it: figures, table, budget, trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from actlab.figures.basins import Basin, BasinFigure, draw_basins, spoken_basins
from actlab.figures.chart import COLOURS
from actlab.figures.curves import curve_band, curve_figure, draw_curves, spoken_curves
from actlab.figures.paired import PairedRow, draw_paired, paired_figure, spoken_paired
from actlab.figures.ranks import MOST, RankFigure, draw_ranks, spoken_ranks
from actlab.report import words
from actlab.report.collect import Results
from actlab.report.pairs import more_seeds
from actlab.report.runs import PartRuns
from actlab.report.tables import Row, make_rows
from actlab.report.terminal import fitted_of, problems
from actlab.stats import Improvement, probability_of_improvement, rank_contenders


@dataclass(frozen=True)
class Detail:
    """How much of a part is drawn.

    Args:
        figures: which of ``paired``, ``curves``, ``basins`` and ``ranks``.
        curves: at most so many of the task's curves.
        runs: single runs drawn of each function.
        tolerance: pixels that a drawn line may lie off.
        bands: whether curves have their quartiles.
        shapes: whether the functions themselves are drawn.
    """

    figures: tuple[str, ...]
    curves: int = 1
    runs: int = 0
    tolerance: float = 0.8
    bands: bool = True
    shapes: bool = False


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
        number: of its function in the study, which decides its colour.
    """

    row: Row
    better: Improvement | None
    more: str
    number: int


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
        legend: functions with a colour of their own, with their numbers.
    """

    part: PartRuns
    anchor: str
    fitted: float | None
    budget: str
    lines: tuple[Line, ...]
    panels: tuple[Panel, ...]
    problems: tuple[str, ...]
    legend: tuple[tuple[str, int], ...]


def numbered(results: Results) -> dict[str, int]:
    """A number for each function: contender, baseline, then the best of the first part first."""
    order = dict.fromkeys([results.contender, results.baseline])
    for part in results.parts:
        order |= dict.fromkeys(row.runs.label for row in make_rows(part))
    order |= dict.fromkeys(sorted(shape.label for shape in results.shapes))
    return {label: place for place, label in enumerate(order)}


def make_section(
    results: Results, part: PartRuns, numbers: Mapping[str, int], detail: Detail
) -> Section:
    """A part as the page shows it.

    Args:
        results: its study.
        part: the part in one regime.
        numbers: of the functions, by label.
        detail: what is drawn.
    """
    fitted = fitted_of(part, results)
    rows = make_rows(part, fitted=fitted)
    draw = {"paired": _paired, "curves": _curves, "basins": _basins, "ranks": _ranks}
    panels = [panel for name in detail.figures for panel in draw[name](part, numbers, detail)]
    own = sorted((numbers[row.runs.label], row.runs.label) for row in rows)
    return Section(
        part=part,
        anchor=f"{results.study['name']}-{part.name}-{part.regime}",
        fitted=fitted,
        budget=budget(part),
        lines=tuple(_line(row, part, numbers[row.runs.label]) for row in rows),
        panels=tuple(panels),
        problems=tuple(problems(part)),
        legend=tuple((label, number) for number, label in own if number < COLOURS),
    )


def _line(row: Row, part: PartRuns, number: int) -> Line:
    if row.paired is None:
        return Line(row, None, "", number)
    place = ("line", row.runs.label)
    if place not in part.memory:
        better = probability_of_improvement(row.paired.differences)
        part.memory[place] = (better, more_seeds(row.paired, part.smallest))
    better, more = part.memory[place]
    return Line(row, better, more, number)


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


def _paired(part: PartRuns, numbers: Mapping[str, int], detail: Detail) -> list[Panel]:
    shown = [
        PairedRow(
            label=row.runs.label,
            differences=np.array(row.paired.differences),
            estimate=row.paired.estimate,
            low=row.paired.interval.low if row.paired.interval else None,
            high=row.paired.interval.high if row.paired.interval else None,
            series=numbers[row.runs.label],
        )
        for row in make_rows(part)
        if row.paired is not None
    ]
    if not shown:
        return []
    unit = "decades" if part.metric.scale == "log10" else part.metric.unit
    axis = f"{part.metric.title}: better than {part.baseline} by{f' ({unit})' if unit else ''}"
    data = paired_figure(shown, part.smallest, part.baseline, axis)
    caption = (
        f"A dot is a seed: the function against {part.baseline}. Diamond and bar: interquartile "
        "mean with its 95 % interval. Grey: effects smaller than the smallest of interest."
    )
    if len(data.rows) < len(shown):
        caption += f" The best and worst {len(data.rows)} of {len(shown)} functions."
    return [_panel(draw_paired(data), "Paired differences", caption, spoken_paired(data))]


def _curves(part: PartRuns, numbers: Mapping[str, int], detail: Detail) -> list[Panel]:
    panels: list[Panel] = []
    for curve in part.task["curves"]:
        name = curve["name"]
        bands = [
            curve_band(runs.label, runs.curves.at(name), runs.curves.values(name),
                       numbers[runs.label], curve["scale"])
            for runs in part.runs
            if name in runs.curves
        ]  # fmt: skip
        if not bands or len(panels) == detail.curves:
            continue
        data = curve_figure(curve["title"], curve["along"], curve["scale"], bands)
        # Single runs of many functions hide one another.
        single = detail.runs if sum(b.series < COLOURS for b in bands) <= 2 else 0
        caption = "Thick: median over seeds."
        caption += " Shade: quartiles." if detail.bands else ""
        caption += " Thin: single seeds." if single else ""
        caption += " Grey: other functions." if any(b.series >= COLOURS for b in bands) else ""
        svg = draw_curves(data, single, detail.tolerance, detail.bands)
        panels.append(_panel(svg, words.sentence(curve["title"]), caption, spoken_curves(data)))
    return panels


def _basins(part: PartRuns, numbers: Mapping[str, int], detail: Detail) -> list[Panel]:
    basins = [
        Basin(
            label=runs.label,
            rates=np.array(runs.tuning.rates),
            values=np.asarray(runs.tuning.values, np.float64),
            chosen=runs.rate,
            at_edge=runs.at_edge,
            series=numbers[runs.label],
        )
        for runs in part.runs
        if runs.tuning is not None and runs.rate is not None and numbers[runs.label] < COLOURS
    ]
    if not basins:
        return []
    data = BasinFigure(part.metric.title, part.metric.scale, tuple(basins))
    edges = [basin.label for basin in basins if basin.at_edge]
    caption = "Dots: tuning runs. Line: medians. Ring: the rate that was chosen."
    if edges:
        caption += f" At an end of the grid, so a better one may lie outside: {', '.join(edges)}."
    return [_panel(draw_basins(data), "By learning rate", caption, spoken_basins(data))]


def _ranks(part: PartRuns, numbers: Mapping[str, int], detail: Detail) -> list[Panel]:
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
        series=tuple(numbers[label] for label in found.names),
    )
    caption = (
        f"Friedman's test that all are alike: p = {words.p_value(found.f_p)}. Functions joined "
        "by a bar are not told apart by their ranks (Nemenyi, 5 %)."
    )
    if len(found.names) > MOST:
        caption += f" The first {MOST} of {len(found.names)}."
    return [_panel(draw_ranks(data), "Ranks", caption, spoken_ranks(data))]


def _panel(svg: str, title: str, caption: str, spoken: str) -> Panel:
    return Panel(Markup(svg), title, caption, spoken)
