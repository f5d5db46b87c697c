"""Computes one job in this process: the same code whichever engine the process belongs to."""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Callable, Mapping
from importlib.metadata import version

from actlab.lab.engines.interface import CellError, Job, Outcome


class GoneError(BaseException):
    """Nobody is left to report to; no ``except Exception`` of a task holds it up."""


class Computer:
    """What a worker process has one of.

    Every job starts with one torch thread, deterministic algorithms and float32 as the default
    type, whatever the job before it left behind: an outcome must depend neither on the engine
    nor on what else its process has computed.

    Args:
        report_every: seconds between reports of the share done.
    """

    def __init__(self, report_every: float) -> None:
        # Imported now, for no cell's time should pay for it.
        from actlab.lab.device import describe_device
        from actlab.lab.execute import execute
        from actlab.records import describe_environment

        self._execute, self._describe = execute, describe_device
        self._report_every = report_every
        _settle_torch()
        # Taken once: it asks git, and the source that counts is the source imported now.
        self._environment = describe_environment()

    def compute(self, job: Job, report: Callable[[float], None]) -> Outcome:
        """The outcome of a job.

        Args:
            job: what to compute.
            report: called with the share done, no more often than ``report_every``.

        Raises:
            CellError: the cell raised an exception.
        """
        _settle_torch()
        began = last = time.perf_counter()

        def tick(share: float) -> None:
            nonlocal last
            now = time.perf_counter()
            if now - last >= self._report_every:
                last = now
                report(share)

        try:
            outcome = self._execute(job.key, job.needed, tick)
        except (GoneError, KeyboardInterrupt):
            raise
        except BaseException as error:
            # SystemExit as well: a task that calls sys.exit must not end the worker.
            raise CellError(_in_one_line(error)) from error
        return Outcome(
            status=outcome.status,
            reason=outcome.reason,
            summary=outcome.summary,
            arrays=outcome.arrays,
            environment={**self._environment, **self._describe(job.key.get("device", "cpu"))},
            seconds=time.perf_counter() - began,
        )


def versions() -> Mapping[str, str]:
    """What must be the same everywhere for equal results."""
    names = ("actlab", "torch", "numpy")
    return {"Python": platform.python_version(), **{name: version(name) for name in names}}


def _settle_torch() -> None:
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float32)


def _in_one_line(error: BaseException) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())
    what = type(error).__name__ + (f": {said}" if said else "")
    return f"{what} (in {place.name}, line {place.lineno})"
