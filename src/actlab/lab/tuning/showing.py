"""Progress of a search: a bar with the best trial so far."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from actlab.lab.pairing import centre_of
from actlab.lab.task import Metric
from actlab.lab.tuning.outcome import named
from actlab.lab.tuning.search import Best
from actlab.lab.watching import make_bar

if TYPE_CHECKING:
    from rich.progress import TaskID


class Showing(AbstractContextManager["Showing"]):
    """Draws a bar on a terminal or in a notebook.

    Args:
        label: what is searched.
        metric: what is judged.
        progress: draw anything at all.
    """

    def __init__(self, label: str, metric: Metric, progress: bool) -> None:
        self._label = label
        self._metric = metric
        self._bar = make_bar() if progress else None
        self._all: TaskID | None = None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._all = self._bar.add_task(self._label, total=None)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, best: Best, trials: int) -> None:
        """Take the best trial after each one that has ended."""
        if self._bar is None or self._all is None:
            return
        value = centre_of(self._metric, best.values)
        found = f"{self._label}: {self._metric.name} {value:.4g} at {named(best.params, best.rate)}"
        self._bar.update(self._all, description=found, completed=best.trials, total=trials)
