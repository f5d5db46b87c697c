"""Runs a plan: skips what is finished, isolates what fails, keeps what is done.

Made for plans of 100 000 cells: jobs are submitted as workers become free, every step takes the
same time however many cells there are, and of a finished cell only its status stays in memory,
with its summary for as long as another cell waits for it.
"""

from __future__ import annotations

import heapq
import queue
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from actlab.lab.engines import BuildEngine, CellTimeoutError, Engine, EngineError, Job, Outcome
from actlab.lab.events import Advanced, Began, Ended, Started, Watcher
from actlab.lab.plan import Cell, Plan
from actlab.records import FINAL, Record, Status, Store, StoreError

Landed: TypeAlias = "queue.SimpleQueue[tuple[Cell, float, Future[Outcome]]]"

NOTHING: Mapping[str, Any] = MappingProxyType({})


def run_plan(plan: Plan, store: Store, build_engine: BuildEngine, watch: Watcher) -> list[Record]:
    """Compute every unfinished cell of a plan.

    A finished cell is read back, not run again; a failed, timed-out or damaged one is run again.
    Stopping the process at any moment loses only the cells being computed.

    Args:
        plan: the cells.
        store: where records go; the caller holds it for writing.
        build_engine: makes the engine from two callbacks, ``on_start`` and ``on_share``; see
            :func:`actlab.lab.engines.engine_named`.
        watch: told about everything that happens; called from several threads.

    Returns:
        Status and reason of every cell, in plan order, as records without summary and arrays:
        those are in the store.

    Raises:
        ValueError: a cell twice, or one that needs a cell which is not in the plan, or itself.
        StoreError: a record cannot be written; what was finished before is intact.
        EngineError: the engine cannot go on.
    """
    by_id = {cell.id: cell for cell in plan.cells}
    agenda = _Agenda(plan.cells)
    for cell in plan.cells:
        if record := store.finished(cell.id):
            agenda.settle(cell, record)
    finished = frozenset(agenda.ended)
    engine = build_engine(
        lambda cell, worker: watch(Started(by_id[cell], worker)),
        lambda cell, share: watch(Advanced(by_id[cell], share)),
    )
    if len(finished) == len(by_id):
        watch(Began(plan.cells, finished, engine.workers))
    else:
        with engine:
            watch(Began(plan.cells, finished, engine.workers))
            _drain(agenda, store, engine, watch)
    return [agenda.ended[cell.id] for cell in plan.cells]


