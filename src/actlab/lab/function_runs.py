"""Running the plan of a training function, in memory or in a folder, and reading it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from actlab.lab.contenders import Contender
from actlab.lab.engines.interface import Engine, OnShare, OnStart
from actlab.lab.function_contract import ContractError
from actlab.lab.function_study import description_of
from actlab.lab.here import HereEngine, MemoryStore
from actlab.lab.pairing import UNKNOWN, ArmRuns
from actlab.lab.plan import Cell, Plan
from actlab.lab.runner import run_plan
from actlab.lab.shipped import ShippedEngine
from actlab.lab.task import Metric, Task
from actlab.lab.watching import EveryRunFailedError, Watch
from actlab.records import FINAL, Record, Store


@dataclass(frozen=True)
class Ran:
    """What is left of a run.

    Args:
        plan: its cells.
        store: their records.
        stopped: whether Ctrl-C ended it.
    """

    plan: Plan
    store: Store
    stopped: bool


def run_functions(
    plan: Plan,
    task: Task,
    baseline: str,
    *,
    results: Path | None,
    sent: str,
    workers: int,
    watch: Watch,
) -> Ran:
    """Compute what is missing of a plan.

    Args:
        plan: its cells.
        task: what they run.
        baseline: label of the function that the others are compared with.
        results: the folder for the records, or None for memory.
        sent: name of the task for worker processes; empty to compute in this process.
        workers: how many processes.
        watch: told about progress.

    Raises:
        EveryRunFailedError: nothing works; raised from the first failure.
        StoreError: the folder cannot be used.
    """
    if results is None:
        cells = tuple(cell for cell in plan.cells if cell.kind != "shape")
        plan = Plan(plan.study, cells, plan.contenders, plan.tasks)
        return _run(plan, task, MemoryStore(), sent, workers, watch)
    store = Store.create(results, plan.study.name)
    with store.writing():
        said = f"actlab.lab.compare({plan.study.title}, ...)"
        store.write_study(description_of(plan, task, baseline, said))
        return _run(plan, task, store, sent, workers, watch)


def _run(plan: Plan, task: Task, store: Store, sent: str, workers: int, watch: Watch) -> Ran:
    here: list[HereEngine] = []

    def build(on_start: OnStart, on_share: OnShare) -> Engine:
        if sent:
            return ShippedEngine(sent, workers, on_start, on_share)
        here.append(HereEngine(task, on_start, on_share))
        return here[0]

    try:
        with watch:
            run_plan(plan, store, build, watch.watch)
    except KeyboardInterrupt:
        return Ran(plan, store, True)
    except EveryRunFailedError as error:
        raise error from (here[0].first_error if here else None)
    return Ran(plan, store, False)


def arms_of(
    ran: Ran, contenders: Sequence[Contender], primary: Metric, named: bool
) -> tuple[list[ArmRuns], Metric]:
    """The test runs of every function, and the metric compared, under its name.

    Args:
        ran: what was run.
        contenders: the functions.
        primary: the metric.
        named: whether its name is known; else the records have it.

    Raises:
        ContractError: runs do not return the same numbers.
    """
    records = {cell.id: ran.store.load(cell.id) for cell in ran.plan.cells if cell.part}
    if not named:
        first = next((_metrics(r) for r in records.values() if r is not None and _metrics(r)), {})
        name = next(iter(first), primary.name)
        primary = replace(primary, name=name, title=name)
    arms = [_arm(one, ran.plan.cells, records, primary.name) for one in contenders]
    return arms, primary


def _metrics(record: Record) -> Mapping[str, Any]:
    return record.summary.get("metrics", {})


def _arm(
    contender: Contender,
    cells: Sequence[Cell],
    records: Mapping[str, Record | None],
    primary: str,
) -> ArmRuns:
    values: dict[int, float] = {}
    others: dict[str, dict[int, float]] = {}
    failed: dict[int, str] = {}
    diverged = set()
    chosen: Mapping[str, Any] = {}
    for cell in cells:
        record = records.get(cell.id)
        if cell.contender != contender.label or record is None:
            continue
        if cell.kind == "tune":
            chosen = record.summary if record.status in FINAL else {}
            continue
        if record.status not in FINAL:
            failed |= dict.fromkeys(cell.seeds, f"{record.reason}")
            continue
        found = _metrics(record)
        if primary not in found:
            raise ContractError(
                f"runs must return the same numbers: {', '.join(found)} is not {primary}"
            )
        for row, seed in enumerate(cell.seeds):
            values[seed] = float(found[primary][row])
            if record.summary["diverged"][row]:
                diverged.add(seed)
            for name, column in found.items():
                if name != primary and abs(column[row]) < UNKNOWN:
                    others.setdefault(name, {})[seed] = float(column[row])
    return ArmRuns(
        label=contender.label,
        name=contender.name,
        params=contender.params,
        values=values,
        diverged=frozenset(diverged),
        failed=failed,
        learning_rate=chosen.get("learning_rate"),
        at_edge=bool(chosen.get("at_edge", False)),
        others=others,
    )
