"""The folder through which a driver and its Slurm jobs speak: files, each written in one step.

::

    session          who the driver is; jobs of another one stop
    begun/BATCH      made when a batch begins, touched while it goes on
    done/CELL        what came out of a cell
    submitit/        scripts and logs
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from actlab._version import __version__
from actlab.lab.engines.interface import EngineError, Outcome
from actlab.records.durable import PARTIAL, publish_file


@dataclass(frozen=True)
class Answer:
    """What came out of a cell.

    Args:
        kind: ``outcome``, ``error`` (the cell raised), ``timeout`` or ``lost`` (its process
            died).
        content: the outcome, or what was said.
    """

    kind: str
    content: Outcome | str


class Spool:
    """The folder, seen from either side.

    Args:
        root: the same folder on every machine.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root / "submitit"
        self._begun = root / "begun"
        self._done = root / "done"
        self._session = root / "session"
        self._lock = FileLock(root / ".lock")

    def open(self) -> str:
        """Make the folder one's own; answers that an earlier driver did not take are kept.

        Returns:
            The name of the session.

        Raises:
            EngineError: another driver has it, or nothing can be written there.
        """
        try:
            for folder in (self.logs, self._begun, self._done):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise EngineError(f"another run uses {self.root}; give this one its own") from None
        except OSError as error:
            raise EngineError(f"cannot write to {self.root}: {error.strerror}") from error
        session = uuid.uuid4().hex
        publish_file(self._session, session.encode("ascii"))
        return session

    def close(self, *, empty: bool) -> None:
        """End the session, so that its jobs stop; remove everything where nothing is left to do."""
        self._session.unlink(missing_ok=True)
        self._lock.release()
        if empty:
            shutil.rmtree(self.root, ignore_errors=True)

    def is_session(self, session: str) -> bool:
        """Whether the driver of that session is still the one that counts."""
        try:
            return self._session.read_text("ascii") == session
        except OSError:
            return False

    def begin(self, batch: str) -> bool:
        """Take a batch up; False when that was done before, as after Slurm has requeued a job."""
        try:
            with (self._begun / batch).open("x"):
                return True
        except FileExistsError:
            return False

    def beat(self, batch: str) -> None:
        """Say that a batch is going on."""
        with contextlib.suppress(OSError):
            os.utime(self._begun / batch)

    def last_beat(self, batch: str) -> float | None:
        """When a batch last said so, by the clock of the file system; None: it has not begun."""
        try:
            return (self._begun / batch).stat().st_mtime
        except OSError:
            return None

    def forget(self, batch: str) -> None:
        """Remove the trace of a batch that has ended."""
        (self._begun / batch).unlink(missing_ok=True)

    def put(self, cell: str, answer: Answer) -> None:
        """Leave an answer for the driver."""
        publish_file(self._done / cell, pickle.dumps((__version__, answer)))

    def answered(self) -> Iterator[str]:
        """The cells that have an answer waiting."""
        with os.scandir(self._done) as entries:
            yield from (entry.name for entry in entries if not entry.name.startswith(PARTIAL))

    def take(self, cell: str) -> Answer | None:
        """The answer for a cell; None when there is none, or none that this version can use.

        It stays where it is until :meth:`drop`.
        """
        try:
            version, answer = pickle.loads((self._done / cell).read_bytes())
        except (OSError, EOFError, ValueError, TypeError, AttributeError, ImportError):
            return None
        except pickle.UnpicklingError:
            return None
        return answer if version == __version__ and isinstance(answer, Answer) else None

    def drop(self, cell: str) -> None:
        """Remove an answer."""
        (self._done / cell).unlink(missing_ok=True)
