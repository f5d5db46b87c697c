"""Runs checks in two processes that talk through gloo, and collects what each of them found."""

from __future__ import annotations

import datetime
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import distributed, multiprocessing

WORLD = 2
PATIENCE = datetime.timedelta(minutes=5)
"""How long one process waits for the other before it gives up: longer than a busy machine needs."""

Check = Callable[[int, Path], None]


def run(checks: Mapping[str, Check], folder: Path) -> dict[str, str]:
    """What went wrong in which check and process; empty when nothing did.

    Args:
        checks: functions of a module that both processes can import, by name. Each is called
            with the rank and a folder that both see, inside a process group of its own, so that
            one that fails leaves nothing behind for the next.
        folder: an empty folder.
    """
    context = multiprocessing.get_context("spawn")
    store = distributed.TCPStore("localhost", 0, is_master=True, timeout=PATIENCE)
    processes = [
        context.Process(target=_worker, args=(rank, dict(checks), folder, store.port))
        for rank in range(WORLD)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found: dict[str, str] = {}
    for rank, process in enumerate(processes):
        for name in checks:
            result = folder / name / f"result {rank}"
            missing = f"the process ended with {process.exitcode} before it"
            error = result.read_text(encoding="utf-8") if result.exists() else missing
            if error:
                found[f"{name} in process {rank}"] = error
    return found


def _worker(rank: int, checks: Mapping[str, Check], folder: Path, port: int) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    # torch's own, about itself.
    warnings.filterwarnings("ignore", module=r"torch\.")
    store = distributed.TCPStore("localhost", port, is_master=False, timeout=PATIENCE)
    for name, check in checks.items():
        own = distributed.PrefixStore(name, store)
        own.set_timeout(PATIENCE)
        distributed.init_process_group(
            "gloo", store=own, rank=rank, world_size=WORLD, timeout=PATIENCE
        )
        place = folder / name
        place.mkdir(exist_ok=True)
        error = ""
        try:
            check(rank, place)
        except Exception:
            error = traceback.format_exc(limit=-6)
        (place / f"result {rank}").write_text(error, encoding="utf-8")
        # Whoever is late is waited for, whether it succeeded or not.
        own.set(f"done {rank}", "")
        own.wait([f"done {other}" for other in range(WORLD)])
        distributed.destroy_process_group()
