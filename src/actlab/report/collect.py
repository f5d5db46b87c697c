"""From a results folder to plain data for tables, figures and the verdict; reads records only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actlab.records import FINAL, Record, Status, Store, StoreError


@dataclass(frozen=True)
class Runs:
    """All test runs of one function in one part and regime.

    Args:
        label: the function with its parameters.
        planned: seeds the study asks for.
        seeds: seeds that ended (diverged ones included), in ascending order.
        final: final loss by seed, capped at the floor.
        best: lowest loss met by seed, capped likewise.
        diverged: which of them diverged.
        rate: learning rate, when there is a run.
        at_edge: whether the chosen rate is the first or the last of the grid.
        losses, gradients, fits: one row per seed.
        problems: why runs are missing, one line each.
    """

    label: str
    planned: int
    seeds: tuple[int, ...] = ()
    final: tuple[float, ...] = ()
    best: tuple[float, ...] = ()
    diverged: tuple[bool, ...] = ()
    rate: float | None = None
    at_edge: bool = False
    losses: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    gradients: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    fits: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Runs that failed, timed out, were skipped or have not been run."""
        return self.planned - len(self.seeds)


@dataclass(frozen=True)
class PartRuns:
    """One part of a study in one regime."""

    name: str
    title: str
    regime: str
    settings: Mapping[str, Any]
    runs: tuple[Runs, ...]

    def of(self, label: str) -> Runs | None:
        """The runs of one function."""
        return next((runs for runs in self.runs if runs.label == label), None)


@dataclass(frozen=True)
class Shape:
    """A function and its slope on a grid."""

    label: str
    x: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Results:
    """Everything a report shows."""

    study: Mapping[str, Any]
    task: Mapping[str, Any]
    contender: str
    baseline: str
    contenders: Mapping[str, Mapping[str, Any]]
    quick: bool
    command: str
    parts: tuple[PartRuns, ...]
    shapes: tuple[Shape, ...]
    environments: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    cells: int
    seconds: float
    damaged: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every planned cell has a final outcome."""
        return sum(self.counts.get(str(status), 0) for status in FINAL) == self.cells

    def part(self, name: str, regime: str) -> PartRuns | None:
        """A part in a regime."""
        return next((p for p in self.parts if (p.name, p.regime) == (name, regime)), None)


def collect(root: Path) -> Results:
    """Read a results folder.

    Args:
        root: the folder.

    Raises:
        StoreError: not an actlab results folder, or no study description in it.
    """
    store = Store.open(root)
    about = store.read_study()
    try:
        return _collect(store, about)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError(
            f"the study description in {root} cannot be read ({error!r}); "
            "run the study again to write it anew"
        ) from error


def _collect(store: Store, about: Mapping[str, Any]) -> Results:
    cells = about["cells"]
    loaded = {cell["id"]: store.load(cell["id"]) for cell in cells}
    records = {name: record for name, record in loaded.items() if record is not None}
    counts: dict[str, int] = {}
    for record in records.values():
        counts[str(record.status)] = counts.get(str(record.status), 0) + 1
    parts = tuple(
        _part(part, regime, cells, records)
        for part in about["study"]["part"]
        for regime in part["regimes"]
    )
    return Results(
        study=about["study"],
        task=about["task"],
        contender=about["contender"],
        baseline=about["baseline"],
        contenders=about["contenders"],
        quick=bool(about["quick"]),
        command=str(about["command"]),
        parts=parts,
        shapes=_shapes(cells, records),
        environments=_environments(records),
        counts=counts,
        cells=len(cells),
        seconds=sum(float(r.provenance.get("seconds", 0.0)) for r in records.values()),
        damaged=tuple(store.damaged()),
    )


def _part(
    part: Mapping[str, Any],
    regime: str,
    cells: list[dict[str, Any]],
    records: Mapping[str, Record],
) -> PartRuns:
    mine = [c for c in cells if (c["part"], c["regime"]) == (part["name"], regime)]
    labels = list(dict.fromkeys(c["contender"] for c in mine))
    settings = {k: v for k, v in part.items() if k not in ("contenders", "regimes")}
    runs = tuple(
        _runs(label, part["seeds"], [c for c in mine if c["contender"] == label], records)
        for label in labels
    )
    return PartRuns(part["name"], part["title"], regime, settings, runs)


def _runs(
    label: str, planned: int, cells: list[dict[str, Any]], records: Mapping[str, Record]
) -> Runs:
    problems: list[str] = []
    ended: list[tuple[int, Record, int]] = []
    at_edge = False
    for cell in cells:
        record = records.get(cell["id"])
        if record is not None and cell["kind"] == "tune":
            at_edge = bool(record.summary.get("at_edge", False))
        if record is not None and record.status in FINAL:
            if cell["kind"] == "train":
                ended += [(seed, record, row) for row, seed in enumerate(cell["seeds"])]
            continue
        seeds = ", ".join(str(seed) for seed in cell["seeds"])
        what = f"{cell['kind']} cell, seeds {seeds}"
        if record is None:
            problems.append(f"{what}: not run yet")
        else:
            problems.append(f"{what}: {record.status}, {record.reason}")
    ended.sort(key=lambda item: item[0])
    if not ended:
        return Runs(label, planned, problems=tuple(problems), at_edge=at_edge)
    return Runs(
        label=label,
        planned=planned,
        seeds=tuple(seed for seed, _, _ in ended),
        final=tuple(float(r.summary["final"][row]) for _, r, row in ended),
        best=tuple(float(r.summary["best"][row]) for _, r, row in ended),
        diverged=tuple(bool(r.summary["diverged"][row]) for _, r, row in ended),
        rate=float(ended[0][1].summary["learning_rate"]),
        at_edge=at_edge,
        losses=np.stack([r.arrays["losses"][row] for _, r, row in ended]),
        gradients=np.stack([r.arrays["gradients"][row] for _, r, row in ended]),
        fits=np.stack([r.arrays["fits"][row] for _, r, row in ended]),
        problems=tuple(problems),
    )


def _shapes(cells: list[dict[str, Any]], records: Mapping[str, Record]) -> tuple[Shape, ...]:
    shapes = []
    for cell in cells:
        record = records.get(cell["id"])
        if cell["kind"] == "shape" and record is not None and record.status == Status.DONE:
            x, value, slope = (
                record.arrays[name].astype(np.float64) for name in ("x", "value", "slope")
            )
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
