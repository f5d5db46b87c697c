"""What runs inside a worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

from actlab.lab.engines.compute import Computer, GoneError
from actlab.lab.engines.interface import CellError, Job, Outcome

REPORT_EVERY = 0.2


def serve(pipe: Connection) -> None:
    """Compute jobs from a pipe until it closes.

    Messages out are one ``("ready", None)``, and then for each job any number of
    ``("share", float)`` and one ``("outcome", Outcome)`` or ``("error", text)``.
    The process ends with its parent, however the parent ended, even in the middle of a job.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    computer = Computer(REPORT_EVERY)
    try:
        pipe.send(("ready", None))
        while True:
            job = pipe.recv()
            if job is None:
                return
            _answer(computer, job, pipe)
    except (EOFError, OSError, GoneError):
        return


def _answer(computer: Computer, job: Job, pipe: Connection) -> None:
    def report(share: float) -> None:
        try:
            pipe.send(("share", share))
        except OSError:
            raise GoneError from None

    answer: tuple[str, Outcome | str]
    try:
        answer = "outcome", computer.compute(job, report)
    except CellError as error:
        answer = "error", str(error)
    try:
        pipe.send(answer)
    except OSError:
        raise GoneError from None
    except Exception as error:
        # What cannot be pickled is refused before anything is written.
        pipe.send(("error", f"its outcome cannot be sent: {type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
