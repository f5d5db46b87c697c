"""How far a run is, from what lies in its results folder; reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actlab.lab.pace import Group, Times
from actlab.records import FINAL, Record, Store

NOT_RUN = "not run"


@dataclass(frozen=True)
class State:
    """How far a study is.

    Args:
        name: of the study.
        cells: planned.
        counts: cells by status, ``not run`` among them.
        seconds: computing time so far.
        left: computing time still to come, from that of the cells that are done.
        troubles: cells that ended without a result, one line each.
    """

    name: str
    cells: int
    counts: Mapping[str, int]
    seconds: float
    left: float
    troubles: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every cell has a result."""
        return sum(self.counts.get(str(status), 0) for status in FINAL) == self.cells


def state_of(results: Path) -> list[State]:
    """The state of every study in a results folder.

    Raises:
        StoreError: not a results folder.
    """
    store = Store.open(results)
    studies = store.read_study()["studies"]
    cells = {cell["id"] for about in studies for cell in about["cells"]}
    ends = {cell: _end(store.load(cell)) for cell in cells}
    times = Times()
    for about in studies:
        for cell in about["cells"]:
            end = ends[cell["id"]]
            if end.final:
                times.note(_group(about, cell), _cost(cell), end.seconds)
    return [_state(about, ends, times) for about in studies]


@dataclass(frozen=True, slots=True)
class _End:
    """What is left of a record when its curves are put aside: a run may have many thousands."""

    word: str = NOT_RUN
    reason: str = ""
    final: bool = False
    seconds: float = 0.0


def _end(record: Record | None) -> _End:
    if record is None:
        return _End()
    seconds = float(record.provenance.get("seconds", 0.0))
    return _End(str(record.status), record.reason, record.status in FINAL, seconds)


def _group(about: Mapping[str, Any], cell: Mapping[str, Any]) -> Group:
    return Group(cell["kind"], about["study"]["name"], cell["part"])


def _cost(cell: Mapping[str, Any]) -> float:
    return float(cell.get("cost", 1.0))


def _state(about: Mapping[str, Any], ends: Mapping[str, _End], times: Times) -> State:
    counts: dict[str, int] = {}
    troubles = []
    taken = left = 0.0
    cells = {cell["id"]: cell for cell in about["cells"]}
    for cell in cells.values():
        end = ends[cell["id"]]
        counts[end.word] = counts.get(end.word, 0) + 1
        if end.final:
            taken += end.seconds
            continue
        left += _cost(cell) * times.factor(_group(about, cell))
        if end.word != NOT_RUN:
            where = ", ".join(filter(None, (cell["part"], cell["regime"], cell["contender"])))
            seeds = f", seeds {', '.join(map(str, cell['seeds']))}" if cell["seeds"] else ""
            troubles.append(f"{where}{seeds}: {end.word}, {end.reason}")
    tier = "" if about["tier"] == "full" else f"-{about['tier']}"
    name = f"{about['study']['name']}{tier}"
    return State(name, len(cells), counts, taken, left, tuple(troubles))
