"""The whole of ``actlab bench``: folder, gate, comparisons."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from actlab.bench import STUDY, device_scenes
from actlab.bench.device import Device, find
from actlab.bench.gate import compiled, examine
from actlab.bench.progress import Board
from actlab.bench.runner import Task, describe, make_tasks, measure, run_tasks
from actlab.bench.scenes import make_scenes
from actlab.bench.settings import Settings
from actlab.records import Store, StoreError

DEFAULT_ROOT = Path("results") / "bench"


class GateError(Exception):
    """Checks of the conformance suite failed, so nothing was timed."""

    def __init__(self, failures: Sequence[str]) -> None:
        count = len(failures)
        super().__init__(f"{count} check{'' if count == 1 else 's'} failed; nothing was timed")
        self.failures = tuple(failures)


def prepare(settings: Settings, device: Device | None = None) -> list[Task]:
    """The comparisons of a configuration.

    Args:
        settings: the configuration.
        device: where they are made; None for the one that the settings name.

    Raises:
        ValueError: none is left, for instance channels alone without ralu.
    """
    if settings.on_gpu:
        facts = (device or find(settings.device)).facts()
        tasks = make_tasks(device_scenes.make_scenes(settings), settings, {"device": dict(facts)})
    else:
        tasks = make_tasks(make_scenes(settings, native=compiled(settings.activations)), settings)
    if not tasks:
        counts = "" if settings.on_gpu else f" and threads {', '.join(map(str, settings.threads))}"
        raise ValueError(
            f"nothing to compare: parts {', '.join(settings.parts)} with activations "
            f"{', '.join(settings.activations)}, sizes {', '.join(map(str, settings.sizes))}"
            f"{counts} make no comparison"
        )
    return tasks


def choose_folder(tasks: Sequence[Task], root: Path = DEFAULT_ROOT) -> Path:
    """Where results go unless the user says: the last run of the same tasks if it was stopped.

    Args:
        tasks: the comparisons to be made.
        root: the folder that holds one folder for each run.
    """
    wanted = [task.id for task in tasks]
    for folder in sorted(root.glob("2*"), reverse=True) if root.is_dir() else []:
        try:
            store = Store.open(folder)
            cells = store.read_study().get("cells")
        except StoreError:
            continue
        if store.study == STUDY and cells == wanted:
            if any(store.finished(cell) is None for cell in wanted):
                return folder
            break
    return root / datetime.now().strftime("%Y-%m-%d-%H%M%S")


def finished(folder: Path, tasks: Sequence[Task]) -> frozenset[str]:
    """The comparisons that have a record in a folder already, by id."""
    try:
        store = Store.open(folder)
    except StoreError:
        return frozenset()
    return frozenset(task.id for task in tasks if store.finished(task.id) is not None)


def conduct(
    settings: Settings,
    results: Path | None,
    command: str,
    board: Board,
    device: Device | None = None,
) -> Path:
    """Gate, then time what has no record yet.

    Args:
        settings: the configuration.
        results: the results folder, made when it does not exist; None for one of its own.
        command: what the user would type to do the same again.
        board: told about progress.
        device: where; None for the one that the settings name.

    Returns:
        The results folder.

    Raises:
        ValueError: the settings make no comparison.
        GateError: a check failed; nothing was timed or written.
        StoreError: the folder is not ours, or is being written to.
        DeviceLostError: a GPU failed for good; what was measured before is kept.
    """
    where = find(settings.device) if device is None else device
    with where.active():
        tasks = prepare(settings, where)
        folder = choose_folder(tasks) if results is None else results
        check_folder(folder)
        done = finished(folder, tasks)
        board.plan(tasks, done, settings, folder)
        if len(done) == len(tasks):
            return folder
        gate = pass_gate(settings, board, where)
        store = Store.create(folder, STUDY)
        with store.writing():
            about = describe(settings, tasks, command=command, gate=gate, device=where)
            store.write_study(about)
            where.warm_up()
            one = partial(measure, settings=settings, device=where)
            run_tasks(tasks, store, one, board.watch)
    return folder


def pass_gate(settings: Settings, board: Board, device: Device | None = None) -> dict[str, Any]:
    """Examine what is to be timed.

    Args:
        settings: the configuration.
        board: told about progress.
        device: where; None for the CPU.

    Returns:
        What the report says about it.

    Raises:
        GateError: a check failed.
    """
    began = time.perf_counter()
    verdict = examine(settings, tell=lambda what: board.tell(f"gate: {what}"), device=device)
    if verdict.failures:
        raise GateError(verdict.failures)
    return {
        "passed": verdict.passed,
        "skipped": verdict.skipped,
        "seconds": round(time.perf_counter() - began, 1),
        "native": sorted(compiled(settings.activations, device)),
    }


def check_folder(folder: Path) -> None:
    """Refuse a foreign folder before time is spent.

    Raises:
        StoreError: the folder is not ours, or holds results of a study.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    store = Store.open(folder)
    if store.study != STUDY:
        raise StoreError(
            f"{folder} holds results of the study {store.study!r}, not of actlab bench; "
            "choose another --results"
        )
