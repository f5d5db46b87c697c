"""How long steps take, and what looking at some of them adds."""

from __future__ import annotations

import statistics
import time

from torch import nn

MOST_TIMES = 512
"""Durations of steps that are remembered."""


class Clock:
    """Times of steps, from one call of the first part that is called to its next.

    Args:
        every: one step in how many is looked at.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self._times: dict[bool, list[float]] = {True: [], False: []}
        self._last: tuple[float, bool] | None = None
        self._timed: nn.Module | None = None

    def pause(self) -> None:
        """The time until the next step is none of a step."""
        self._last = None

    def called(self, module: nn.Module, observed: bool, first: bool) -> None:
        """A part is called.

        Args:
            module: the part. observed: whether it is looked at. first: for the first time.
        """
        if self._timed is None:
            self._timed = module
        if module is not self._timed:
            return
        now = time.perf_counter()
        if self._last is not None:
            times = self._times[self._last[1]]
            if len(times) < MOST_TIMES:
                times.append(now - self._last[0])
        self._last = None if first else (now, observed)

    def overhead(self) -> tuple[float | None, float | None, float | None]:
        """The share added, and the median times of a step; see ``Monitor.overhead``."""
        plain, looked = (
            statistics.median(times) if len(times) >= 3 else None
            for times in (self._times[False], self._times[True])
        )
        if plain is None or looked is None or plain <= 0:
            return None, plain, looked
        return max(looked - plain, 0.0) / (plain * self.every), plain, looked
