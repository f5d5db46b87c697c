"""How long the rest of a run will take, from the cells that have been timed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from actlab.lab.plan import Cell


class Group(NamedTuple):
    """Cells that should take as long as their expected costs say, relative to each other."""

    kind: str
    task: str
    part: str


class Times:
    """How long cells have taken, for each second that was expected of them."""

    def __init__(self) -> None:
        self._taken: dict[Group, float] = {}
        self._expected: dict[Group, float] = {}

    def note(self, group: Group, cost: float, seconds: float) -> None:
        """A cell of a group has taken so long."""
        self._taken[group] = self._taken.get(group, 0.0) + seconds
        self._expected[group] = self._expected.get(group, 0.0) + cost

    def factor(self, group: Group) -> float:
        """What to multiply expected seconds of a group with.

        A group without a timed cell is corrected by what all of its kind together have taken;
        what takes next to no time, such as drawing a function, says nothing about training.
        """
        like = [group] if group in self._taken else [g for g in self._taken if g.kind == group.kind]
        expected = sum(self._expected[g] for g in like)
        return sum(self._taken[g] for g in like) / expected if expected else 1.0


def group_of(cell: Cell) -> Group:
    """The group of a planned cell."""
    return Group(str(cell.key.get("kind", "")), str(cell.key.get("task", "")), cell.part)


class Pace:
    """Expected seconds of a run's cells, corrected by what others of their group have taken.

    Args:
        cells: those still to be computed.
    """

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._waiting: dict[Group, float] = {}
        self._times = Times()
        for cell in cells:
            group = group_of(cell)
            self._waiting[group] = self._waiting.get(group, 0.0) + cell.cost

    def note(self, cell: Cell, seconds: float) -> None:
        """A cell is done and has taken so long."""
        group = group_of(cell)
        self._waiting[group] = max(0.0, self._waiting.get(group, 0.0) - cell.cost)
        self._times.note(group, cell.cost, seconds)

    def left(self, workers: int) -> float:
        """Seconds until all are done, ``workers`` at a time."""
        total = sum(cost * self._times.factor(group) for group, cost in self._waiting.items())
        return total / max(1, workers)
