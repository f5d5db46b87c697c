"""From records to ratios: medians, quartiles, and how quiet the machine was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from actlab.bench import STUDY
from actlab.bench.scenes import Contender, Scene, read
from actlab.records import Record, Store, StoreError

SPREAD_LIMIT = 0.15
"""Quartiles of a timing further apart than this, relative to its median, are called noisy."""

LOAD_LIMIT = 0.5
"""More waiting processes than this at the start disturb a benchmark."""

SHARE_LIMIT = 0.9
"""A single thread that had less of its core than this was disturbed."""


@dataclass(frozen=True)
class Timing:
    """One contender in one comparison.

    Args:
        contender: who.
        status: ``done``, ``failed``, ``timeout`` or ``skipped``.
        reason: why it is not done.
        seconds: per call, one for each round, in the order of the rounds.
        peak: the most bytes of a GPU that it took, where that was asked for.
    """

    contender: Contender
    status: str
    reason: str
    seconds: tuple[float, ...]
    peak: int | None = None

    @property
    def median(self) -> float:
        """The median over rounds; NaN without any."""
        return float(np.median(self.seconds)) if self.seconds else float("nan")

    @property
    def spread(self) -> float:
        """The distance of the quartiles, relative to the median."""
        if not self.seconds:
            return float("nan")
        low, high = np.quantile(self.seconds, (0.25, 0.75))
        return float((high - low) / np.median(self.seconds))


@dataclass(frozen=True)
class Ratio:
    """How long one contender takes in units of another.

    Args:
        of_medians: the ratio of the medians: the figure that targets are about.
        paired: the median of the ratios within rounds.
        low, high: quartiles of the ratios within rounds.
    """

    of_medians: float
    paired: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """One comparison with its numbers."""

    scene: Scene
    timings: tuple[Timing, ...]
    rounds: int
    cpu_share: float
    memory: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, label: str) -> Timing | None:
        """A contender's timing by its label, when it was timed."""
        found = next((t for t in self.timings if t.contender.label == label), None)
        return found if found is not None and found.seconds else None

    def ratio(self, label: str, against: str) -> Ratio | None:
        """One contender relative to another; None when either was not timed."""
        return ratio(self.of(label), self.of(against))

    @property
    def noisy(self) -> bool:
        """Whether the contender that others are related to varied much between rounds."""
        first = self.timings[0] if self.timings else None
        return first is not None and bool(first.seconds) and first.spread > SPREAD_LIMIT


@dataclass(frozen=True)
class Results:
    """Everything that a report on a benchmark shows.

    Args:
        about: what ``runner.describe`` wrote.
        outcomes: comparisons with a record, in the order they were planned in.
        planned: how many were planned.
        seconds: that the comparisons took together.
    """

    about: Mapping[str, Any]
    outcomes: tuple[Outcome, ...]
    planned: int
    seconds: float

    @property
    def settings(self) -> Mapping[str, Any]:
        """The configuration."""
        return self.about["settings"]

    @property
    def device(self) -> Mapping[str, Any]:
        """The GPU and its software; empty where the CPU was measured."""
        return self.about["environment"].get("device", {})

    @property
    def complete(self) -> bool:
        """Whether every comparison has been made."""
        return len(self.outcomes) == self.planned

    def part(self, name: str) -> tuple[Outcome, ...]:
        """The comparisons of a part."""
        return tuple(one for one in self.outcomes if one.scene.part == name)


def ratio(timing: Timing | None, against: Timing | None) -> Ratio | None:
    """One timing relative to another of the same comparison, paired by round."""
    if timing is None or against is None or not timing.seconds or not against.seconds:
        return None
    count = min(len(timing.seconds), len(against.seconds))
    pairs = np.asarray(timing.seconds[:count]) / np.asarray(against.seconds[:count])
    low, middle, high = (float(q) for q in np.quantile(pairs, (0.25, 0.5, 0.75)))
    return Ratio(timing.median / against.median, middle, low, high)


