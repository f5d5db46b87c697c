"""How long the rest of a run will take, from the cells that have been timed."""

from __future__ import annotations

from collections.abc import Iterable

from actlab.lab.plan import Cell

Group = tuple[str, str]


def group_of(cell: Cell) -> Group:
    """Cells that should take as long as their expected costs say, relative to each other."""
    return str(cell.key.get("task", "")), cell.part


class Pace:
    """Expected seconds of a run's cells, corrected by what others of their group have taken.

    A group without a timed cell is corrected by what all groups together have taken.

    Args:
        cells: those still to be computed.
    """

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._waiting: dict[Group, float] = {}
        self._taken: dict[Group, float] = {}
        self._expected: dict[Group, float] = {}
        for cell in cells:
            group = group_of(cell)
            self._waiting[group] = self._waiting.get(group, 0.0) + cell.cost

    def note(self, cell: Cell, seconds: float) -> None:
        """A cell is done and has taken so long."""
        group = group_of(cell)
        self._waiting[group] = max(0.0, self._waiting.get(group, 0.0) - cell.cost)
        self._taken[group] = self._taken.get(group, 0.0) + seconds
        self._expected[group] = self._expected.get(group, 0.0) + cell.cost

    def left(self, workers: int) -> float:
        """Seconds until all are done, ``workers`` at a time."""
        expected = sum(self._expected.values())
        usual = sum(self._taken.values()) / expected if expected else 1.0
        total = sum(
            cost * (self._taken[g] / self._expected[g] if self._expected.get(g) else usual)
            for g, cost in self._waiting.items()
        )
        return total / max(1, workers)
