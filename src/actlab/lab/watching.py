"""Watching runs of a training function: a bar, and an end when nothing works."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from actlab.lab.events import Began, Ended, Event, Started
from actlab.records import FINAL

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class EveryRunFailedError(RuntimeError):
    """A training function failed with every activation; the message has the first cause."""


class Watch(AbstractContextManager["Watch"]):
    """Shows progress, and stops a run whose every first cell fails.

    The same failure with every activation is a mistake in the training function. It would only
    be repeated at every seed.

    Args:
        name: what messages call the function.
        arms: how many functions there are.
        progress: draw a bar where there is a terminal or a notebook.
    """

    def __init__(self, name: str, arms: int, progress: bool) -> None:
        self._name = name
        self._arms = arms
        self._failed: list[str] = []
        self._worked = False
        self._bar: Progress | None = make_bar() if progress else None
        self._all: TaskID | None = None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, event: Event) -> None:
        """Take an event of the runner's.

        Raises:
            EveryRunFailedError: no run has worked, and every function has failed.
        """
        if isinstance(event, Began):
            self._worked = any(cell.part and cell.id in event.finished for cell in event.cells)
        if self._bar is not None:
            self._draw(event, self._bar)
        if isinstance(event, Ended) and event.cell.part and not self._worked:
            self._worked = event.record.status in FINAL
            if not self._worked and event.record.status != "skipped":
                self._failed.append(event.record.reason)
            if len(self._failed) >= self._arms:
                raise EveryRunFailedError(
                    f"{self._name} fails with every activation; the first time: {self._failed[0]}"
                )

    def _draw(self, event: Event, bar: Progress) -> None:
        if isinstance(event, Began):
            self._all = bar.add_task(
                self._name, total=len(event.cells), completed=len(event.finished)
            )
        elif self._all is None:
            return
        elif isinstance(event, Started) and event.cell.part:
            what = "learning rate" if event.cell.kind == "tune" else f"seed {event.cell.seeds[0]}"
            bar.update(self._all, description=f"{self._name}: {event.cell.contender}, {what}")
        elif isinstance(event, Ended):
            bar.advance(self._all)


def make_bar() -> Progress | None:
    """A bar on a terminal or in a notebook, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr)
    if not console.is_terminal and not console.is_jupyter:
        return None
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
