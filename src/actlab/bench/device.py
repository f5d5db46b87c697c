"""Where comparisons run: everything that differs between the CPU and a GPU, in one object."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import torch

from actlab.bench.timing import Call, Stopwatch
from actlab.kernels.gpu import backend

if TYPE_CHECKING:
    from actlab.bench.scenes import Scene

Backend: TypeAlias = Literal["formula", "native", "triton"] | None

HOST = "cpu"


class DeviceLostError(Exception):
    """A GPU reports an error after which nothing it computes can be trusted."""


class Device(Protocol):
    """What the benchmark needs of a device.

    Attributes:
        place: where tensors are.
        backend: the backend that serves users there, by its name.
        shares: whether the contenders of a comparison share their input.
    """

    @property
    def place(self) -> torch.device: ...

    @property
    def backend(self) -> Backend: ...

    @property
    def shares(self) -> bool: ...

    def facts(self) -> Mapping[str, Any]:
        """What identifies the device and its software, on which numbers depend."""
        ...

    def active(self) -> AbstractContextManager[object]:
        """The device is the current one meanwhile."""
        ...

    def stopwatch(self, scene: Scene) -> Stopwatch | None:
        """How a contender of a comparison is timed; None for the host's clock."""
        ...

    def warm_up(self) -> None:
        """Leave the state of rest, in which clocks are low."""
        ...

    def free(self) -> int | None:
        """Bytes that tensors can still take; None where that is not asked."""
        ...

    def release(self) -> None:
        """Give back memory that is kept for reuse."""
        ...

    def check(self) -> None:
        """Wait until all work is done.

        Raises:
            DeviceLostError: the device has failed for good.
        """
        ...

    def footprint(self, make: Callable[[], Call]) -> tuple[Call, int | None]:
        """A call, and the most bytes that making it and calling it take; None if unknown."""
        ...


@dataclass(frozen=True)
class Host:
    """The CPU: calls are done when they return, and memory is the system's affair."""

    place: torch.device = field(default_factory=lambda: torch.device(HOST))
    backend: Backend = None
    shares: bool = False

    def facts(self) -> Mapping[str, Any]:
        """Nothing: records of the CPU name it themselves."""
        return {}

    def active(self) -> AbstractContextManager[object]:
        """Nothing to switch."""
        return contextlib.nullcontext()

    def stopwatch(self, scene: Scene) -> Stopwatch | None:
        """The host's clock."""
        return None

    def warm_up(self) -> None:
        """Calibration does it."""

    def free(self) -> int | None:
        """Not asked."""
        return None

    def release(self) -> None:
        """Nothing is kept."""

    def check(self) -> None:
        """Nothing is pending."""

    def footprint(self, make: Callable[[], Call]) -> tuple[Call, int | None]:
        """The call alone."""
        return make(), None


def find(name: str) -> Device:
    """The device of settings.

    Args:
        name: from :func:`resolve`.
    """
    if name == HOST:
        return Host()
    from actlab.bench.gpu import Gpu

    return Gpu(torch.device(name))


def resolve(text: str) -> str:
    """The name of a device, spelled one way: ``cuda`` is ``cuda:0``.

    Raises:
        ValueError: no such device, or its kernels cannot run.
    """
    if text == HOST:
        return HOST
    found = re.fullmatch(r"cuda(?::(\d{1,3}))?", text)
    if found is None:
        near = difflib.get_close_matches(text.lower(), (HOST, "cuda", "cuda:0"), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"device must be cpu, cuda or cuda:N, got {text!r}{hint}")
    index = int(found[1] or 0)
    reason = unusable(index)
    if reason:
        raise ValueError(f"device: {text!r} asked for, but {reason}")
    return f"cuda:{index}"


def unusable(index: int) -> str:
    """Why a GPU cannot be measured; empty when it can."""
    if not torch.cuda.is_available():
        return f"torch sees no GPU ({_build()})"
    count = torch.cuda.device_count()
    if index >= count:
        names = (f"cuda:{k} ({torch.cuda.get_device_name(k)})" for k in range(count))
        return f"torch sees {', '.join(names)}"
    if backend.interpreting():
        value = os.environ[backend.INTERPRETER]
        return f"with {backend.INTERPRETER}={value} in the environment kernels run on the CPU"
    with torch.cuda.device(index):
        return backend.problem()


def _build() -> str:
    if torch.version.cuda or torch.version.hip:
        made = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
        return f"torch {torch.__version__} is built for {made}; the driver shows none"
    return f"torch {torch.__version__} is built for the CPU alone"
