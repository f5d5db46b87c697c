"""A device that computes on the CPU and is measured as a GPU is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from actlab.bench.clocks import DeviceClock, LaunchClock, Mark
from actlab.bench.device import DeviceLostError

FACTS = {
    "gpu": "Stand-in 9000", "capability": "9.0", "memory": "1.0 GiB", "L2 cache": "50 MiB",
    "driver": "570.1", "cuda": "12.8", "rocm": None, "triton": "3.8.0",
}  # fmt: skip


@dataclass
class HostMark:
    """A mark that is reached as soon as it is recorded."""

    at: float = 0.0

    def record(self) -> None:
        self.at = time.perf_counter()

    def synchronize(self) -> None: ...

    def elapsed_time(self, end: Any) -> float:
        return 1e3 * (end.at - self.at)


@dataclass
class StandIn:
    """What :class:`actlab.bench.gpu.Gpu` is, without one.

    Args:
        backend: that the gate asks for by name.
        room: bytes that are said to be free.
        lost: fail for good once so many comparisons are made.
    """

    backend: Any = "formula"
    room: int = 2**40
    lost: int = 10**9
    facts_given: Mapping[str, Any] = field(default_factory=lambda: dict(FACTS))
    calls: list[str] = field(default_factory=list)
    place: torch.device = field(default_factory=lambda: torch.device("cpu"))
    shares: bool = True

    def facts(self) -> Mapping[str, Any]:
        return self.facts_given

    def active(self) -> Any:
        return contextlib.nullcontext()

    def stopwatch(self, scene: Any) -> Any:
        return LaunchClock(self.synchronise) if scene.part == "overhead" else DeviceClock(self)

    def warm_up(self) -> None:
        self.calls.append("warm up")

    def mark(self) -> Mark:
        return HostMark()

    def stall(self, seconds: float) -> None: ...

    def synchronise(self) -> None: ...

    def free(self) -> int:
        return self.room

    def release(self) -> None:
        self.calls.append("release")

    def check(self) -> None:
        self.lost -= 1
        if self.lost < 0:
            raise DeviceLostError("cuda:0 failed: RuntimeError: an illegal memory access")

    def footprint(self, make: Callable[[], Any]) -> tuple[Any, int]:
        call = make()
        call()
        return call, 3 * 2**30
