"""From a results folder to plain data for tables, figures and verdicts; reads records only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from actlab.lab.extending import Extended, extended_in
from actlab.lab.task import Metric
from actlab.records import FINAL, Record, Status, Store, StoreError
from actlab.report.runs import Curves, Lost, PartRuns, Runs, Tuning

KNOWN_DESCRIPTION = 2
"""Version of the study description that this code reads."""


@dataclass(frozen=True)
class Shape:
    """A function and its slope on a grid."""

    label: str
    x: Any
    value: Any
    slope: Any


@dataclass(frozen=True)
class Results:
    """Everything a report shows about one study.

    Args:
        study: as its file says.
        tier: ``full``, ``quick`` or ``smoke``.
        tasks: descriptions by name.
        contender, baseline: labels of the two the claim is about.
        contenders: facts of every function by label.
        command: what runs the study again.
        parts: every part in every regime.
        shapes: every function on a grid.
        environments: distinct ones, the most frequent first.
        counts: cells by status.
        cells: cells planned.
        seconds: computing time, added up over workers.
        damaged: why each unreadable cell is unreadable.
    """

    study: Mapping[str, Any]
    tier: str
    tasks: Mapping[str, Mapping[str, Any]]
    contender: str
    baseline: str
    contenders: Mapping[str, Mapping[str, Any]]
    command: str
    parts: tuple[PartRuns, ...]
    shapes: tuple[Shape, ...]
    environments: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    cells: int
    seconds: float
    damaged: tuple[str, ...] = ()
    inits: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        """The study's name with that of the tier."""
        return self.study["name"] if self.tier == "full" else f"{self.study['name']}-{self.tier}"

    @property
    def complete(self) -> bool:
        """Whether every planned cell has a final outcome."""
        return sum(self.counts.get(str(status), 0) for status in FINAL) == self.cells

    def part(self, name: str, regime: str) -> PartRuns | None:
        """A part in a regime."""
        return next((p for p in self.parts if (p.name, p.regime) == (name, regime)), None)


@dataclass(frozen=True)
class Folder:
    """A results folder: one study, or several that share it."""

    name: str
    root: Path
    command: str
    studies: tuple[Results, ...]
    newest: str = ""
    """When the newest record was written, as ISO 8601."""
    extended: Extended = field(default_factory=dict)
    """Parts with twice the seeds, by study: those of a second look."""

    def study(self, name: str) -> Results | None:
        """A study by its name."""
        return next((one for one in self.studies if one.study["name"] == name), None)


def collect_folder(root: Path) -> Folder:
    """Read a results folder.

    Args:
        root: the folder.

    Raises:
        StoreError: not an actlab results folder, no study description in it, or one that this
            version cannot read.
    """
    store = Store.open(root)
    about = store.read_study()
    version = about.get("version")
    if version != KNOWN_DESCRIPTION:
        raise StoreError(
            f"{root} was written by another version of actlab (description {version!r}, this one "
            f"reads {KNOWN_DESCRIPTION}); run the study again with this version"
        )
    try:
        damaged = tuple(store.damaged())
        command = str(about["command"])
        studies = tuple(_study(store, one, command, damaged) for one in about["studies"])
        return Folder(store.study, root, command, studies, store.newest(), extended_in(about))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError(
            f"the study description in {root} cannot be read ({error!r}); "
            "run the study again to write it anew"
        ) from error


def collect(root: Path) -> Results:
    """Read a results folder that holds one study.

    Raises:
        StoreError: as :func:`collect_folder`; or several studies share the folder.
    """
    found = collect_folder(root)
    if len(found.studies) != 1:
        raise StoreError(f"{root} holds {len(found.studies)} studies, not one")
    return found.studies[0]


def _study(
    store: Store, about: Mapping[str, Any], command: str, damaged: tuple[str, ...]
) -> Results:
    cells = about["cells"]
    loaded = {cell["id"]: store.load(cell["id"]) for cell in cells}
    records = {name: record for name, record in loaded.items() if record is not None}
    counts: dict[str, int] = {}
    for record in records.values():
        counts[str(record.status)] = counts.get(str(record.status), 0) + 1
    by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        by_place.setdefault((cell["part"], cell["regime"]), []).append(cell)
    parts = tuple(
        _part(about, part, regime, by_place.get((part["name"], regime), []), records)
        for part in about["study"]["part"]
        for regime in part["regimes"]
    )
    wanted = {cell["id"] for cell in cells}
    return Results(
        study=about["study"],
        tier=str(about["tier"]),
        tasks=about["tasks"],
        contender=about["contender"],
        baseline=about["baseline"],
        contenders=about["contenders"],
        command=command,
        parts=parts,
        shapes=_shapes(cells, records),
        environments=_environments(records),
        counts=counts,
        cells=len({cell["id"] for cell in cells}),
        seconds=sum(float(r.provenance.get("seconds", 0.0)) for r in records.values()),
        damaged=tuple(line for line in damaged if line.partition(":")[0] in wanted),
        inits=tuple(about["inits"]),
    )


