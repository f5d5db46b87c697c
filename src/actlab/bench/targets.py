"""The targets as data, and whether the numbers of a run reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from actlab.bench.scenes import REAL_EXPONENT, Contender
from actlab.bench.settings import size_text
from actlab.bench.summary import Outcome, Results

FOUR = ("powerlu", "expolu", "ralu")
"""The functions that are held against torch.relu."""

POWERS = ("powerlu", "expolu")
RELU = "torch relu"
THREADS_GOAL = 1.6


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


def checks(results: Results) -> list[Check]:
    """Every target against a run."""
    return [_check(target, results) for target in TARGETS]


def _check(target: Target, results: Results) -> Check:
    outcomes = [
        one
        for one in results.part(target.part)
        if one.scene.measure == target.measure
        and target.smallest <= one.scene.size <= target.largest
    ]
    points = tuple(point for one in outcomes for point in target.points(target, one))
    timed = {size_text(one.scene.size) for one in outcomes} | {o.scene.model for o in outcomes}
    wanted = (*map(size_text, target.sizes), *target.models)
    return Check(target, points, tuple(what for what in wanted if what not in timed))


def _point(target: Target, one: Outcome, what: str, top: str, bottom: str) -> Point:
    ratio = one.ratio(top, bottom)
    where = f"{what}, {_place(one)}"
    if ratio is None:
        nan = float("nan")
        return Point(f"{where} (could not be timed)", nan, nan, nan, False)
    value = ratio.of_medians
    return Point(where, value, ratio.low, ratio.high, target.holds(value))


def _place(one: Outcome) -> str:
    scene = one.scene
    if scene.model:
        return f"{scene.model}, {scene.threads} thr"
    shape = scene.shape
    size = size_text(scene.size) if len(shape) == 1 else "x".join(map(str, shape))
    return f"{scene.dtype} {size}, {scene.threads} thr"


def _labels(one: Outcome, route: str = "actlab") -> dict[str, str]:
    """Labels by activation of the contenders of a route at their defaults."""
    found = {}
    for timing in one.timings:
        contender = timing.contender
        if contender.route == route and not contender.learned and not contender.params:
            found[contender.activation] = contender.label
    return found


def against_relu(target: Target, one: Outcome) -> Iterator[Point]:
    """The three functions over torch.relu."""
    for name, label in _labels(one).items():
        if name in FOUR:
            yield _point(target, one, name, label, RELU)


def elu_speed(target: Target, one: Outcome) -> Iterator[Point]:
    """torch's ELU over ours."""
    label = _labels(one).get("elu")
    if label is not None:
        yield _point(target, one, "elu", "torch elu", label)


def real_exponents(target: Target, one: Outcome) -> Iterator[Point]:
    """The naive formula over ours, exponent fixed and learned."""
    params = (("p", REAL_EXPONENT),)
    for learned in ("", "scalar"):
        ours, naive = (
            Contender(route, "powerlu", params, learned).label for route in ("actlab", "naive")
        )
        yield _point(target, one, "p learned" if learned else "p fixed", naive, ours)


def per_channel(target: Target, one: Outcome) -> Iterator[Point]:
    """RaLU with an alpha per channel over nn.PReLU."""
    ours = Contender("actlab", "ralu", learned="channel").label
    yield _point(target, one, "ralu", ours, Contender("prelu", learned="channel").label)


def steps(target: Target, one: Outcome) -> Iterator[Point]:
    """Whole training steps over the same with ReLU."""
    if one.scene.model not in target.models:
        return
    for timing in one.timings:
        if timing.contender.activation in FOUR:
            yield _point(target, one, timing.contender.label, timing.contender.label, RELU)


def threads(target: Target, one: Outcome) -> Iterator[Point]:
    """One thread over two, where torch.relu gains as much itself."""
    counts = sorted({timing.contender.threads for timing in one.timings})
    if counts != [1, 2]:
        return
    relu = one.ratio(*(Contender("torch", "relu", threads=n).label for n in counts))
    applies = relu is not None and relu.of_medians >= target.limit
    names = {timing.contender.activation for timing in one.timings}
    for name in FOUR:
        if name in names:
            few, many = (Contender("actlab", name, threads=n).label for n in counts)
            point = _point(target, one, name, few, many)
            yield Point(point.where, point.value, point.low, point.high, point.reached, applies)


def memory(target: Target, one: Outcome) -> Iterator[Point]:
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


def _powers(low: int, high: int) -> tuple[int, ...]:
    return tuple(2**k for k in range(low, high + 1, 2))


TARGETS = (
    Target("PowerLU p=2, ExpoLU (1,1,2), RaLU forward against torch.relu, 2^18 to 2^24", "at most",
           1.15, "pointwise", against_relu, "forward", 2**18, 2**24, _powers(18, 24)),
    Target("PowerLU, ExpoLU, RaLU forward against torch.relu at 2^16", "at most",
           1.5, "pointwise", against_relu, "forward", 2**16, 2**16, (2**16,)),
    Target("PowerLU, ExpoLU, RaLU forward against torch.relu at 2^10", "at most",
           2.5, "pointwise", against_relu, "forward", 2**10, 2**10, (2**10,)),
    Target("PowerLU, ExpoLU, RaLU forward + backward against torch.relu's, 2^18 to 2^24", "at most",
           1.2, "pointwise", against_relu, "both", 2**18, 2**24, _powers(18, 24)),
    Target("PowerLU, ExpoLU, RaLU forward + backward at 2^8 to 2^12 (call overhead)", "at most",
           1.7, "pointwise", against_relu, "both", 2**8, 2**12, _powers(8, 12)),
    Target("ELU forward: times faster than torch's ELU, 2^14 to 2^20", "at least",
           4.0, "pointwise", elu_speed, "forward", 2**14, 2**20, _powers(14, 20)),
    Target("PowerLU p=2.37, fixed and learned, forward + backward: times faster than the naive "
           "formula", "at least", 8.0, "learned", real_exponents, "both"),
    Target("RaLU with alpha per channel, forward + backward against nn.PReLU", "at most",
           1.0, "channels", per_channel, "both"),
    Target("PowerLU and ExpoLU in Linear and Conv stacks: saved bytes beyond ReLU's", "at most",
           0.0, "memory", memory, "memory", unit=" bytes"),
    Target("training step of the 512 x 30 MLP and the CNN against the same with ReLU", "at most",
           1.05, "steps", steps, "step", models=("mlp-21", "mlp-1024", "cnn")),
    Target("2 threads against 1, 2^22 forward: times faster, where torch.relu is", "at least",
           THREADS_GOAL, "threads", threads, "forward"),
)  # fmt: skip
"""What the benchmark is for; ratios are ratios of medians within one run."""
