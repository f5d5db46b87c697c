"""Clocks for calls that return before a GPU has computed them.

Two questions have two answers. What a function costs the GPU is the time between two marks in the
queue of its work. What it costs the program is the time until the call has returned, as long as
the queue has room.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from actlab.bench.timing import Call, Clock

QUEUE_SECONDS = 2e-3
"""The host fills the queue for so long at most: a queue holds about a thousand launches, which take
some 3 microseconds each, and a host that has to wait for room is no longer ahead."""

MOST_QUEUED = 512
"""Calls in one timing at most, whatever a call costs the host."""

MOST_LAUNCHES = 256
"""Calls in one timing of the host: a full queue would make it wait for the GPU."""

HEAD_START = 1.5
LEAST_HEAD_START = 3e-5
LONGEST_STALL = 1e-2


class Mark(Protocol):
    """A point in the queue of a GPU: what ``torch.cuda.Event`` is."""

    def record(self) -> None:
        """Put the mark into the queue."""
        ...

    def synchronize(self) -> None:
        """Wait until the GPU has reached it."""
        ...

    def elapsed_time(self, end: Mark) -> float:
        """Milliseconds until another mark."""
        ...


class Queue(Protocol):
    """What clocks need of a GPU."""

    def mark(self) -> Mark:
        """A new mark."""
        ...

    def stall(self, seconds: float) -> None:
        """Keep the GPU busy with nothing for about so long; returns at once."""
        ...

    def synchronise(self) -> None:
        """Wait until the GPU has done all it was given."""
        ...


@dataclass
class DeviceClock:
    """Times what calls cost the GPU.

    The GPU is stalled while the host fills the queue. It then finds the calls of a timing one
    behind the other, so that kernels shorter than their launch are timed and not the launches.

    Args:
        queue: the GPU's.
        now: seconds of the host; a parameter for tests.
        host_seconds: that the host needs for a call, as far as is known.
    """

    queue: Queue
    now: Clock = time.perf_counter
    host_seconds: float = field(default=math.inf, init=False)

    def elapsed(self, call: Call, repeats: int) -> float:
        """Seconds of so many calls together on the GPU."""
        begin, end = self.queue.mark(), self.queue.mark()
        self.queue.synchronise()
        if self.host_seconds < math.inf:
            ahead = LEAST_HEAD_START + HEAD_START * repeats * self.host_seconds
            self.queue.stall(min(ahead, LONGEST_STALL))
        began = self.now()
        begin.record()
        for _ in itertools.repeat(None, repeats):
            call()
        end.record()
        # The least seen: the first call compiles.
        self.host_seconds = min(self.host_seconds, (self.now() - began) / repeats)
        end.synchronize()
        return 1e-3 * begin.elapsed_time(end)

    def most_repeats(self) -> int:
        """How many calls the host can be ahead by."""
        most = QUEUE_SECONDS / max(self.host_seconds, 1e-9)
        return min(MOST_QUEUED, max(1, int(most)))


@dataclass(frozen=True)
class LaunchClock:
    """Times what calls cost the host: until each has returned, not until the GPU has done it.

    Args:
        synchronise: waits until the GPU has done all it was given.
        now: seconds of the host; a parameter for tests.
    """

    synchronise: Callable[[], None]
    now: Clock = time.perf_counter

    def elapsed(self, call: Call, repeats: int) -> float:
        """Seconds until so many calls have returned, from an empty queue on."""
        self.synchronise()
        began = self.now()
        for _ in itertools.repeat(None, repeats):
            call()
        lasted = self.now() - began
        self.synchronise()
        return lasted

    def most_repeats(self) -> int:
        """How many calls the queue has room for."""
        return MOST_LAUNCHES
