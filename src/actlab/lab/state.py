"""How far a run is, from what lies in its results folder; reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actlab.records import FINAL, Store

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
    return [_state(store, one) for one in store.read_study()["studies"]]


def _state(store: Store, about: Mapping[str, Any]) -> State:
    counts: dict[str, int] = {}
    troubles = []
    taken = expected = waiting = 0.0
    cells = {cell["id"]: cell for cell in about["cells"]}
    for cell in cells.values():
        record = store.load(cell["id"])
        cost = float(cell.get("cost", 1.0))
        word = NOT_RUN if record is None else str(record.status)
        counts[word] = counts.get(word, 0) + 1
        if record is not None and record.status in FINAL:
            taken += float(record.provenance.get("seconds", 0.0))
            expected += cost
            continue
        waiting += cost
        if record is not None:
            where = ", ".join(filter(None, (cell["part"], cell["regime"], cell["contender"])))
            seeds = f", seeds {', '.join(map(str, cell['seeds']))}" if cell["seeds"] else ""
            troubles.append(f"{where}{seeds}: {record.status}, {record.reason}")
    left = waiting * (taken / expected if expected else 1.0)
    tier = "" if about["tier"] == "full" else f"-{about['tier']}"
    name = f"{about['study']['name']}{tier}"
    return State(name, len(cells), counts, taken, left, tuple(troubles))
