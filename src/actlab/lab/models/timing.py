"""Timing by turns: in every round each call is timed once, in an order of its own.

What slows the machine down for a while slows all calls of a round alike, and the least of several
rounds is what a call takes undisturbed. The clock is the processor time of the one thread that all
calls run in, so that it stands still while the machine does something else.
"""

from __future__ import annotations

import gc
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

Call = Callable[[], object]
Clock = Callable[[], float]

LARGE_BYTES = 31 * 2**20
"""Freed once, a block of this size raises glibc's thresholds to where they stay (32 MiB)."""

MOST_REPEATS = 1_000_000


@contextmanager
def undisturbed() -> Iterator[None]:
    """One thread, no garbage collection, the allocator as in a process that has trained.

    What was set before is put back afterwards. Without the large block glibc gives memory back
    page by page, and which call pays for that would depend on what ran earlier.
    """
    threads, collecting = torch.get_num_threads(), gc.isenabled()
    torch.set_num_threads(1)
    gc.collect()
    gc.disable()
    torch.empty(LARGE_BYTES, dtype=torch.uint8)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if collecting:
            gc.enable()


def lasted(call: Call, repeats: int, clock: Clock = time.thread_time) -> float:
    """Seconds of so many calls together; every result is dropped at once."""
    began = clock()
    for _ in itertools.repeat(None, repeats):
        call()
    return clock() - began


def repeats_for(call: Call, seconds: float, clock: Clock = time.thread_time) -> int:
    """How often a call must be repeated to last so long; it is warmed up on the way."""
    lasted(call, 1, clock)  # may compile or allocate
    repeats, took = 1, lasted(call, 1, clock)
    while took < seconds and repeats < MOST_REPEATS:
        # Towards the goal with a margin, at most tenfold: short timings overestimate.
        factor = min(10.0, max(1.3, 1.1 * seconds / max(took, 1e-9)))
        repeats = min(MOST_REPEATS, math.ceil(repeats * factor))
        took = lasted(call, repeats, clock)
    return repeats


def race(
    calls: Mapping[str, Call],
    order: np.random.Generator,
    *,
    rounds: int,
    seconds: float,
    clock: Clock = time.thread_time,
) -> dict[str, list[float]]:
    """Time every call once in each round.

    Args:
        calls: by name.
        order: draws the order within each round.
        rounds: how many there are.
        seconds: how long a timing lasts at least.
        clock: seconds; a parameter for tests.

    Returns:
        Seconds of one call by round, by name.
    """
    names = list(calls)
    repeats = {name: repeats_for(calls[name], seconds, clock) for name in names}
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for place in order.permutation(len(names)):
            name = names[place]
            took[name].append(lasted(calls[name], repeats[name], clock) / repeats[name])
    return took
