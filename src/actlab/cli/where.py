"""Where cells are computed, from what was typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from actlab.lab.engines import BuildEngine
    from actlab.lab.plan import Plan

EngineName = Literal["local", "ray", "slurm"]


def engine_of(
    name: EngineName,
    workers: int | None,
    address: str | None,
    option: list[str] | None,
    results: Path,
    plans: Sequence[Plan] = (),
) -> BuildEngine:
    """The engine that --engine, --workers, --address and --option describe.

    Plans for another device than the CPU have one worker here unless more are asked for.

    Slurm's jobs and their driver speak through a folder that all machines see. Unless one is
    named it lies beside the cells, since results that many machines fill are on such a disk.
    """
    from actlab.lab.conduct import default_workers
    from actlab.lab.device import CPU, check_device
    from actlab.lab.engines import engine_named

    chosen = pairs("--option", option)
    if address is not None:
        chosen["address"] = address
    if name == "slurm":
        chosen.setdefault("folder", str(results / "slurm"))
    if name == "local":
        elsewhere = {plan.study.device for plan in plans} - {CPU}
        for device in sorted(elsewhere):
            check_device(device)
        if workers is None:
            workers = 1 if elsewhere else default_workers()
    return engine_named(name, workers, **chosen)


def pairs(option: str, given: list[str] | None) -> dict[str, object]:
    """NAME=VALUE words as a table; values are numbers, true, false or text."""
    found: dict[str, object] = {}
    for word in given or []:
        name, sign, text = word.partition("=")
        if not sign or not name:
            raise ValueError(f"{option} must be NAME=VALUE, got {word!r}")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found
