"""Makes the comparisons that have no record yet, and writes a record after each."""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from actlab.bench import memory
from actlab.bench.contenders import Inputs, prepare
from actlab.bench.device import Device, Host
from actlab.bench.scenes import Contender, Scene
from actlab.bench.settings import Settings
from actlab.bench.timing import Lane, race, reason_of
from actlab.bench.traffic import needed_bytes
from actlab.records import Record, Status, Store, content_id, describe_environment
from actlab.records.environment import cpu_model

DESCRIPTION = 1
ORDER_SEED = 20_260_511


NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Task:
    """A comparison with the id of its record."""

    id: str
    key: Mapping[str, Any]
    scene: Scene


Watch = Callable[[Task, Record | None], None]
"""Told about each comparison, without a record when it begins and with it when it has ended."""


def fingerprint() -> str:
    """A digest of the package's own files: results of different code never mix."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".h", ".cpp", ".so", ".dylib"):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    # Kernels may be taken from elsewhere.
    digest.update(os.environ.get("ACTLAB_KERNELS", "").encode())
    return digest.hexdigest()[:16]


def make_tasks(
    scenes: Sequence[Scene], settings: Settings, more: Mapping[str, Any] = NOTHING
) -> list[Task]:
    """Comparisons with their ids: the same code, machine and settings give the same ids.

    Args:
        scenes: what to compare.
        settings: how long and how often to time.
        more: whatever else the numbers depend on.
    """
    context = {
        "code": fingerprint(),
        "torch": str(torch.__version__),
        "cpu": cpu_model(),
        "rounds": settings.rounds,
        "slice": settings.slice_seconds,
        "budget": settings.scene_seconds,
        **more,
    }
    tasks = []
    for scene in scenes:
        key = {"kind": "bench", "context": context, "scene": scene.describe()}
        tasks.append(Task(content_id(key), key, scene))
    return tasks


def describe(
    settings: Settings,
    tasks: Sequence[Task],
    *,
    command: str,
    gate: Mapping[str, Any],
    device: Device | None = None,
) -> dict[str, Any]:
    """What a report needs to know besides the records."""
    facts = {} if device is None else dict(device.facts())
    return {
        "version": DESCRIPTION,
        "settings": settings.describe(),
        "command": command,
        "gate": dict(gate),
        "load": load_average(),
        "date": datetime.now(UTC).date().isoformat(),
        "environment": ({"device": facts} if facts else {}) | describe_environment(),
        "cells": [task.id for task in tasks],
    }


def run_tasks(
    tasks: Sequence[Task], store: Store, measure: Callable[[Task], Record], watch: Watch
) -> None:
    """Make every comparison that has no final record; each is on disk before the next begins.

    Args:
        tasks: from :func:`make_tasks`.
        store: where records go; the caller holds it for writing.
        measure: makes one comparison.
        watch: told about progress.
    """
    for task in tasks:
        record = store.finished(task.id)
        if record is None:
            watch(task, None)
            record = measure(task)
            store.save(record)
        watch(task, record)


def measure(task: Task, settings: Settings, device: Device | None = None) -> Record:
    """Make one comparison.

    Args:
        task: which.
        settings: how long and how often to time.
        device: where; None for the CPU.

    Raises:
        DeviceLostError: the device has failed for good; the comparison has no record.
    """
    where: Device = Host() if device is None else device
    began, cpu = time.perf_counter(), time.process_time()
    lacking = _lacking_memory(task.scene, where)
    rounds = 0
    if lacking:
        results = {one.label: _no_result("skipped", lacking) for one in task.scene.contenders}
    elif task.scene.measure == "memory":
        results = {
            one.label: memory.count(task.scene, one, where.place) for one in task.scene.contenders
        }
    else:
        results, rounds = _time(task.scene, settings, where)
    where.check()
    where.release()
    wall = time.perf_counter() - began
    done = [name for name, result in results.items() if result["status"] == "done"]
    first = task.scene.contenders[0].label
    status, reason = Status.DONE if first in done and len(done) > 1 else Status.FAILED, ""
    if lacking:
        status, reason = Status.SKIPPED, lacking
    elif len(done) < 2:
        reason = "fewer than two contenders could be measured"
    return Record(
        id=task.id,
        key=task.key,
        status=status,
        reason=reason,
        summary={
            "results": results,
            "rounds": rounds,
            # Below 1 with one thread, other processes took the core away.
            "cpu_share": (time.process_time() - cpu) / max(wall, 1e-9),
        },
        provenance={
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(wall, 3),
            "load": load_average(),
        },
    )


def _lacking_memory(scene: Scene, device: Device) -> str:
    """Why a comparison does not fit into the memory of the device; empty when it does."""
    free, needed = device.free(), needed_bytes(scene)
    if free is None or needed <= free:
        return ""
    return (
        f"it needs about {needed / 2**30:.1f} GiB, {device.place} has {free / 2**30:.1f} GiB free"
    )


def load_average() -> float | None:
    """Processes waiting for a core over the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def _time(scene: Scene, settings: Settings, device: Device) -> tuple[dict[str, Any], int]:
    inputs = Inputs(device.place, device.shares)

    def recover() -> None:
        gc.collect()  # a traceback may hold tensors in a cycle
        device.release()

    lanes, peaks = [], {}
    for contender in scene.contenders:
        lane, peaks[contender.label] = _lane(scene, contender, inputs, device)
        lanes.append(lane)
        if lane.trouble:
            recover()
    rounds = race(
        lanes,
        rounds=settings.rounds,
        slice_seconds=settings.slice_seconds,
        budget=settings.scene_seconds,
        seed=ORDER_SEED,
        recover=recover,
    )
    return {lane.key: _result(lane, peaks[lane.key]) for lane in lanes}, rounds


def _lane(
    scene: Scene, contender: Contender, inputs: Inputs, device: Device
) -> tuple[Lane, int | None]:
    """A contender ready to be timed, and the memory it takes where that is asked for."""
    threads = contender.threads or scene.threads
    before = torch.get_num_threads()
    if threads:
        torch.set_num_threads(threads)
    make = partial(prepare, scene, contender, inputs)
    peak = None
    try:
        if scene.measure == "step":
            inputs.prepare(scene)
            call, peak = device.footprint(make)
        else:
            call = make()
        return Lane(contender.label, call, threads, device.stopwatch(scene)), peak
    except Exception as error:
        return Lane(contender.label, lambda: None, threads, trouble=reason_of(error)), None
    finally:
        torch.set_num_threads(before)


def _result(lane: Lane, peak: int | None) -> dict[str, Any]:
    if not lane.trouble:
        measured = {} if peak is None else {"peak_bytes": peak}
        return {
            "status": "done",
            "reason": "",
            "repeats": lane.repeats,
            "seconds": lane.seconds,
            **measured,
        }
    status = "timeout" if lane.trouble.startswith("timeout") else "failed"
    if lane.trouble.startswith("BackendUnavailableError"):
        status = "skipped"
    return _no_result(status, lane.trouble) | {"repeats": lane.repeats}


def _no_result(status: str, reason: str) -> dict[str, Any]:
    return {"status": status, "reason": reason, "repeats": 1, "seconds": []}
