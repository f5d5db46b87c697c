"""The targets on a GPU, where a function is to be as fast as memory is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from actlab.bench.goals import RELU, THREE, Point, Target, labels, ratio_point, saved_bytes
from actlab.bench.scenes import COPY
from actlab.bench.summary import Outcome
from actlab.bench.traffic import gigabytes_per_second, moved_bytes

HELD = (*THREE, "elu")
SMALLEST, LARGEST = 2**24, 2**28
SIZES = (2**24, 2**26, 2**28)
"""Tensors that a cache does not hold: input and output take 64 MiB (bfloat16, 2^24) and more."""


def over_relu(target: Target, one: Outcome) -> Iterator[Point]:
    """Time over that of torch.relu."""
    for name, label in labels(one).items():
        if name in HELD:
            yield ratio_point(target, one, name, label, RELU)


def bandwidth(target: Target, one: Outcome) -> Iterator[Point]:
    """Bytes per second that have to be moved at least, over those of a copy on the device."""
    for name, label in labels(one).items():
        timing = next(t for t in one.timings if t.contender.label == label)
        ours, copied = (moved_bytes(one.scene, who) for who in (timing.contender, COPY))
        if name not in HELD or not ours or not copied:
            continue
        share = ours / copied
        found = ratio_point(target, one, name, COPY.label, label)
        value = share * found.value
        rate = gigabytes_per_second(one.scene, timing)
        yield replace(
            found,
            where=found.where + ("" if rate is None else f", {rate:.0f} GB/s"),
            value=value,
            low=share * found.low,
            high=share * found.high,
            reached=target.holds(value),
        )


WORDS = {"forward": "forward", "backward": "backward", "both": "forward + backward"}

DEVICE_TARGETS = (
    *(
        Target(f"PowerLU, ExpoLU, RaLU, ELU {words} against torch.relu, 2^24 to 2^28", "at most",
               1.05, "pointwise", over_relu, measure, SMALLEST, LARGEST, SIZES)
        for measure, words in WORDS.items()
    ),
    *(
        Target(f"PowerLU, ExpoLU, RaLU, ELU {words}: share of the bandwidth of a device copy, "
               "2^24 to 2^28", "at least",
               0.9, "pointwise", bandwidth, measure, SMALLEST, LARGEST, SIZES)
        for measure, words in WORDS.items()
    ),
    Target("PowerLU and ExpoLU in Linear and Conv stacks: saved bytes beyond ReLU's", "at most",
           0.0, "memory", saved_bytes, "memory", unit=" bytes"),
)  # fmt: skip
"""Ratios are ratios of medians within one run."""
