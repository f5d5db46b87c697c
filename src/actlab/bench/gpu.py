"""One GPU as the benchmark uses it, by way of ``torch.cuda``."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from actlab.bench.clocks import DeviceClock, LaunchClock, Mark
from actlab.bench.device import Backend, DeviceLostError
from actlab.bench.scenes import Scene
from actlab.bench.timing import Call, Stopwatch, reason_of
from actlab.records.environment import describe_gpu

CYCLES_PER_SECOND = 2e9
"""Of the fastest multiprocessors; slower ones stall for longer, which does no harm."""

RESERVE = 2**29
"""Bytes that stay free for workspaces of libraries and for what fragments."""

WARM_UP_SECONDS = 0.3
WARM_UP_ELEMENTS = 2**24
WARM_UP_WIDTH = 256


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Args:
        place: which.
    """

    place: torch.device

    @property
    def backend(self) -> Backend:
        """The backend of eager GPU tensors."""
        return "triton"

    @property
    def shares(self) -> bool:
        """Copies for every contender would fill the memory, and take longer than timing."""
        return True

    def facts(self) -> Mapping[str, Any]:
        """Model, driver, and the versions that kernels are compiled with."""
        return _facts(self.place)

    def active(self) -> AbstractContextManager[object]:
        """Make it the current GPU: not every contender looks where its tensors are."""
        return torch.cuda.device(self.place)

    def stopwatch(self, scene: Scene) -> Stopwatch:
        """The time of the GPU, or where the cost of calls is asked for that of the host."""
        return LaunchClock(self.synchronise) if scene.part == "overhead" else DeviceClock(self)

    def warm_up(self) -> None:
        """Stream through memory until clocks are up, and let libraries take their workspaces.

        They keep them, and the first training step would seem to need them.
        """
        with contextlib.suppress(RuntimeError):  # not every GPU multiplies in bfloat16
            layer = nn.Linear(WARM_UP_WIDTH, WARM_UP_WIDTH).to(self.place, torch.bfloat16)
            layer(torch.ones_like(layer.weight)).sum().backward()
        x = torch.zeros(WARM_UP_ELEMENTS, device=self.place)
        begin, end = self.mark(), self.mark()
        begin.record()
        lasted = 0.0
        while lasted < WARM_UP_SECONDS:
            for _ in range(64):
                torch.relu(x)
            end.record()
            end.synchronize()
            lasted = 1e-3 * begin.elapsed_time(end)

    def mark(self) -> Mark:
        """An event that keeps the time."""
        event: Any = torch.cuda.Event(enable_timing=True)
        return event

    def stall(self, seconds: float) -> None:
        """A kernel that waits."""
        torch.cuda._sleep(int(seconds * CYCLES_PER_SECOND))

    def synchronise(self) -> None:
        """Wait for all streams."""
        torch.cuda.synchronize(self.place)

    def free(self) -> int:
        """What the driver has left, and what torch keeps for reuse."""
        left, _ = torch.cuda.mem_get_info(self.place)
        kept = torch.cuda.memory_reserved(self.place) - torch.cuda.memory_allocated(self.place)
        return max(0, left + kept - RESERVE)

    def release(self) -> None:
        """Give back what torch keeps for reuse."""
        with self._losing():
            torch.cuda.empty_cache()

    def check(self) -> None:
        """Wait for all streams; an error that a kernel left behind shows here."""
        with self._losing():
            self.synchronise()

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """What fails here is no fault of what is asked: the GPU is lost to this process."""
        try:
            yield
        except RuntimeError as error:
            raise DeviceLostError(f"{self.place} failed: {reason_of(error)}") from error

    def footprint(self, make: Callable[[], Call]) -> tuple[Call, int]:
        """Weights, gradients, what is kept for backward and what is needed on the way."""
        self.synchronise()
        before = torch.cuda.memory_allocated(self.place)
        torch.cuda.reset_peak_memory_stats(self.place)
        call = make()
        for _ in range(2):  # the second one begins with gradients in place, as all that follow
            call()
        self.synchronise()
        return call, torch.cuda.max_memory_allocated(self.place) - before


@functools.cache
def _facts(place: torch.device) -> Mapping[str, Any]:
    return describe_gpu(place.index or 0)
