"""Progress of a benchmark: one live bar on a terminal, a line for each part anywhere else."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from actlab.bench import estimate
from actlab.bench.gate import compiled
from actlab.bench.runner import Task
from actlab.bench.settings import Settings
from actlab.records import FINAL, Record


class Board(AbstractContextManager["Board"]):
    """Watches a benchmark.

    Args:
        console: where to write; a bar is drawn only when it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self.folder = Path()
        self.measured = 0
        self._console = console
        self._weights: dict[str, float] = {}
        self._kept: Collection[str] = frozenset()
        self._part = ""
        self._began = 0.0
        self._count = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
            # A thread that draws would take time from what is being timed.
            auto_refresh=False,
        )
        self._bar = self._progress.add_task("", total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._end_part()
        self._progress.stop()

    def plan(
        self, tasks: Sequence[Task], done: Collection[str], settings: Settings, folder: Path
    ) -> None:
        """Say what there is to do, roughly how long it takes, and where it goes."""
        self.folder, self._kept, self.measured = folder, done, len(done)
        native = frozenset() if settings.on_gpu else compiled(settings.activations)
        self._weights = {
            task.id: estimate.scene_seconds(task.scene, settings, native=native)
            for task in tasks
            if task.id not in done
        }
        if len(done) == len(tasks):
            self._say(f"all {len(tasks)} comparisons are in {folder} already; nothing is timed")
            return
        seconds = sum(self._weights.values())
        self._progress.update(self._bar, total=seconds)
        seconds += estimate.gate_seconds(settings)
        about = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        kept = f", {len(done)} of them made before" if done else ""
        self._say(f"{len(tasks)} comparisons{kept}; about {about}; records in {folder}")

    def tell(self, what: str) -> None:
        """What goes on before anything is timed."""
        self._progress.update(self._bar, description=self._fit(what), refresh=True)

    def watch(self, task: Task, record: Record | None) -> None:
        """A comparison begins, or has a record."""
        if record is None:
            if task.scene.part != self._part:
                self._end_part()
                self._part, self._began, self._count = task.scene.part, time.monotonic(), 0
            self.tell(task.scene.title)
        elif task.id not in self._kept:
            self._count += 1
            self.measured += 1
            self._progress.advance(self._bar, self._weights[task.id])
            if record.status not in FINAL:
                self._say(f"{task.scene.title}: {record.status}, {record.reason}", "red")

    def _end_part(self) -> None:
        if self._part and not self._console.is_terminal:
            seconds = time.monotonic() - self._began
            plural = "" if self._count == 1 else "s"
            self._say(f"{self._part}: {self._count} comparison{plural} in {seconds:.1f} s")
        self._part = ""

    def _fit(self, text: str) -> str:
        width = max(12, min(56, self._console.width - 36))
        return text if len(text) <= width else text[: width - 1] + "…"

    def _say(self, line: str, style: str = "") -> None:
        self._console.print(Text(line, style=style), soft_wrap=True)
