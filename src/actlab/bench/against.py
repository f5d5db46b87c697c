"""``actlab bench --against REF``: this code and a git revision, timed by turns."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from actlab.bench import STUDY
from actlab.bench.conduct import check_folder, choose_folder, finished, pass_gate
from actlab.bench.gate import native_available
from actlab.bench.progress import Board
from actlab.bench.runner import ORDER_SEED, Task, describe, load_average, make_tasks, run_tasks
from actlab.bench.scenes import Contender, Scene
from actlab.bench.settings import QUICK_SIZES, Settings
from actlab.bench.worktree import Side, build, checkout, resolve, worktree
from actlab.records import Record, Status, Store

CONTROL = "torch.relu"
"""The same in both processes: how far its ratio is from 1 is what the comparison cannot see."""


def narrowed(settings: Settings, *, usual_sizes: bool) -> Settings:
    """The settings of a comparison by size; three sizes unless the user says more."""
    sizes = QUICK_SIZES if usual_sizes else settings.sizes
    return replace(settings, parts=("against",), sizes=sizes, threads=settings.threads[:1])


def make_scenes(settings: Settings) -> Iterator[Scene]:
    """A comparison for each function, size, dtype and measure."""
    for name in (CONTROL, *settings.activations):
        for dtype in settings.dtypes:
            for size in settings.sizes:
                for measure in ("forward", "both"):
                    sides = (Contender("old", name), Contender("new", name))
                    yield Scene("against", measure, (size,), dtype, settings.threads[0], sides)


def prepare(settings: Settings, ref: str) -> tuple[Path, str, list[Task]]:
    """The checkout, the commit and the comparisons; nothing is changed yet.

    Raises:
        RevisionError: not a git checkout, or no such revision.
    """
    root = checkout()
    commit = resolve(root, ref)
    tasks = make_tasks(list(make_scenes(settings)), settings, {"against": commit})
    return root, commit, tasks


def compare(settings: Settings, ref: str, results: Path | None, command: str, board: Board) -> Path:
    """Gate this code, check the other revision out, build it, time both by turns.

    Args:
        settings: from :func:`narrowed`.
        ref: the revision.
        results: the results folder, made when it does not exist; None for one of its own.
        command: what the user would type to do the same again.
        board: told about progress.

    Returns:
        The results folder.

    Raises:
        RevisionError: the revision cannot be had or run.
        GateError: a check failed; nothing was timed.
        StoreError: the results folder cannot be used.
    """
    root, commit, tasks = prepare(settings, ref)
    folder = choose_folder(tasks) if results is None else results
    check_folder(folder)
    done = finished(folder, tasks)
    board.plan(tasks, done, settings, folder)
    if len(done) == len(tasks):
        return folder
    gate = pass_gate(settings, board)
    board.tell(f"checking out {commit[:12]}")
    with worktree(root, commit) as tree:
        trouble = "formulas on both sides: there are no compiled kernels here"
        if native_available():
            board.tell(f"building {commit[:12]}")
            trouble = build(tree)
        with Side(tree, own=False) as old, Side(root, own=True) as new:
            about = {
                "ref": ref,
                "commit": commit,
                "old": "compiled kernels" if old.native else "formulas",
                "new": "compiled kernels" if new.native else "formulas",
                "note": trouble,
            }
            described = describe(settings, tasks, command=command, gate=gate)
            store = Store.create(folder, STUDY)
            with store.writing():
                store.write_study(described | {"against": about})
                sides = partial(measure, settings=settings, old=old, new=new)
                run_tasks(tasks, store, sides, board.watch)
    return folder


def measure(task: Task, settings: Settings, old: Side, new: Side) -> Record:
    """One comparison: rounds in which each revision is timed once, in an order drawn anew."""
    scene = task.scene
    began = time.perf_counter()
    sides = dict(zip((one.label for one in scene.contenders), (old, new), strict=True))
    results: dict[str, dict[str, Any]] = {}
    for label, side in sides.items():
        answer = side.ask({"do": "load", "case": _case(scene), "slice": settings.slice_seconds})
        trouble = answer.get("trouble", "")
        results[label] = {
            "status": "failed" if trouble else "done",
            "reason": trouble,
            "repeats": answer.get("repeats", 1),
            "seconds": [],
        }
    rounds = 0
    order = random.Random(ORDER_SEED)
    if all(result["status"] == "done" for result in results.values()):
        rounds = _rounds(sides, results, settings, order)
    done = all(result["status"] == "done" for result in results.values())
    reasons = [r["reason"] for r in results.values() if r["reason"]]
    return Record(
        id=task.id,
        key=task.key,
        status=Status.DONE if done else Status.FAILED,
        reason="; ".join(reasons),
        summary={"results": results, "rounds": rounds, "cpu_share": 1.0},
        provenance={
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - began, 3),
            "load": load_average(),
        },
    )


def _rounds(
    sides: dict[str, Side],
    results: dict[str, dict[str, Any]],
    settings: Settings,
    order: random.Random,
) -> int:
    labels = list(sides)
    began = time.perf_counter()
    for done in range(settings.rounds):
        if done >= 3 and time.perf_counter() - began > settings.scene_seconds:
            return done
        order.shuffle(labels)
        for label in labels:
            answer = sides[label].ask({"do": "time"})
            if "trouble" in answer:
                results[label] |= {"status": "failed", "reason": answer["trouble"], "seconds": []}
                return done
            results[label]["seconds"].append(answer["seconds"])
    return settings.rounds


def _case(scene: Scene) -> dict[str, Any]:
    return {
        "activation": scene.contenders[0].activation,
        "dtype": scene.dtype,
        "size": scene.size,
        "measure": scene.measure,
        "threads": scene.threads,
    }
