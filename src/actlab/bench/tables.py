"""Every table of the report as plain text cells, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actlab.bench.cells import Grid, duration, number, three_digits
from actlab.bench.goals import Check
from actlab.bench.scenes import Scene, threads_text
from actlab.bench.settings import size_text
from actlab.bench.summary import Outcome, Results, Timing, ratio
from actlab.bench.targets import checks
from actlab.bench.traffic import gigabytes_per_second

MEASURES = {"forward": "forward", "backward": "backward", "both": "forward + backward"}
GATED_LAYOUTS = {"packed": "halves of one tensor", "pair": "two tensors"}
PLACES = {"alone": "alone", "linear": "Linear, act, Linear", "conv": "Conv, act, Conv"}


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
                ", ".join((MEASURES[measure], dtype, *threads_text(count))),
                ("x torch.relu", *(size_text(one.scene.size) for one in outcomes)),
                tuple(rows),
            )
        )
    return grids


def _reference(one: Outcome) -> str:
    first = one.timings[0]
    if not first.seconds:
        return _why_not(first)
    return duration(first.median) + ("~" if one.noisy else "") + _rate(one.scene, first)


def _ratio_text(one: Outcome, label: str) -> str:
    found = one.ratio(label, one.timings[0].contender.label)
    timing = next(t for t in one.timings if t.contender.label == label)
    if found is None:
        return _why_not(timing)
    return number(found.of_medians) + ("~" if one.noisy else "") + _rate(one.scene, timing)


def _rate(scene: Scene, timing: Timing) -> str:
    """What a contender moves, on a GPU: there nearly all functions are as fast as memory is."""
    found = None if scene.threads else gigabytes_per_second(scene, timing)
    return "" if found is None else f", {three_digits(found)} GB/s"


def device_method(results: Results) -> tuple[str, ...]:
    """How a GPU was measured, in sentences; none where the CPU was."""
    device = results.device
    if not device:
        return ()
    size = device.get("L2 cache") or "of unknown size"
    return (
        "Times are those of the GPU, between two events around a batch of calls that the host has "
        "put into the queue while the GPU was kept busy: launches are not in them. What a call "
        "costs the program is a table of its own, by the host's clock, with room in the queue.",
        "GB/s are the bytes that a call has to read and write at least over its time: forward the "
        "input and the output; backward the cotangent, what was kept and the gradient.",
        f"The L2 cache ({size}) is not emptied between calls, as it is not between the layers of "
        "a network. Tensors that fit into it come from there in part, and their GB/s exceed what "
        "memory can do; input and output of 2^24 elements and more take 64 MiB (bfloat16) or 128 "
        "MiB (float32) upwards. The copy that bandwidth is held against runs in the same rounds, "
        "with the same cache.",
        "Contenders share their input. Liger's gated units write gradients over copies of their "
        "own; their GELU is the one by tanh. Peak memory is that of a model, its input, gradients "
        "and one training step.",
    )


def long_grids(results: Results, part: str) -> list[Grid]:
    """One table for each comparison of a part: every contender with its time and ratio."""
    return [_long_grid(one) for one in results.part(part)]


def _long_grid(one: Outcome) -> Grid:
    first = one.timings[0]
    more = _columns(one)
    rows = []
    for timing in one.timings:
        found = ratio(timing, first)
        cells = tuple(column(timing) for column in more.values())
        if found is None:
            rows.append((timing.contender.label, _why_not(timing), "-", "-", *cells))
            continue
        rows.append(
            (
                timing.contender.label,
                duration(timing.median),
                number(found.of_medians),
                f"{number(found.low)}-{number(found.high)}",
                *cells,
            )
        )
    head = ("contender", "time", "ratio", "quartiles", *more)
    title = _long_title(one.scene) + (" ~" if one.noisy else "")
    return Grid(title, head, tuple(rows), f"Ratios to {first.contender.label}.")


def _columns(one: Outcome) -> dict[str, Callable[[Timing], str]]:
    """What a GPU has to say besides times."""

    def rate(timing: Timing) -> str:
        found = gigabytes_per_second(one.scene, timing)
        return "-" if found is None else three_digits(found)

    def peak(timing: Timing) -> str:
        return "-" if timing.peak is None else f"{timing.peak / 2**30:.2f} GiB"

    columns: dict[str, Callable[[Timing], str]] = {}
    counted = not one.scene.threads and one.scene.part != "overhead"
    if counted and any(gigabytes_per_second(one.scene, t) is not None for t in one.timings):
        columns["GB/s"] = rate
    if any(timing.peak is not None for timing in one.timings):
        columns["peak memory"] = peak
    return columns


def _long_title(scene: Scene) -> str:
    what = scene.model if scene.measure == "step" else MEASURES[scene.measure]
    if scene.model and scene.measure != "step":
        what = f"{GATED_LAYOUTS.get(scene.model, scene.model)}, {what}"
    return ", ".join((what, scene.dtype, scene.place, *threads_text(scene.threads)))


def baseline_grid(results: Results) -> Grid | None:
    """How many times longer the other ways of computing a function take than actlab's."""
    outcomes = results.part("baselines")
    if not outcomes:
        return None
    routes = ("native", "triton", "formula", "naive", "compiled", "torch")
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
