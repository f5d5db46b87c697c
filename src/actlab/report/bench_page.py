"""The benchmark's report: a page without network or script, a plot, and the raw timings."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from actlab.bench.device_targets import over_relu
from actlab.bench.scenes import Scene
from actlab.bench.summary import Results, Timing, problems, ratio, warnings
from actlab.bench.tables import (
    MEASURES,
    against_grid,
    baseline_grid,
    device_method,
    long_grids,
    memory_grids,
    relu_grids,
    target_grid,
)
from actlab.bench.targets import against_relu, checks, targets_of
from actlab.bench.traffic import gigabytes_per_second
from actlab.figures.ratios import RatioFigure, Values, draw_ratios, draw_sheet, ratio_figure
from actlab.records.durable import publish_file
from actlab.report import words
from actlab.report.page import template

PAGE, PLOT, RAW = "report.html", "ratios.png", "timings.jsonl"
LARGEST_DOWNLOAD = 350_000
"""Characters of numbers that are put into the page; more stay in the folder."""

COLUMNS = (
    "part", "measure", "model", "shape", "dtype", "threads", "contender", "status", "median_s",
    "spread", "reference", "ratio", "q25", "q75",
)  # fmt: skip

DEVICE_COLUMNS = ("gigabytes_per_s", "peak_bytes")
"""Those that a GPU has besides."""

LONG_PARTS = {
    "learned": "A real exponent, fixed and learned",
    "channels": "A parameter per channel",
    "threads": "Threads",
    "overhead": "What a call costs the program: host time",
    "gated": "Gated units",
    "steps": "Whole training steps",
}


def figures_of(results: Results) -> list[RatioFigure]:
    """A panel for each measure and dtype, at the fewest threads."""
    outcomes = results.part("pointwise")
    fewest = min((one.scene.threads for one in outcomes), default=1)
    kept = [one for one in outcomes if one.scene.threads == fewest]
    panels = []
    for measure, dtype in dict.fromkeys((one.scene.measure, one.scene.dtype) for one in kept):
        if measure == "backward":
            continue
        curves: dict[str, dict[int, tuple[float, float, float]]] = {}
        for one in kept:
            if (one.scene.measure, one.scene.dtype) != (measure, dtype):
                continue
            first = one.timings[0]
            for timing in one.timings[1:]:
                found = ratio(timing, first)
                if found is not None and timing.contender.route in ("actlab", "copy"):
                    values = curves.setdefault(timing.contender.label, {})
                    values[one.scene.size] = (found.of_medians, found.low, found.high)
        floor: Values = curves.pop("copy", {})
        panels.append(
            ratio_figure(f"{MEASURES[measure]}, {dtype}", curves, floor, _goals(results, measure))
        )
    return panels


def _goals(results: Results, measure: str) -> list[tuple[float, float, float]]:
    return [
        (float(target.smallest), float(target.largest), target.limit)
        for target in targets_of(results)
        if target.points in (against_relu, over_relu) and target.measure == measure
    ]


def render(results: Results) -> str:
    """The page's text.

    Args:
        results: from :func:`actlab.bench.summary.collect`.
    """
    found = checks(results)
    return template("bench.html.j2").render(
        words=words,
        results=results,
        about=results.about,
        states=_states(results),
        checks=found,
        targets=target_grid(results),
        warnings=warnings(results),
        problems=problems(results),
        panels=[
            {"svg": Markup(draw_ratios(panel, f"ratios-{place}")), "title": panel.title}
            for place, panel in enumerate(figures_of(results))
        ],
        relu=relu_grids(results),
        against=against_grid(results),
        baselines=baseline_grid(results),
        long={title: long_grids(results, part) for part, title in LONG_PARTS.items()},
        memory=memory_grids(results),
        place=place_of(results),
        method=device_method(results),
        settings=_settings(results),
        facts=_facts(results.about["environment"]),
        download=_download(results),
    )


def place_of(results: Results) -> str:
    """What was measured, in a line: the processor, the libraries, the day."""
    environment, device = results.about["environment"], results.device
    torch = f"torch {environment['libraries']['torch']}"
    if not device:
        threads = results.settings["threads"]
        plural = "" if threads == [1] else "s"
        return f"{environment['cpu']}, {torch}, {' and '.join(map(str, threads))} thread{plural}"
    versions = [
        f"{name} {device[name]}"
        for name in ("driver", "cuda", "rocm", "triton")
        if device.get(name)
    ]
    return ", ".join((device["gpu"], torch, *versions, results.about.get("date", "")))


def write_page(results: Results, target: Path) -> None:
    """Write the page.

    Args:
        results: what to show.
        target: where the page goes; its folder must exist.
    """
    publish_file(target, render(results).encode("utf-8"))


def write_files(results: Results, folder: Path) -> None:
    """Write the plot and the raw timings beside the records in a results folder."""
    panels = figures_of(results)
    if panels:
        publish_file(folder / PLOT, draw_sheet(panels, "Time relative to torch.relu"))
    publish_file(folder / RAW, raw_lines(results).encode("utf-8"))


def raw_lines(results: Results) -> str:
    """Every timing of every round as JSON lines, one line for each contender and comparison."""
    lines = [
        json.dumps(
            {
                **_where(one.scene),
                "contender": timing.contender.label,
                "status": timing.status,
                "reason": timing.reason,
                "seconds": list(timing.seconds),
                **({} if timing.peak is None else {"peak_bytes": timing.peak}),
            }
        )
        for one in results.outcomes
        for timing in one.timings
    ]
    lines += [
        json.dumps({**_where(one.scene), "contender": label, **row})
        for one in results.outcomes
        for label, row in one.memory.items()
    ]
    return "".join(f"{line}\n" for line in lines)


def _where(scene: Scene) -> dict[str, Any]:
    return {
        "part": scene.part,
        "measure": scene.measure,
        "model": scene.model,
        "shape": list(scene.shape),
        "dtype": scene.dtype,
        "threads": scene.threads,
    }


def _states(results: Results) -> str:
    counts: dict[str, int] = {}
    for check in checks(results):
        counts[check.status] = counts.get(check.status, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _settings(results: Results) -> list[tuple[str, str]]:
    settings, gate = results.settings, results.about["gate"]
    where = "device" if results.device else "threads"
    chosen = [(name, _listed(settings[name])) for name in
              ("activations", "sizes", "dtypes", where, "parts")]  # fmt: skip
    by_formula = [name for name in settings["activations"] if name not in gate["native"]]
    ways = {"compiled kernels": gate["native"], "formulas": by_formula}
    return [
        *chosen,
        ("rounds", f"{settings['rounds']}, each timing at least "
                   f"{1e3 * settings['slice_seconds']:g} ms"),
        ("gate", f"{gate['passed']} checks passed, {gate['skipped']} not applicable, "
                 f"in {words.seconds(gate['seconds'])}"),
        *((way, ", ".join(names)) for way, names in ways.items() if names),
        ("comparisons", f"{len(results.outcomes)} of {results.planned}"),
        ("time", words.seconds(results.seconds)),
    ]  # fmt: skip


def _listed(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _facts(environment: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in environment.items():
        if isinstance(value, Mapping):
            lines += _facts(value, f"{name}, " if name != "libraries" else "")
        elif value is not None:
            lines.append((f"{prefix}{name}", str(value)))
    return lines


def _download(results: Results) -> str:
    """Medians and ratios as a CSV file inside a link; empty when there is too much of it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow((*COLUMNS, *DEVICE_COLUMNS) if results.device else COLUMNS)
    for one in results.outcomes:
        where = _where(one.scene) | {"shape": "x".join(map(str, one.scene.shape))}
        for timing in one.timings:
            more = _device_numbers(one.scene, timing) if results.device else []
            writer.writerow([*where.values(), *_numbers(timing, one.timings[0]), *more])
    text = buffer.getvalue()
    if len(text) > LARGEST_DOWNLOAD:
        return ""
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return f"data:text/csv;charset=utf-8;base64,{encoded}"


def _numbers(timing: Timing, first: Timing) -> list[str]:
    found = ratio(timing, first)
    cells = [timing.contender.label, timing.status]
    if found is None:
        return [*cells, "", "", "", "", "", ""]
    values = (found.of_medians, found.low, found.high)
    return [*cells, f"{timing.median:.5g}", f"{timing.spread:.3g}", first.contender.label,
            *(f"{value:.4g}" for value in values)]  # fmt: skip


def _device_numbers(scene: Scene, timing: Timing) -> list[str]:
    rate = gigabytes_per_second(scene, timing)
    return ["" if rate is None else f"{rate:.4g}", "" if timing.peak is None else str(timing.peak)]
