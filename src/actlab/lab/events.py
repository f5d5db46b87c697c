"""What the runner tells whoever is watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from actlab.lab.plan import Cell
from actlab.records import Record


@dataclass(frozen=True)
class Began:
    """The run begins: how much there is, how much of it was finished before."""

    cells: tuple[Cell, ...]
    finished: frozenset[str]
    workers: int


@dataclass(frozen=True)
class Started:
    """A worker took a cell up."""

    cell: Cell
    worker: int


@dataclass(frozen=True)
class Advanced:
    """A cell has got so far: a share between 0 and 1."""

    cell: Cell
    share: float


@dataclass(frozen=True)
class Ended:
    """A cell's record is on disk."""

    cell: Cell
    record: Record
    seconds: float


Event: TypeAlias = Began | Started | Advanced | Ended
Watcher: TypeAlias = Callable[[Event], None]
