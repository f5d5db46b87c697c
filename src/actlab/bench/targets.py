"""The targets as data, and whether the numbers of a run reach them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from actlab.bench.device_targets import DEVICE_TARGETS
from actlab.bench.goals import (
    RELU,
    THREE,
    Check,
    Point,
    Target,
    check,
    labels,
    ratio_point,
    saved_bytes,
)
from actlab.bench.scenes import REAL_EXPONENT, Contender
from actlab.bench.summary import Outcome, Results

THREADS_GOAL = 1.6


def checks(results: Results) -> list[Check]:
    """Every target against a run."""
    return [check(target, results) for target in targets_of(results)]


def targets_of(results: Results) -> tuple[Target, ...]:
    """The targets for the device that was measured."""
    return DEVICE_TARGETS if results.device else TARGETS


def against_relu(target: Target, one: Outcome) -> Iterator[Point]:
    """The three functions over torch.relu."""
    for name, label in labels(one).items():
        if name in THREE:
            yield ratio_point(target, one, name, label, RELU)


def elu_speed(target: Target, one: Outcome) -> Iterator[Point]:
    """torch's ELU over ours."""
    label = labels(one).get("elu")
    if label is not None:
        yield ratio_point(target, one, "elu", "torch elu", label)


def real_exponents(target: Target, one: Outcome) -> Iterator[Point]:
    """The naive formula over ours, exponent fixed and learned."""
    params = (("p", REAL_EXPONENT),)
    for learned in ("", "scalar"):
        ours, naive = (
            Contender(route, "powerlu", params, learned).label for route in ("actlab", "naive")
        )
        yield ratio_point(target, one, "p learned" if learned else "p fixed", naive, ours)


def per_channel(target: Target, one: Outcome) -> Iterator[Point]:
    """RaLU with an alpha per channel over nn.PReLU."""
    ours = Contender("actlab", "ralu", learned="channel").label
    yield ratio_point(target, one, "ralu", ours, Contender("prelu", learned="channel").label)


def steps(target: Target, one: Outcome) -> Iterator[Point]:
    """Whole training steps over the same with ReLU."""
    if one.scene.model not in target.models:
        return
    for timing in one.timings:
        if timing.contender.activation in THREE:
            yield ratio_point(target, one, timing.contender.label, timing.contender.label, RELU)


def threads(target: Target, one: Outcome) -> Iterator[Point]:
    """One thread over two, where torch.relu gains as much itself."""
    counts = sorted({timing.contender.threads for timing in one.timings})
    if counts != [1, 2]:
        return
    relu = one.ratio(*(Contender("torch", "relu", threads=n).label for n in counts))
    applies = relu is not None and relu.of_medians >= target.limit
    names = {timing.contender.activation for timing in one.timings}
    for name in THREE:
        if name in names:
            few, many = (Contender("actlab", name, threads=n).label for n in counts)
            found = ratio_point(target, one, name, few, many)
            yield replace(found, applies=applies)


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
           0.0, "memory", saved_bytes, "memory", unit=" bytes"),
    Target("training step of the 512 x 30 MLP and the CNN against the same with ReLU", "at most",
           1.05, "steps", steps, "step", models=("mlp-21", "mlp-1024", "cnn")),
    Target("2 threads against 1, 2^22 forward: times faster, where torch.relu is", "at least",
           THREADS_GOAL, "threads", threads, "forward"),
)  # fmt: skip
"""What the benchmark is for; ratios are ratios of medians within one run."""