class _Agenda:
    """Which cells can be computed now, and what those need to know.

    Cells are taken in plan order as far as their needs allow: one that becomes ready late goes
    before all that come after it in the plan.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.ended: dict[str, Record] = {}
        self._cells = cells
        self._summaries: dict[str, Mapping[str, Any]] = {}
        self._readers = Counter(need for cell in cells for need in set(cell.needs))
        self._missing = {cell.id: len(set(cell.needs)) for cell in cells}
        self._followers: dict[str, list[int]] = {need: [] for need in self._readers}
        for place, cell in enumerate(cells):
            for need in set(cell.needs):
                self._followers[need].append(place)
        self._check()
        self._ready: list[int] = []
        self._alone: list[int] = []
        for place, cell in enumerate(cells):
            if not cell.needs:
                self._push(place)

    def take(self, flying: int) -> Cell | None:
        """The next cell that can be computed, or None when all others wait or are taken.

        Cells that measure times come last, each by itself.

        Args:
            flying: how many cells are being computed.
        """
        while self._ready:
            cell = self._cells[heapq.heappop(self._ready)]
            if cell.id not in self.ended:
                return cell
        while self._alone and not flying:
            cell = self._cells[heapq.heappop(self._alone)]
            if cell.id not in self.ended:
                return cell
        return None

    def _push(self, place: int) -> None:
        heapq.heappush(self._alone if self._cells[place].exclusive else self._ready, place)

    def trouble(self, cell: Cell) -> str:
        """Why a cell that is ready cannot be computed after all; empty when it can."""
        for need in cell.needs:
            record = self.ended[need]
            if record.status not in FINAL:
                return f"a cell it needs is {record.status}: {record.reason}"
        return ""

    def job(self, cell: Cell) -> Job:
        """What a worker must know to compute a cell that was taken."""
        needed = {need: self._summaries[need] for need in cell.needs}
        return Job(cell.id, cell.key, needed, cell.timeout)

    def settle(self, cell: Cell, record: Record) -> None:
        """Note how a cell ended; what waits for nothing else becomes ready."""
        self.ended[cell.id] = replace(
            record, key=cell.key, summary=NOTHING, arrays=NOTHING, provenance=NOTHING
        )
        if self._readers[cell.id]:
            self._summaries[cell.id] = record.summary
        for need in set(cell.needs):
            self._readers[need] -= 1
            if not self._readers[need]:
                self._summaries.pop(need, None)
        for place in self._followers.get(cell.id, ()):
            follower = self._cells[place].id
            self._missing[follower] -= 1
            if not self._missing[follower]:
                self._push(place)

    def _check(self) -> None:
        """Refuse plans that could never be finished, before anything runs."""
        if len(self._missing) != len(self._cells):
            twice = Counter(cell.id for cell in self._cells).most_common(1)[0][0]
            raise ValueError(f"the plan has the cell {twice} more than once")
        for need in self._readers:
            if need not in self._missing:
                raise ValueError(f"a cell of the plan needs {need}, which is not in the plan")
        missing = dict(self._missing)
        free = [cell.id for cell in self._cells if not cell.needs]
        reached = 0
        while free:
            reached += 1
            for place in self._followers.get(free.pop(), ()):
                follower = self._cells[place].id
                missing[follower] -= 1
                if not missing[follower]:
                    free.append(follower)
        if reached != len(self._cells):
            stuck = next(cell for cell, count in missing.items() if count)
            raise ValueError(f"the cell {stuck} of the plan needs itself, by way of others")


def _drain(agenda: _Agenda, store: Store, engine: Engine, watch: Watcher) -> None:
    landed: Landed = queue.SimpleQueue()
    flying = 0
    while True:
        # The window is asked for every time: a cluster may have grown.
        while flying < engine.window and (cell := agenda.take(flying)) is not None:
            if reason := agenda.trouble(cell):
                _keep(cell, _record(cell, Status.SKIPPED, reason), 0.0, agenda, store, watch)
            else:
                _launch(cell, agenda.job(cell), engine, landed)
                flying += 1
        if not flying:
            return
        cell, began, future = landed.get()
        flying -= 1
        record = _settle(cell, future)
        seconds = record.provenance.get("seconds", time.monotonic() - began)
        _keep(cell, record, seconds, agenda, store, watch)


def _launch(cell: Cell, job: Job, engine: Engine, landed: Landed) -> None:
    began = time.monotonic()
    engine.submit(job).add_done_callback(lambda future: landed.put((cell, began, future)))


def _keep(
    cell: Cell, record: Record, seconds: float, agenda: _Agenda, store: Store, watch: Watcher
) -> None:
    try:
        record = _saved(cell, record, store)
    except OSError as error:
        why = error.strerror or str(error)
        raise StoreError(
            f"cannot write to {store.root}: {why}; what is finished is kept there, and the same "
            "command goes on from it"
        ) from error
    agenda.settle(cell, record)
    watch(Ended(cell, record, seconds))


def _saved(cell: Cell, record: Record, store: Store) -> Record:
    """Save a record; one that cannot be written down becomes a failure that says so."""
    try:
        store.save(record)
    except (TypeError, ValueError) as error:
        record = _record(cell, Status.FAILED, f"its outcome cannot be recorded: {error}")
        store.save(record)
    return record


def _settle(cell: Cell, future: Future[Outcome]) -> Record:
    try:
        outcome = future.result()
        return _record(
            cell,
            Status(outcome.status),
            outcome.reason,
            outcome.summary,
            outcome.arrays,
            {"seconds": round(outcome.seconds, 3), "environment": dict(outcome.environment)},
        )
    except EngineError:
        raise
    except CellTimeoutError as error:
        return _record(cell, Status.TIMEOUT, str(error))
    except Exception as error:
        return _record(cell, Status.FAILED, str(error) or type(error).__name__)


def _record(
    cell: Cell,
    status: Status,
    reason: str = "",
    summary: Mapping[str, Any] | None = None,
    arrays: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Record:
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(
        id=cell.id,
        key=cell.key,
        status=status,
        reason=reason,
        summary=summary or {},
        arrays=arrays or {},
        provenance={"finished": stamp, **(provenance or {})},
    )