def collect(root: Path) -> Results:
    """Read a results folder of the benchmark.

    Raises:
        StoreError: not such a folder, or without a readable description.
    """
    store = Store.open(root)
    if store.study != STUDY:
        raise StoreError(f"{root} holds results of the study {store.study!r}, not of actlab bench")
    about = store.read_study()
    try:
        records = [store.load(cell) for cell in about["cells"]]
        kept = [record for record in records if record is not None]
        return Results(
            about=about,
            outcomes=tuple(outcome(record) for record in kept),
            planned=len(about["cells"]),
            seconds=sum(float(record.provenance.get("seconds", 0.0)) for record in kept),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"the records in {root} cannot be read ({error!r})") from error


def outcome(record: Record) -> Outcome:
    """A comparison from its record."""
    scene = read(record.key["scene"])
    results = record.summary.get("results", {})
    shared = {"rounds": int(record.summary.get("rounds", 0)),
              "cpu_share": float(record.summary.get("cpu_share", 1.0))}  # fmt: skip
    if scene.measure == "memory":
        kept = {one.label: results[one.label] for one in scene.contenders if one.label in results}
        return Outcome(scene, (), memory=kept, **shared)
    timings = tuple(
        Timing(
            one,
            found.get("status", "failed"),
            found.get("reason", "no result"),
            tuple(found.get("seconds", ())),
            found.get("peak_bytes"),
        )
        for one in scene.contenders
        for found in (results.get(one.label, {}),)
    )
    return Outcome(scene, timings, **shared)


def warnings(results: Results) -> list[str]:
    """What makes the numbers doubtful, one sentence each."""
    found = []
    # The gate of a GPU compiles, which is load of its own, and a GPU does not wait for the host.
    load = None if results.device else results.about.get("load")
    if load is not None and load > LOAD_LIMIT:
        found.append(
            f"Other processes were at work when the run began (load average {load:g}); "
            "time again on an idle machine."
        )
    timed = [one for one in results.outcomes if any(t.seconds for t in one.timings)]
    noisy = sum(one.noisy for one in timed)
    if noisy > 0.1 * len(timed):
        found.append(
            f"The machine was noisy: in {noisy} of {len(timed)} comparisons the quartiles of the "
            f"reference lie more than {SPREAD_LIMIT:.0%} apart. They are marked with ~."
        )
    # A comparison too short for the clock of the processor time says nothing.
    shares = [
        one.cpu_share
        for one in timed
        if one.scene.threads == 1 and not _compiles(one.scene.contenders)
    ]
    if shares and float(np.median(shares)) < SHARE_LIMIT:
        found.append(
            f"This process had only {np.median(shares):.0%} of a core: others took the rest."
        )
    wanted = min(5, results.settings["rounds"])
    short = sum(one.rounds < wanted for one in timed)
    if short:
        found.append(
            f"{short} of {len(timed)} comparisons were so slow that they had fewer than "
            f"{wanted} rounds."
        )
    return found


def problems(results: Results) -> list[str]:
    """Contenders that were not timed, and why, one line for each reason."""
    places: dict[tuple[str, str], list[str]] = {}
    for one in results.outcomes:
        for timing in one.timings:
            if timing.status != "done":
                key = f"{timing.contender.label}: {timing.status}", timing.reason
                places.setdefault(key, []).append(one.scene.title)
        for label, row in one.memory.items():
            if row.get("status") != "done":
                key = f"{label}: {row.get('status')}", row.get("reason", "")
                places.setdefault(key, []).append(one.scene.title)
    return [f"{head} in {_few(titles)}: {why}" for (head, why), titles in places.items()]


def _compiles(contenders: Iterable[Contender]) -> bool:
    return any(one.route == "compiled" for one in contenders)


def _few(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{len(titles)} comparisons, first {titles[0]}"
