"""Runs a plan: skips what is finished, isolates what fails, keeps what is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from typing import Any

from actlab.lab.engines import CellTimeoutError, Engine, Job, Outcome
from actlab.lab.engines.interface import OnShare, OnStart
from actlab.lab.events import Advanced, Began, Ended, Started, Watcher
from actlab.lab.plan import Cell, Plan
from actlab.records import FINAL, Record, Status, Store

BuildEngine = Callable[[OnStart, OnShare], Engine]


def run_plan(plan: Plan, store: Store, build_engine: BuildEngine, watch: Watcher) -> list[Record]:
    """Compute every unfinished cell of a plan and return the records of all, in plan order.

    A finished cell is read back, not run again; a failed, timed-out or damaged one is run again.
    Stopping the process at any moment loses only the cells being computed.

    Args:
        plan: the cells.
        store: where records go; the caller holds it for writing.
        build_engine: makes the engine from two callbacks, ``on_start`` and ``on_share``.
        watch: told about everything that happens; called from several threads.
    """
    by_id = {cell.id: cell for cell in plan.cells}
    records = {cell.id: record for cell in plan.cells if (record := store.finished(cell.id))}
    todo = [cell for cell in plan.cells if cell.id not in records]
    engine = build_engine(
        lambda cell, worker: watch(Started(by_id[cell], worker)),
        lambda cell, share: watch(Advanced(by_id[cell], share)),
    )
    watch(Began(plan.cells, frozenset(records), engine.workers))
    if todo:
        with engine:
            _drain(todo, records, store, engine, watch)
    return [records[cell.id] for cell in plan.cells]


def _drain(
    todo: list[Cell], records: dict[str, Record], store: Store, engine: Engine, watch: Watcher
) -> None:
    waiting = list(todo)
    running: dict[Future[Outcome], tuple[Cell, float]] = {}
    while waiting or running:
        held: list[Cell] = []
        for cell in waiting:
            missing = [need for need in cell.needs if need not in records]
            if missing:
                held.append(cell)
                continue
            lost = [need for need in cell.needs if records[need].status not in FINAL]
            if lost:
                reason = f"a cell it needs is {records[lost[0]].status}: {records[lost[0]].reason}"
                record = _record(cell, Status.SKIPPED, reason)
                store.save(record)
                records[cell.id] = record
                watch(Ended(cell, record, 0.0))
                continue
            needed = {need: records[need].summary for need in cell.needs}
            job = Job(cell.id, cell.key, needed, cell.timeout)
            running[engine.submit(job)] = (cell, time.monotonic())
        if not running:
            waiting = held
            continue
        waiting = held
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            cell, began = running.pop(future)
            record = _settle(cell, future)
            store.save(record)
            records[cell.id] = record
            seconds = record.provenance.get("seconds", time.monotonic() - began)
            watch(Ended(cell, record, seconds))


def _settle(cell: Cell, future: Future[Outcome]) -> Record:
    try:
        outcome = future.result()
    except CellTimeoutError as error:
        return _record(cell, Status.TIMEOUT, str(error))
    except Exception as error:
        return _record(cell, Status.FAILED, str(error) or type(error).__name__)
    return _record(
        cell,
        Status(outcome.status),
        outcome.reason,
        outcome.summary,
        outcome.arrays,
        {"seconds": round(outcome.seconds, 3), "environment": dict(outcome.environment)},
    )


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
