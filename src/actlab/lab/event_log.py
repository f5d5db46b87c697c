"""The events of a run as lines of JSON, for programs that watch it."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Self

from actlab.lab.events import Advanced, Began, Event, Started


class EventLog(AbstractContextManager["EventLog"]):
    """Writes one line of JSON for each event; pass :meth:`watch` to the runner.

    Lines have ``event`` (``began``, ``started``, ``advanced`` or ``ended``), ``time`` (seconds
    since 1970) and what belongs to the event.

    Args:
        target: a file, which is appended to; ``-`` for standard output; None for nowhere.
    """

    def __init__(self, target: Path | None) -> None:
        self._target = target
        self._file: IO[str] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self._target is not None and str(self._target) != "-":
            self._file = self._target.open("a", encoding="utf-8")
        elif self._target is not None:
            self._file = sys.stdout
        return self

    def __exit__(self, *failure: object) -> None:
        if self._file is not None and self._file is not sys.stdout:
            self._file.close()

    def watch(self, event: Event) -> None:
        """Take an event; may be called from several threads."""
        if self._file is None:
            return
        line = json.dumps({"event": type(event).__name__.lower(), "time": time.time()} | _of(event))
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def _of(event: Event) -> dict[str, Any]:
    if isinstance(event, Began):
        return {
            "cells": len(event.cells),
            "finished": len(event.finished),
            "workers": event.workers,
        }
    cell = event.cell
    said: dict[str, Any] = {
        "cell": cell.id,
        "kind": cell.kind,
        "part": cell.part,
        "regime": cell.regime,
        "contender": cell.contender,
        "seeds": list(cell.seeds),
    }
    if isinstance(event, Started):
        return said | {"worker": event.worker}
    if isinstance(event, Advanced):
        return said | {"share": event.share}
    return said | {
        "status": str(event.record.status),
        "reason": event.record.reason,
        "seconds": event.seconds,
    }
