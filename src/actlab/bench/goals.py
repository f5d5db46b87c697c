"""What a target is, and whether the numbers of a run reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from actlab.bench.scenes import Contender
from actlab.bench.settings import size_text
from actlab.bench.summary import Outcome, Results

THREE = ("powerlu", "expolu", "ralu")
"""The functions that are held against torch.relu."""

POWERS = ("powerlu", "expolu")
RELU = "torch relu"


@dataclass(frozen=True)
class Point:
    """One number that a target is about.

    Args:
        where: function, size, dtype and threads.
        value: the number; NaN when the contender could not be timed.
        low, high: quartiles of the ratio within rounds.
        applies: False where the target says nothing.
        reached: whether it is good enough.
    """

    where: str
    value: float
    low: float
    high: float
    reached: bool
    applies: bool = True


@dataclass(frozen=True)
class Target:
    """Something to reach.

    Args:
        name: what, in one line.
        sense: whether the number must be at most or at least the limit.
        limit: the limit.
        part: the comparisons it is about.
        points: the numbers of one such comparison.
        measure, smallest, largest: which of them.
        sizes, models: those that the target names; a run without some of them says so.
    """

    name: str
    sense: Literal["at most", "at least"]
    limit: float
    part: str
    points: Callable[[Target, Outcome], Iterator[Point]]
    measure: str = "forward"
    smallest: int = 1
    largest: int = 2**62
    sizes: tuple[int, ...] = ()
    models: tuple[str, ...] = ()
    unit: str = ""

    def holds(self, value: float) -> bool:
        """Whether a number reaches the limit; NaN does not."""
        return value <= self.limit if self.sense == "at most" else value >= self.limit

    @property
    def goal(self) -> str:
        """The limit in words."""
        return f"{self.sense} {self.limit:g}{self.unit}"


@dataclass(frozen=True)
class Check:
    """A target against the numbers of a run."""

    target: Target
    points: tuple[Point, ...]
    missing: tuple[str, ...] = field(default=())

    @property
    def counted(self) -> tuple[Point, ...]:
        """The points that the target says something about."""
        return tuple(point for point in self.points if point.applies)

    @property
    def status(self) -> str:
        """``reached``, ``missed``, ``not timed`` or ``does not apply``."""
        if not self.points:
            return "not timed"
        if not self.counted:
            return "does not apply"
        return "reached" if all(point.reached for point in self.counted) else "missed"

    @property
    def worst(self) -> Point | None:
        """The point furthest on the wrong side, or closest to it."""
        sign = 1 if self.target.sense == "at most" else -1
        known = [point for point in self.counted or self.points if point.value == point.value]
        unknown = [point for point in self.counted if point.value != point.value]
        return unknown[0] if unknown else max(known, key=lambda p: sign * p.value, default=None)

    @property
    def note(self) -> str:
        """How many points reach it, and what was left out."""
        good = sum(point.reached for point in self.counted)
        text = f"{good} of {len(self.counted)}" if self.counted else ""
        if self.points and self.missing:
            text += f"; not at {', '.join(self.missing)}"
        return text


def check(target: Target, results: Results) -> Check:
    """A target against the comparisons of a run that it is about."""
    outcomes = [
        one
        for one in results.part(target.part)
        if one.scene.measure == target.measure
        and target.smallest <= one.scene.size <= target.largest
        # What did not fit into the memory says nothing about speed.
        and not (one.timings and all(timing.status == "skipped" for timing in one.timings))
    ]
    points = tuple(point for one in outcomes for point in target.points(target, one))
    timed = {size_text(one.scene.size) for one in outcomes} | {o.scene.model for o in outcomes}
    wanted = (*map(size_text, target.sizes), *target.models)
    return Check(target, points, tuple(what for what in wanted if what not in timed))


def ratio_point(target: Target, one: Outcome, what: str, top: str, bottom: str) -> Point:
    """How long one contender takes in units of another, as a point of a target."""
    ratio = one.ratio(top, bottom)
    where = f"{what}, {place_of(one)}"
    if ratio is None:
        nan = float("nan")
        return Point(f"{where} (could not be timed)", nan, nan, nan, False)
    value = ratio.of_medians
    return Point(where, value, ratio.low, ratio.high, target.holds(value))


def place_of(one: Outcome) -> str:
    """Model or dtype and size, and threads."""
    scene = one.scene
    threads = (f"{scene.threads} thr",) if scene.threads else ()
    what = scene.model or f"{scene.dtype} {scene.place}"
    return ", ".join((what, *threads))


def labels(one: Outcome, route: str = "actlab") -> dict[str, str]:
    """Labels by activation of the contenders of a route at their defaults."""
    found = {}
    for timing in one.timings:
        contender = timing.contender
        if contender.route == route and not contender.learned and not contender.params:
            found[contender.activation] = contender.label
    return found


def saved_bytes(target: Target, one: Outcome) -> Iterator[Point]:
    """Bytes kept in networks less those that ReLU keeps."""
    relu = one.memory.get(RELU, {})
    for name in POWERS:
        row = one.memory.get(Contender("actlab", name).label)
        for place in ("linear", "conv"):
            if row is None or place not in row or place not in relu:
                continue
            more = float(row[place]["bytes"] - relu[place]["bytes"])
            where = f"{name}, {place}, {one.scene.dtype}"
            yield Point(where, more, more, more, target.holds(more))
