"""Cells in Slurm jobs, by way of submitit; a job computes a batch of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from actlab.lab.engines.batch import Batch, compute_batch
from actlab.lab.engines.interface import EngineError, Job, OnShare, OnStart, Outcome
from actlab.lab.engines.slurm_batches import Batches
from actlab.lab.engines.spool import Spool

STATE_EVERY = 30.0
"""Seconds between questions to Slurm, all jobs in one."""

POLL = 2.0
"""Seconds between looks at the folder of answers."""

LATE = 15.0
"""Seconds that answers may take to be seen after their job has ended: file systems are slow."""

PATIENCE = 20.0
"""Seconds that leaving waits for the jobs to be cancelled."""


@dataclass(frozen=True)
class SlurmOptions:
    """What is asked of Slurm for one job.

    Args:
        folder: for scripts, logs and answers, one for each run; every machine must see it, as
            they see a home folder.
        partition: where to run. Default: Slurm's own.
        minutes: wall time of a job, at least 1. Default: 60.
        memory_gb: of a job. Default: 2 for each processor.
        cpus: processors of a job; so many cells are computed at once in it. Default: 1.
        cells: per job at most. Default: 50.
        tries: how many jobs a cell may lose (killed, preempted, out of time) before it counts as
            failed. Cells that raise an exception are not tried again.
        more: further parameters of sbatch as submitit calls them, such as
            ``{"account": "me", "qos": "low"}``.
        cluster: ``slurm``, or ``local`` for processes on this machine in its place.

    Raises:
        ValueError: a number below its range, or an unknown cluster.
    """

    folder: Path | str
    partition: str | None = None
    minutes: int = 60
    memory_gb: float | None = None
    cpus: int = 1
    cells: int = 50
    tries: int = 3
    more: Mapping[str, Any] = field(default_factory=dict)
    cluster: Literal["slurm", "local"] = "slurm"

    def __post_init__(self) -> None:
        for name in ("minutes", "cpus", "cells", "tries"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.memory_gb is not None and not self.memory_gb > 0:
            raise ValueError(f"memory_gb must be positive, got {self.memory_gb!r}")
        if self.cluster not in ("slurm", "local"):
            raise ValueError(f"cluster must be 'slurm' or 'local', got {self.cluster!r}")


class SlurmEngine:
    """Computes cells in Slurm jobs, a batch each.

    Results go to the driver, which alone writes records. Jobs whose driver was killed go on;
    the next driver takes the answers that they have left, and they stop when it is there.
    How far single cells are is not told.

    Args:
        workers: jobs at once, waiting or running.
        options: of the jobs.
        on_start: called with the cell and the number of its job's slot when the cell begins.
        on_share: never called.
    """

    def __init__(
        self, workers: int, options: SlurmOptions, on_start: OnStart, on_share: OnShare
    ) -> None:
        self._slots = workers
        self._options = options
        self._on_start = on_start
        self._spool = Spool(Path(options.folder).expanduser().absolute())
        self._batches: Batches | None = None
        self._thread: threading.Thread | None = None

    @property
    def workers(self) -> int:
        """Cells at once."""
        return self._slots * self._options.cpus

    @property
    def window(self) -> int:
        """A second batch for every job, ready when the first one ends."""
        return 2 * self._slots * self._options.cells

    def __enter__(self) -> Self:
        """Open the folder.

        Raises:
            EngineError: this machine cannot submit jobs, or not with these parameters; or the
                folder is in use or cannot be written.
        """
        scheduler = _Submitit(self._spool.logs, self._slots, self._options)
        session = self._spool.open()
        self._batches = Batches(
            scheduler,
            self._spool,
            session,
            slots=self._slots,
            cells=self._options.cells,
            processes=self._options.cpus,
            tries=self._options.tries,
            on_start=self._on_start,
        )
        self._thread = threading.Thread(target=self._batches.run, name="actlab-slurm", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Stop at once: cancel what is waiting or running."""
        assert self._thread is not None
        assert self._batches is not None
        done = self._batches.idle and not any(failure)
        self._batches.stop()
        self._thread.join(PATIENCE)
        self._spool.close(empty=done)

    def submit(self, job: Job) -> Future[Outcome]:
        """Queue a job; first come, first served."""
        assert self._batches is not None, "the engine is used inside its with block"
        if self._batches.broken:
            raise self._batches.broken
        return self._batches.add(job)


class _Submitit:
    """Batches as submitit jobs; several at once are one job array."""

    def __init__(self, logs: Path, slots: int, options: SlurmOptions) -> None:
        import submitit

        logging.getLogger("submitit").setLevel(logging.ERROR)
        self._local = options.cluster == "local"
        self.poll = 0.1 if self._local else POLL
        self.late = 1.0 if self._local else LATE
        self._next_question = 0.0
        self._leaving: list[Any] = []
        try:
            self._executor = submitit.AutoExecutor(logs / "%j", cluster=options.cluster)
            self._executor.update_parameters(
                name="actlab",
                timeout_min=options.minutes,
                mem_gb=options.memory_gb or 2.0 * options.cpus,
                cpus_per_task=options.cpus,
                slurm_partition=options.partition,
                slurm_array_parallelism=slots,
                **{f"slurm_{name}": value for name, value in options.more.items()},
            )
        except (RuntimeError, NameError, AssertionError, ValueError) as error:
            raise EngineError(f"Slurm jobs cannot be submitted here: {error}") from error

    def submit(self, batches: Sequence[Batch]) -> Sequence[Any]:
        with self._executor.batch():
            handles = [self._executor.submit(compute_batch, batch) for batch in batches]
        self._leaving = [handle for handle in self._leaving if not self.over(handle)]
        self._leaving += handles
        return handles

    def over(self, handle: Any) -> str:
        if self._local:
            return handle.state.lower() if handle.done() else ""
        if handle.paths.result_pickle.exists():
            return "finished"
        watcher = handle.watcher
        if (now := time.monotonic()) >= self._next_question:
            self._next_question = now + STATE_EVERY
            watcher.update()
        state = watcher.get_state(handle.job_id, mode="cache")
        return state if watcher.is_done(handle.job_id, mode="cache") else ""

    def cancel(self, handles: Sequence[Any]) -> None:
        for handle in handles:
            if not self.over(handle):
                handle.cancel(check=False)
        until = time.monotonic() + PATIENCE / 2
        while self._local and time.monotonic() < until:
            # Processes of this machine are children of this one: none is left behind.
            if all(handle.done() for handle in self._leaving):
                return
            time.sleep(0.05)
