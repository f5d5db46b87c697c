"""What runs inside one Slurm job: a batch of cells, each in a worker process."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from actlab.lab.engines.interface import CellError, CellTimeoutError, Job, Outcome
from actlab.lab.engines.local import LocalEngine
from actlab.lab.engines.spool import Answer, Spool

BEAT = 5.0
"""Seconds between signs of life."""

LOOK = 1.0
"""Seconds between looks at whether the driver is still there."""


@dataclass(frozen=True)
class Batch:
    """What a Slurm job is given.

    Args:
        name: of the batch; every submission has its own.
        session: the driver that waits for it.
        spool: the folder that both see.
        jobs: cells in the order in which they begin.
        processes: cells computed at once.
        imports: where the driver's own modules are found.
    """

    name: str
    session: str
    spool: Path
    jobs: tuple[Job, ...]
    processes: int
    imports: tuple[str, ...] = ()


def compute_batch(batch: Batch) -> int:
    """Compute the cells of a batch and leave every answer in the spool as it comes.

    A batch whose driver has gone, or that was begun before, is left alone: the driver sees the
    job end without answers and hands the cells out again.

    Args:
        batch: what to compute.

    Returns:
        How many cells were answered.
    """
    spool = Spool(batch.spool)
    if not spool.is_session(batch.session) or not spool.begin(batch.name):
        return 0
    sys.path += [folder for folder in batch.imports if folder not in sys.path]
    stopped = threading.Event()
    threading.Thread(target=_beat, args=(spool, batch.name, stopped), daemon=True).start()
    answered = 0
    landed: SimpleQueue[tuple[Job, Future[Outcome]]] = SimpleQueue()
    try:
        with LocalEngine(batch.processes, _nothing, _nothing) as engine:
            for job in batch.jobs:
                engine.submit(job).add_done_callback(partial(_land, landed, job))
            while answered < len(batch.jobs):
                try:
                    job, future = landed.get(timeout=LOOK)
                except Empty:
                    if not spool.is_session(batch.session):
                        return answered
                    continue
                spool.put(job.id, _answer(future))
                answered += 1
    finally:
        stopped.set()
    return answered


def _land(
    landed: SimpleQueue[tuple[Job, Future[Outcome]]], job: Job, future: Future[Outcome]
) -> None:
    landed.put((job, future))


def _answer(future: Future[Outcome]) -> Answer:
    try:
        return Answer("outcome", future.result())
    except CellError as error:
        return Answer("error", str(error))
    except CellTimeoutError as error:
        return Answer("timeout", str(error))
    except Exception as error:
        return Answer("lost", str(error) or type(error).__name__)


def _beat(spool: Spool, batch: str, stopped: threading.Event) -> None:
    while not stopped.wait(BEAT):
        spool.beat(batch)


def _nothing(cell: str, value: float) -> None:
    """Shares and starts are not passed on: a file for each would cost more than they tell."""
