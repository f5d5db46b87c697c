"""Interleaved rounds: in every round each contender is timed once, in an order of its own.

What slows the machine down for a while then slows all contenders of a round alike, and ratios
within a round stay what they are.
"""

from __future__ import annotations

import gc
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch

Call = Callable[[], object]
Clock = Callable[[], float]

SLOWEST_CALL = 20.0
"""A contender that needs longer for one call, in seconds, is not timed."""

LARGE_BYTES = 31 * 2**20
"""Freed once, a block of this size raises glibc's thresholds to where they stay (32 MiB)."""

MOST_REPEATS = 1_000_000
FEWEST_ROUNDS = 3
"""Rounds that are made whatever they cost; below that there is no spread to show."""


class Stopwatch(Protocol):
    """Times calls; each contender has its own, which may learn from what it has timed."""

    def elapsed(self, call: Call, repeats: int) -> float:
        """Seconds of so many calls together."""
        ...

    def most_repeats(self) -> int:
        """How many calls one timing may hold."""
        ...


@dataclass
class Lane:
    """One contender of a race.

    Args:
        key: its label.
        call: what is timed.
        threads: that torch may use meanwhile; 0 leaves them as they are.
        stopwatch: how its calls are timed; None for the clock of the race.
        repeats: calls per timing, once calibrated.
        seconds: per call, round by round.
        trouble: why it is not timed, where it is not.
    """

    key: str
    call: Call
    threads: int
    stopwatch: Stopwatch | None = None
    repeats: int = 1
    seconds: list[float] = field(default_factory=list)
    trouble: str = ""


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection and the thread count put back afterwards, whatever happens."""
    threads, collecting = torch.get_num_threads(), gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if collecting:
            gc.enable()


def settle_allocator() -> None:
    """Bring the C library's allocator into the state it has in a process that has trained.

    glibc gives memory back at once, page by page, until blocks as large have been freed before;
    which contender pays for that would depend on what ran earlier.
    """
    torch.empty(LARGE_BYTES, dtype=torch.uint8)


def timed(call: Call, repeats: int, clock: Clock = time.perf_counter) -> float:
    """Seconds of so many calls together; every result is dropped at once, as a user would."""
    began = clock()
    for _ in itertools.repeat(None, repeats):
        call()
    return clock() - began


@dataclass(frozen=True)
class HostClock:
    """Times calls that are done when they return.

    Args:
        now: seconds.
    """

    now: Clock = time.perf_counter

    def elapsed(self, call: Call, repeats: int) -> float:
        """Seconds of so many calls together."""
        return timed(call, repeats, self.now)

    def most_repeats(self) -> int:
        """How many calls one timing may hold."""
        return MOST_REPEATS


def calibrate(
    lane: Lane,
    slice_seconds: float,
    clock: Clock = time.perf_counter,
    slowest: float = SLOWEST_CALL,
) -> None:
    """Warm a contender up and choose how often a timing repeats its call.

    Args:
        lane: is given ``repeats``, or ``trouble`` where a call fails or takes too long.
        slice_seconds: how long a timing lasts at least.
        clock: seconds; a parameter for tests.
        slowest: a call that takes longer is given up.
    """
    stopwatch = lane.stopwatch or HostClock(clock)
    _use_threads(lane)
    try:
        first = stopwatch.elapsed(lane.call, 1)  # may compile, allocate, start threads
        if first > slice_seconds:
            first = stopwatch.elapsed(lane.call, 1)
        if first > slowest:
            lane.trouble = f"timeout: one call took {first:.1f} s, the limit is {slowest:g} s"
            return
        repeats, lasted = 1, first
        while lasted < slice_seconds and repeats < (most := stopwatch.most_repeats()):
            # Towards the goal with a margin, at most tenfold: short timings overestimate.
            factor = min(10.0, max(1.3, 1.1 * slice_seconds / max(lasted, 1e-9)))
            repeats = min(most, math.ceil(repeats * factor))
            lasted = stopwatch.elapsed(lane.call, repeats)
        lane.repeats = repeats
    except Exception as error:
        lane.trouble = reason_of(error)


def race(
    lanes: Sequence[Lane],
    *,
    rounds: int,
    slice_seconds: float,
    budget: float,
    seed: int,
    clock: Clock = time.perf_counter,
    recover: Callable[[], object] = lambda: None,
) -> int:
    """Calibrate every contender, then time all of them round by round.

    Args:
        lanes: the contenders; their ``seconds`` are filled in. One that fails on the way gets a
            ``trouble`` and leaves the race.
        rounds: at most so many.
        slice_seconds: how long a timing lasts at least.
        budget: after so many seconds no round is begun beyond the third.
        seed: of the order within each round.
        clock: seconds; a parameter for tests.
        recover: called after a contender has failed, for what it leaves behind.

    Returns:
        The rounds made.
    """
    order = random.Random(seed)
    with quiet():
        settle_allocator()
        for lane in lanes:
            if not lane.trouble:
                calibrate(lane, slice_seconds, clock)
                if lane.trouble:
                    _retire(lane, recover)
        running = [lane for lane in lanes if not lane.trouble]
        began = clock()
        for done in range(rounds):
            if not running or (done >= FEWEST_ROUNDS and clock() - began > budget):
                return done
            order.shuffle(running)
            for lane in running:
                stopwatch = lane.stopwatch or HostClock(clock)
                _use_threads(lane)
                try:
                    lane.seconds.append(stopwatch.elapsed(lane.call, lane.repeats) / lane.repeats)
                except Exception as error:
                    lane.trouble = reason_of(error)
                if lane.trouble:
                    _retire(lane, recover)
            running = [lane for lane in running if not lane.trouble]
    return rounds


def _use_threads(lane: Lane) -> None:
    if lane.threads:
        torch.set_num_threads(lane.threads)


def _retire(lane: Lane, recover: Callable[[], object]) -> None:
    """Let go of what a contender that failed holds, the memory of its input among it."""
    lane.call = lambda: None
    recover()


def reason_of(error: BaseException) -> str:
    """An exception in one line of bounded length."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0] if lines else ''}".strip(": ")
    return text if len(text) <= 200 else text[:199] + "…"
