"""Cells on a Ray cluster, or on one started on this machine for the run."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from actlab.lab.engines.interface import EngineError, Job, OnShare, OnStart, Outcome
from actlab.lab.engines.ray_address import ADDRESS, check_reachable, notices_hushed
from actlab.lab.engines.ray_pool import Pool

STORE_BYTES = 200 * 2**20
"""Memory for results on their way, of a cluster started here: one per worker is under way."""

LEFT_AT_HOME = (".git", ".venv", "venv", "__pycache__", "results", "*.pyc", ".pytest_cache")
"""What is never shipped."""

PATIENCE = 20.0
"""Seconds that leaving waits for the workers to be dismissed one by one."""


@dataclass(frozen=True)
class RayOptions:
    """How to reach a cluster.

    Args:
        address: ``auto`` (the cluster that this machine is part of), ``HOST:PORT`` or
            ``ray://HOST:PORT``. None starts one on this machine, which ends with the run.
        ship: a folder with modules of your own that activations or tasks come from; it is copied
            to every worker and its modules can be imported there. Results folders, environments
            and ``.git`` in it stay behind. Not needed where all machines share the folder.
        tries: how many workers a cell may lose (killed, or their machine gone) before it counts
            as failed. Cells that raise an exception are not tried again.
        gpus: of every worker, for studies on another device: 1, or 0.25 for four workers that
            share one. Ray shows a worker no other GPU, and without this none. Default: 0.

    Raises:
        ValueError: ``tries`` below 1, ``gpus`` below 0, an address of another form, or ``ship``
            is not a folder.
    """

    address: str | None = None
    ship: Path | str | None = None
    tries: int = 5
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.gpus, bool) or not 0.0 <= self.gpus < math.inf:
            raise ValueError(f"gpus must be a number of at least 0, got {self.gpus!r}")
        if self.tries < 1:
            raise ValueError(f"tries must be at least 1, got {self.tries}")
        if self.address is not None and not ADDRESS.fullmatch(self.address):
            raise ValueError(
                f"address must be auto, HOST:PORT or ray://HOST:PORT, got {self.address!r}; "
                "without one a cluster is started on this machine"
            )
        if self.ship is not None and not Path(self.ship).is_dir():
            raise ValueError(f"ship must name a folder, and {str(self.ship)!r} is none")


class RayEngine:
    """Computes cells in actors with one processor each.

    Results go to the driver, which alone writes records: nothing is saved on the workers.

    Args:
        workers: cells at once; None: one per processor of the cluster, whatever it grows to.
        options: the cluster.
        on_start: called with the cell and the worker's number when a job begins.
        on_share: called with the cell and the share done, for cells that take seconds.
    """

    def __init__(
        self, workers: int | None, options: RayOptions, on_start: OnStart, on_share: OnShare
    ) -> None:
        self._bound = workers
        self._options = options
        self._callbacks = (on_start, on_share)
        self._leave = contextlib.ExitStack()
        self._pool: Pool | None = None
        self._thread: threading.Thread | None = None

    @property
    def workers(self) -> int:
        """Cells at once: the bound, or the processors that the cluster has at this moment."""
        return self._bound or (self._pool.processors if self._pool else 1)

    @property
    def window(self) -> int:
        """A second job for every worker, ready when it has done the first."""
        return 2 * self.workers

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            EngineError: there is no such cluster, or it cannot be used.
        """
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        """Stop at once: whatever is still being computed is given up."""
        if self._thread is not None and self._pool is not None:
            self._pool.stop()
            self._thread.join(PATIENCE)
        self._leave.close()

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; first come, first served."""
        assert self._pool is not None, "the engine is used inside its with block"
        if self._pool.broken:
            raise self._pool.broken
        return self._pool.add(job)

    def _connect(self) -> None:
        import ray

        if not ray.is_initialized():
            if self._options.address is not None:
                check_reachable(self._options.address)
            self._leave.enter_context(notices_hushed())
            self._leave.callback(ray.shutdown)
            try:
                ray.init(**self._settings())
            except Exception as error:
                raise EngineError(_no_cluster(self._options.address, error)) from error
        elif self._options.ship is not None:
            raise EngineError("Ray is connected already: folders must be shipped by that ray.init")
        home = ray.get_runtime_context().get_node_id()
        self._pool = Pool(
            self._bound, self._options.tries, home, *self._callbacks, self._options.gpus
        )
        self._pool.begin()
        self._thread = threading.Thread(target=self._pool.run, name="actlab-ray", daemon=True)
        self._thread.start()

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "log_to_driver": False,
            "logging_level": logging.ERROR,
            # A name that nobody shares: runs on one cluster must not meet.
            "namespace": f"actlab-{os.getpid()}-{id(self):x}",
        }
        if self._options.ship is not None:
            settings["runtime_env"] = {
                "working_dir": str(Path(self._options.ship).resolve()),
                "excludes": [*LEFT_AT_HOME],
            }
        if self._options.address is not None:
            return {"address": self._options.address, **settings}
        # Nothing about a run leaves this machine, unless the user has said otherwise.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        return {
            "address": "local",
            "num_cpus": self._bound or len(_usable_cores()),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            **settings,
        }


def _usable_cores() -> range:
    try:
        return range(len(os.sched_getaffinity(0)))
    except AttributeError:
        return range(os.cpu_count() or 1)


def _no_cluster(address: str | None, error: Exception) -> str:
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if address is None:
        return f"Ray cannot be started on this machine: {said}"
    hint = "" if "RAY_AUTH_MODE" in os.environ else " (if it asks for a token: RAY_AUTH_MODE=token)"
    return f"the Ray cluster at {address} cannot be used: {said}{hint}"
