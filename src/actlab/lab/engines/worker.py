"""What runs inside a worker process."""

from __future__ import annotations

import signal
import time
import traceback
from multiprocessing.connection import Connection

from actlab.lab.engines.interface import Job, Outcome

REPORT_EVERY = 0.2


def serve(pipe: Connection) -> None:
    """Compute jobs from a pipe until it closes.

    Messages out are ``("share", float)``, ``("outcome", Outcome)`` or ``("error", text)``.
    A parent that went away closes the pipe, which ends this process at its next message.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        while True:
            job = pipe.recv()
            if job is None:
                return
            pipe.send(_compute(job, pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _compute(job: Job, pipe: Connection) -> tuple[str, Outcome | str]:
    from actlab.lab.tasks import execute
    from actlab.records import describe_environment

    last = 0.0

    def tick(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= REPORT_EVERY:
            last = now
            pipe.send(("share", share))

    began = time.perf_counter()
    try:
        outcome = execute(job.key, job.needed, tick)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.name}, line {place.lineno}"
        return "error", f"{type(error).__name__}: {error} (in {where})"
    return "outcome", Outcome(
        status=outcome.status,
        reason=outcome.reason,
        summary=outcome.summary,
        arrays=outcome.arrays,
        environment=describe_environment(),
        seconds=time.perf_counter() - began,
    )