def _part(
    about: Mapping[str, Any],
    part: Mapping[str, Any],
    regime: str,
    cells: Sequence[Mapping[str, Any]],
    records: Mapping[str, Record],
) -> PartRuns:
    study = about["study"]
    task = about["tasks"][part["task"] or study["task"]]
    metrics = {m["name"]: Metric(**m) for m in task["metrics"]}
    chosen = metrics[part["metric"]] if part["metric"] else next(iter(metrics.values()))
    by_label: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        by_label.setdefault(cell["contender"], []).append(cell)
    return PartRuns(
        name=part["name"],
        title=part["title"],
        regime=regime,
        task=task,
        plan={k: v for k, v in part.items() if k not in ("contenders", "regimes", "settings")},
        settings=about["settings"][part["name"]],
        metrics=metrics,
        metric=chosen,
        baseline=about["baselines"][part["name"]],
        smallest=float(part["smallest_effect"] or study["smallest_effect"]),
        runs=tuple(_runs(label, part["seeds"], mine, records) for label, mine in by_label.items()),
    )


def _runs(
    label: str,
    planned: int,
    cells: Sequence[Mapping[str, Any]],
    records: Mapping[str, Record],
) -> Runs:
    problems: list[str] = []
    ended: list[tuple[int, Record, int]] = []
    tuning: Tuning | None = None
    lost: dict[int, Lost] = {}
    for cell in cells:
        record = records.get(cell["id"])
        if record is not None and record.status in FINAL:
            if cell["kind"] == "tune":
                tuning = _tuning(record)
            else:
                ended += [(seed, record, row) for row, seed in enumerate(cell["seeds"])]
            continue
        seeds = ", ".join(str(seed) for seed in cell["seeds"])
        what = f"{cell['kind']} cell, seeds {seeds}"
        if record is None:
            why = Lost("not run")
            problems.append(f"{what}: not run yet")
        else:
            why = Lost(str(record.status), record.reason)
            problems.append(f"{what}: {record.status}, {record.reason}")
        if cell["kind"] != "tune":
            lost |= dict.fromkeys(cell["seeds"], why)
    ended.sort(key=lambda item: item[0])
    names = list(ended[0][1].summary["metrics"]) if ended else []
    return Runs(
        label=label,
        planned=planned,
        seeds=tuple(seed for seed, _, _ in ended),
        metrics={
            name: tuple(float(r.summary["metrics"][name][row]) for _, r, row in ended)
            for name in names
        },
        diverged=tuple(bool(r.summary["diverged"][row]) for _, r, row in ended),
        rate=float(ended[0][1].summary["learning_rate"]) if ended else None,
        tuning=tuning,
        curves=Curves(tuple((record, row) for _, record, row in ended)),
        problems=tuple(problems),
        seconds=sum(float(record.provenance.get("seconds", 0.0)) for record in
                    {id(r): r for _, r, _ in ended}.values()),
        lost=lost,
    )  # fmt: skip


def _tuning(record: Record) -> Tuning:
    return Tuning(
        rates=tuple(record.summary["learning_rates"]),
        medians=tuple(record.summary["medians"]),
        values=np.asarray(record.arrays["values"], np.float64),
        at_edge=bool(record.summary["at_edge"]),
    )


def _shapes(cells: Sequence[Mapping[str, Any]], records: Mapping[str, Record]) -> tuple[Shape, ...]:
    shapes = []
    for cell in cells:
        record = records.get(cell["id"])
        if cell["kind"] == "shape" and record is not None and record.status == Status.DONE:
            x, value, slope = (record.arrays[name] for name in ("x", "value", "slope"))
            shapes.append(Shape(cell["contender"], x, value, slope))
    return tuple(shapes)


def _environments(records: Mapping[str, Record]) -> tuple[Mapping[str, Any], ...]:
    """The distinct environments the records were made in, most frequent first."""
    seen: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for record in records.values():
        environment = record.provenance.get("environment")
        if environment:
            text = repr(environment)
            seen[text] = (seen.get(text, (0, environment))[0] + 1, environment)
    return tuple(env for _, env in sorted(seen.values(), key=lambda item: -item[0]))
