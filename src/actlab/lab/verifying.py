"""Computes a cell again and compares it with its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actlab.core.errors import UnknownNameError
from actlab.lab.contenders import resolve
from actlab.lab.device import CPU, check_device
from actlab.lab.engines.interface import Outcome
from actlab.lab.execute import execute
from actlab.lab.study import ContenderSpec
from actlab.lab.tasks import task_code, task_named
from actlab.records import FINAL, Record, Store, StoreError


@dataclass(frozen=True)
class Verified:
    """What came of computing a cell again.

    Args:
        what: the cell in words.
        equal: whether every number is the same.
        seen: what was seen, in words.
    """

    what: str
    equal: bool
    seen: str


def choose(store: Store, *, cells: int | None = 3, cell: str = "") -> list[Record]:
    """Records to verify.

    Args:
        store: where they are.
        cells: how many, evenly over the plan; None for all.
        cell: an id or its beginning, in place of a choice.

    Raises:
        ValueError: ``cells`` below 1.
        UnknownNameError: no record has that id, or several begin so.
        StoreError: there is no record with a result.
    """
    if cells is not None and cells < 1:
        raise ValueError(f"cells must be at least 1, got {cells}")
    ids = [c["id"] for one in store.read_study()["studies"] for c in one["cells"]]
    ids = list(dict.fromkeys(ids))
    if cell:
        matching = [name for name in ids if name.startswith(cell)]
        if len(matching) != 1:
            reason = f"{len(matching)} cells begin so" if matching else ""
            raise UnknownNameError("cell", cell, ids, reason)
        ids = matching
    records = [r for name in ids if (r := store.load(name)) is not None and r.status in FINAL]
    if not records:
        raise StoreError(f"{store.root} holds no cell with a result")
    if cells is None or cell or cells >= len(records):
        return records
    places = np.unique(np.linspace(0, len(records) - 1, cells).round().astype(int))
    return [records[place] for place in places]


def verify_cell(record: Record, store: Store) -> Verified:
    """Compute a cell again and compare every number with its record."""
    what = _words(record.key)
    changed = _changed(record.key)
    if changed:
        return Verified(what, False, f"not comparable: {changed} has changed since")
    try:
        check_device(record.key.get("device", CPU))
    except ValueError as error:
        return Verified(what, False, f"not comparable: {error}")
    needed = {}
    rate = record.key.get("learning_rate")
    if isinstance(rate, Mapping):
        source = store.load(rate["chosen_by"])
        if source is None:
            return Verified(what, False, "the cell that chose its learning rate has no record")
        needed = {source.id: source.summary}
    task = record.key.get("task")
    again = execute(record.key, needed, lambda share: None)
    gap = largest_gap(record, again)
    if gap == 0.0:
        return Verified(what, True, "every number is the same")
    if task is not None and not task_named(task).deterministic:
        return Verified(what, True, f"measured times, which differ (by up to {gap:.0%})")
    return Verified(what, False, f"numbers differ by up to {gap:.1e} of their value")


def largest_gap(record: Record, again: Outcome) -> float:
    """Largest difference relative to the record's value; infinite where the shapes differ."""
    first, second = _numbers(record), _numbers(again)
    if first.keys() != second.keys():
        return float("inf")
    worst = 0.0
    for name, values in first.items():
        other = second[name]
        if values.shape != other.shape:
            return float("inf")
        same = (values == other) | (np.isnan(values) & np.isnan(other))
        if not same.all():
            with np.errstate(invalid="ignore", over="ignore"):
                gaps = np.abs(values - other)[~same] / np.maximum(np.abs(values[~same]), 1e-300)
            worst = max(worst, float(np.nan_to_num(gaps, nan=np.inf).max()))
    return worst


def _numbers(outcome: Record | Outcome) -> dict[str, np.ndarray]:
    found = {f"array {k}": np.asarray(v, np.float64) for k, v in outcome.arrays.items()}
    found["status"] = np.array([hash_of(str(outcome.status))], np.float64)
    for name, value in outcome.summary.items():
        if isinstance(value, Mapping):
            for key, inner in value.items():
                found[f"{name} {key}"] = np.asarray(inner, np.float64)
        else:
            found[name] = np.asarray(value, np.float64)
    return found


def hash_of(text: str) -> int:
    """A small number that tells texts apart, the same in every process."""
    return int.from_bytes(text.encode("utf-8")[:6], "big")


def _changed(key: Mapping[str, Any]) -> str:
    """What this version of the code has changed that the record depends on; empty for nothing."""
    activation = key["activation"]
    now = resolve(ContenderSpec(name=activation["name"], **activation["params"]))
    if now.source != activation["source"]:
        return f"the definition of {activation['name']}"
    if "task" in key:
        task = task_named(key["task"])
        if (task.version, task_code(key["task"])) != (key["version"], key["code"]):
            return f"the code of the task {key['task']}"
        if task.data() != key["data"]:
            return f"the data of the task {key['task']}"
    return ""


def _words(key: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{k}={v:g}" for k, v in key["activation"]["params"].items())
    name = key["activation"]["name"] + (f"({inside})" if inside else "")
    if key["kind"] == "shape":
        return f"shape of {name}"
    seeds = key["seeds"]
    what = "learning rate" if key["kind"] == "tune" else f"seeds {seeds[0]} to {seeds[-1]}"
    return f"{key['task']}, {name}, {what}"
