"""What runs on the machines of a Ray cluster.

Both classes are made inside functions, so that Ray sends their code along. A machine on which
actlab is missing or differs can then say so, where it could not even have loaded a class that
lives in actlab.
"""

from __future__ import annotations

from typing import Any

FIRST_REPORT = 1.0
"""Seconds between reports of one worker: cells shorter than that send none at all."""


def seat_class() -> type:
    """The class of the actor that computes cells, one after the other."""

    class Seat:
        def __init__(self, shares: Any, report_every: float) -> None:
            self._shares = shares
            self._report_every = report_every
            self._computer: Any = None

        def prepare(self) -> tuple[str, Any]:
            """Import what cells need; says which versions that brought, or what is missing."""
            try:
                from actlab.lab.engines.compute import Computer, versions

                self._computer = Computer(self._report_every)
                return "ready", versions()
            except Exception as error:
                return "error", f"{type(error).__name__}: {error}"

        def compute(self, job: Any) -> tuple[str, Any]:
            import contextlib

            from actlab.lab.engines.interface import CellError

            def report(share: float) -> None:
                with contextlib.suppress(Exception):  # no cell fails for want of a listener
                    self._shares.tell.remote(job.id, share)

            try:
                return "outcome", self._computer.compute(job, report)
            except CellError as error:
                return "error", str(error)

    return Seat


def shares_class() -> type:
    """The class of the one actor that keeps how far the cells are until the driver asks."""

    class Shares:
        def __init__(self) -> None:
            self._shares: dict[str, float] = {}

        def tell(self, cell: str, share: float) -> None:
            self._shares[cell] = share

        def take(self) -> dict[str, float]:
            taken, self._shares = self._shares, {}
            return taken

    return Shares


def room_for_seats(gpus: float) -> int:
    """Workers that the cluster has room for at this moment, at least 1.

    Args:
        gpus: of every worker.
    """
    import ray

    there = ray.cluster_resources()
    count = int(there.get("CPU", 0))
    if gpus:
        count = min(count, int(there.get("GPU", 0) / gpus))
    return max(1, count)
