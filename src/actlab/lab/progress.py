"""Progress of a run: live bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from actlab.lab.events import Advanced, Began, Ended, Event, Started
from actlab.lab.pace import Pace
from actlab.lab.plan import Cell
from actlab.records import FINAL, Record


def cell_title(cell: Cell) -> str:
    """A cell in a few words."""
    if cell.kind == "shape":
        return f"shape of {cell.contender}"
    seeds = f"seed {cell.seeds[0]}" if len(cell.seeds) == 1 else f"{len(cell.seeds)} seeds"
    what = "learning rate" if cell.kind == "tune" else seeds
    return f"{cell.part}, {cell.regime}, {cell.contender}, {what}"


def outcome_text(cell: Cell, record: Record) -> str:
    """What came out of a cell, in a few words."""
    if record.status not in FINAL:
        return f"{record.status}: {record.reason}"
    if cell.kind == "tune":
        return f"{record.status}, chose {record.summary['learning_rate']:.3g}"
    if cell.kind == "train":
        return str(record.status)
    return str(record.status)


def duration(seconds: float) -> str:
    """``40 s``, ``3 min``, ``2 h 5 min``: as exact as a forecast is."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Board(AbstractContextManager["Board"]):
    """Watches a run; pass :meth:`watch` to the runner.

    Args:
        console: where to write; bars are drawn only when it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._lock = threading.Lock()
        self._done = 0
        self._total = 0
        self._shares: dict[str, float] = {}
        self._lanes: dict[int, TaskID] = {}
        self._lane_of: dict[str, int] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=console,
            disable=not self._live,
        )
        self._overall: TaskID | None = None
        self._pace = Pace(())
        self._workers = 1

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._progress.stop()

    def watch(self, event: Event) -> None:
        """Take an event; may be called from several threads."""
        with self._lock:
            if isinstance(event, Began):
                self._begin(event)
            elif isinstance(event, Started):
                self._start(event)
            elif isinstance(event, Advanced):
                self._advance(event.cell, event.share)
            else:
                self._end(event)

    def _begin(self, event: Began) -> None:
        self._total = len(event.cells)
        self._done = len(event.finished)
        left = [cell for cell in event.cells if cell.id not in event.finished]
        kept = f", {self._done} already done" if self._done else ""
        workers = f"{event.workers} worker" + ("" if event.workers == 1 else "s")
        self._say(f"{self._total} cells{kept}; {workers}" if left else "all cells already done")
        if self._live and left:
            self._overall = self._progress.add_task(
                "all cells", total=sum(c.cost for c in left), left=""
            )
        self._pace, self._workers = Pace(left), event.workers

    def _start(self, event: Started) -> None:
        if not self._live:
            return
        self._lane_of[event.cell.id] = event.worker
        title = cell_title(event.cell)
        width = max(20, min(60, self._console.width - 48))
        title = title if len(title) <= width else title[: width - 1] + "…"
        if event.worker in self._lanes:
            self._progress.reset(self._lanes[event.worker], description=title, total=1.0)
        else:
            self._lanes[event.worker] = self._progress.add_task(title, total=1.0, left="")

    def _advance(self, cell: Cell, share: float) -> None:
        if not self._live:
            return
        step = share - self._shares.get(cell.id, 0.0)
        self._shares[cell.id] = share
        if cell.id in self._lane_of:
            self._progress.update(self._lanes[self._lane_of[cell.id]], completed=share)
        if self._overall is not None:
            self._progress.advance(self._overall, step * cell.cost)

    def _end(self, event: Ended) -> None:
        self._advance(event.cell, 1.0)
        self._done += 1
        self._pace.note(event.cell, event.seconds)
        remaining = self._pace.left(self._workers)
        if self._overall is not None:
            self._progress.update(self._overall, left=f"{duration(remaining)} left")
        trouble = event.record.status not in FINAL
        if self._live and not trouble:
            return
        rest = f", {duration(remaining)} left" if self._done < self._total else ""
        count = f"[{self._done:>{len(str(self._total))}}/{self._total}]"
        what = f"{cell_title(event.cell)}: {outcome_text(event.cell, event.record)}"
        self._say(f"{count} {what} ({event.seconds:.1f} s{rest})", "red" if trouble else "")

    def _say(self, line: str, style: str = "") -> None:
        """One line, never wrapped or interpreted: names come from users."""
        self._console.print(Text(line, style=style), soft_wrap=True)
