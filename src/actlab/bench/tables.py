"""Every table of the report as plain text cells, for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actlab.bench.scenes import Scene
from actlab.bench.settings import size_text
from actlab.bench.summary import Outcome, Results, Timing, ratio
from actlab.bench.targets import Check, checks

MEASURES = {"forward": "forward", "backward": "backward", "both": "forward + backward"}
PLACES = {"alone": "alone", "linear": "Linear, act, Linear", "conv": "Conv, act, Conv"}


@dataclass(frozen=True)
class Grid:
    """A table.

    Args:
        title: above it.
        head: the columns' names; the first column holds labels.
        rows: text cells, as many as columns.
        note: below it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def target_grid(results: Results) -> Grid:
    """The targets, each with its worst number."""
    return Grid(
        "Targets",
        ("target", "goal", "worst", "state", "points", "where the worst is"),
        tuple(_target_row(check) for check in checks(results)),
        "Ratios of medians within this run; quartiles of the ratios within rounds in brackets. "
        "A target is reached when every point reaches it.",
    )


def _target_row(check: Check) -> tuple[str, ...]:
    worst = check.worst
    if worst is None:
        return check.target.name, check.target.goal, "-", check.status, check.note, "-"
    value = number(worst.value)
    if worst.low != worst.high and worst.value == worst.value:
        value += f" [{number(worst.low)}, {number(worst.high)}]"
    return (
        check.target.name,
        check.target.goal,
        value,
        check.status,
        check.note,
        worst.where,
    )


def relu_grids(results: Results) -> list[Grid]:
    """Times in units of torch.relu's, a table for each measure, dtype and thread count."""
    groups: dict[tuple[str, str, int], list[Outcome]] = {}
    for one in results.part("pointwise"):
        key = one.scene.measure, one.scene.dtype, one.scene.threads
        groups.setdefault(key, []).append(one)
    grids = []
    for (measure, dtype, count), outcomes in groups.items():
        labels = dict.fromkeys(t.contender.label for one in outcomes for t in one.timings)
        rows = [("torch relu, time", *(_reference(one) for one in outcomes))]
        rows += [
            (label, *(_ratio_text(one, label) for one in outcomes)) for label in list(labels)[1:]
        ]
        grids.append(
            Grid(
                f"{MEASURES[measure]}, {dtype}, {_thread_text(count)}",
                ("x torch.relu", *(size_text(one.scene.size) for one in outcomes)),
                tuple(rows),
            )
        )
    return grids


def _reference(one: Outcome) -> str:
    first = one.timings[0]
    return duration(first.median) + ("~" if one.noisy else "")


def _ratio_text(one: Outcome, label: str) -> str:
    found = one.ratio(label, one.timings[0].contender.label)
    if found is None:
        return _why_not(next(t for t in one.timings if t.contender.label == label))
    return number(found.of_medians) + ("~" if one.noisy else "")


def long_grids(results: Results, part: str) -> list[Grid]:
    """One table for each comparison of a part: every contender with its time and ratio."""
    return [_long_grid(one) for one in results.part(part)]


def _long_grid(one: Outcome) -> Grid:
    first = one.timings[0]
    rows = []
    for timing in one.timings:
        found = ratio(timing, first)
        if found is None:
            rows.append((timing.contender.label, _why_not(timing), "-", "-"))
            continue
        rows.append(
            (
                timing.contender.label,
                duration(timing.median),
                number(found.of_medians),
                f"{number(found.low)}-{number(found.high)}",
            )
        )
    head = ("contender", "time", "ratio", "quartiles")
    title = _long_title(one.scene) + (" ~" if one.noisy else "")
    return Grid(title, head, tuple(rows), f"Ratios to {first.contender.label}.")


def _long_title(scene: Scene) -> str:
    what = scene.model or MEASURES[scene.measure]
    size = size_text(scene.size) if len(scene.shape) == 1 else "x".join(map(str, scene.shape))
    return f"{what}, {scene.dtype}, {size}, {_thread_text(scene.threads)}"


def baseline_grid(results: Results) -> Grid | None:
    """How many times longer the other ways of computing a function take than actlab's."""
    outcomes = results.part("baselines")
    if not outcomes:
        return None
    routes = ("native", "formula", "naive", "compiled", "torch")
    rows = [_baseline_row(one, routes) for one in outcomes]
    used = [k for k, _ in enumerate(routes) if any(row[2 + k] for row in rows)]
    head = ("function", "actlab", *(f"{routes[k]} x" for k in used))
    return Grid(
        "Other ways to compute the same",
        head,
        tuple((*row[:2], *(row[2 + k] or "-" for k in used)) for row in rows),
        "Times in units of actlab's own: 8 means that actlab is 8 times faster. naive: the "
        "textbook formula in torch, differentiated by autograd; compiled: that by torch.compile "
        "(compilation not counted); torch: its own function, where it has one.",
    )


def _baseline_row(one: Outcome, routes: Sequence[str]) -> tuple[str, ...]:
    ours = one.timings[0]
    name = ours.contender.activation.rpartition(":")[2]
    cells = []
    for route in routes:
        found = [
            t
            for t in one.timings
            if t.contender.route == route and t.contender.activation != "relu"
        ]
        if not found:
            cells.append("")
            continue
        value = ratio(found[0], ours)
        cells.append(_why_not(found[0]) if value is None else number(value.of_medians))
    time = duration(ours.median) if ours.seconds else _why_not(ours)
    return f"{name}, {_case(one)}", time, *cells


def against_grid(results: Results) -> Grid | None:
    """This code in units of the other revision."""
    outcomes = results.part("against")
    if not outcomes:
        return None
    rows = []
    for one in outcomes:
        old, new = one.timings
        found = ratio(new, old)
        name = old.contender.activation.rpartition(":")[2]
        name = f"{name}, {_case(one)}"
        times = [duration(t.median) if t.seconds else _why_not(t) for t in (old, new)]
        if found is None:
            rows.append((name, *times, "-", "-"))
        else:
            quartiles = f"{number(found.low)}-{number(found.high)}"
            rows.append((name, *times, number(found.of_medians), quartiles))
    about = results.about["against"]
    note = (
        f"old: {about['ref']} ({about['commit'][:12]}), by {about['old']}; new: this code, by "
        f"{about['new']}. Below 1 the new one is faster. torch.relu is the same on both sides: "
        "what its ratio is away from 1 is what this comparison cannot see."
    )
    if about["note"]:
        note += f" Note: {about['note']}."
    head = ("function", "old", "new", "new / old", "quartiles")
    return Grid(f"Against {about['ref']}", head, tuple(rows), note)


def _case(one: Outcome) -> str:
    return f"{MEASURES[one.scene.measure]}, {one.scene.dtype} {size_text(one.scene.size)}"


def memory_grids(results: Results) -> list[Grid]:
    """Bytes per element and storages kept for backward, by place."""
    grids = []
    for one in results.part("memory"):
        rows = []
        for label, row in one.memory.items():
            cells = []
            for place in PLACES:
                kept = row.get(place)
                if kept is None:
                    cells.append(str(row.get("status", "-")))
                    continue
                per = kept["bytes"] / kept["elements"]
                cells.append(f"{per:.4g} B in {kept['storages']}")
            rows.append((label, *cells))
        grids.append(
            Grid(
                f"{one.scene.dtype}",
                ("function", *PLACES.values()),
                tuple(rows),
                "Bytes per element of the activation's input, and the number of distinct "
                "storages that autograd keeps for backward; parameters are not counted. The "
                "network's own input is counted where a layer keeps it.",
            )
        )
    return grids


def _why_not(timing: Timing) -> str:
    return timing.status if timing.status != "done" else "-"


def _thread_text(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def number(value: float) -> str:
    """A ratio: three digits, no more."""
    if math.isnan(value):
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """A time per call, three digits and a unit."""
    if math.isnan(seconds):
        return "-"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{_three(seconds / scale)} {unit}"
    return f"{_three(seconds / 1e-9)} ns"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def chunks(grid: Grid, width: int) -> Iterable[Grid]:
    """The table cut into tables that fit into so many characters, labels repeated in each.

    Labels that are too long are folded by whoever prints.
    """
    label = min(max(len(row[0]) for row in (grid.head, *grid.rows)), max(12, width // 3))
    sizes = [max(len(row[k]) for row in (grid.head, *grid.rows)) for k in range(len(grid.head))]
    start = 1
    while start < len(grid.head):
        stop, used = start, label
        while stop < len(grid.head) and (stop == start or used + sizes[stop] + 2 <= width):
            used += sizes[stop] + 2
            stop += 1
        yield Grid(
            grid.title,
            (grid.head[0], *grid.head[start:stop]),
            tuple((row[0], *row[start:stop]) for row in grid.rows),
            grid.note if stop == len(grid.head) else "",
        )
        start = stop
