"""Runs in processes of their own, to be killed; and what must be true in the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actlab.lab.engines import Job, Outcome
from actlab.lab.engines.local import LocalEngine
from actlab.records import Store, content_id
from unit.lab.engines.cheap import PLACE

SCRIPT = """
import json, os, sys
from pathlib import Path
from types import SimpleNamespace

sys.path.append(os.getcwd())  # as the command line does

from actlab.lab.engines import engine_named
from actlab.lab.plan import Cell
from actlab.lab.runner import run_plan
from actlab.records import FINAL, Store, content_id


class Logged(Store):
    def save(self, record):
        super().save(record)
        os.write(self.log, f"{record.id} {record.status}\\n".encode("ascii"))


def main():
    place = Path(sys.argv[1])
    asked = json.loads((place / "asked.json").read_text("utf-8"))
    cells = [
        Cell(content_id(key), key, (), "part", "fair", "relu", 0.1, asked["timeout"])
        for key in asked["keys"]
    ]
    store = Logged.create(place / "results", "driven")
    store.log = os.open(place / "saves.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    build = engine_named(asked["engine"], asked["workers"], **asked["options"])
    plan = SimpleNamespace(cells=tuple(cells))
    with store.writing():
        records = run_plan(plan, store, build, lambda event: None)
    lost = [record.reason for record in records if record.status not in FINAL]
    print("finished", len(records), lost[:3], flush=True)


if __name__ == "__main__":
    main()
"""


class Run:
    """A plan, and the driver processes that work on it one after the other.

    Args:
        place: an empty folder.
        engine, workers, options: for ``engine_named``.
        keys: of the cells.
        timeout: of every cell.
    """

    def __init__(
        self,
        place: Path,
        engine: str,
        keys: Sequence[Mapping[str, Any]],
        *,
        workers: int | None = None,
        timeout: float = 600.0,
        **options: Any,
    ) -> None:
        self.place = place
        self.keys = {content_id(key): key for key in keys}
        self.kills = 0
        self.home = place / "home"
        self.home.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("cheap.py"), self.home / "my_task.py")
        (place / "driver.py").write_text(SCRIPT, encoding="utf-8")
        asked = {"engine": engine, "workers": workers, "options": options, "keys": list(keys),
                 "timeout": timeout}  # fmt: skip
        (place / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        self.driver: subprocess.Popen[str] | None = None
        self._seen: dict[str, tuple[int, int]] = {}

    def start(self) -> subprocess.Popen[str]:
        """Start the driver again; the folder of the user is where it is started."""
        self.driver = subprocess.Popen(
            [sys.executable, str(self.place / "driver.py"), str(self.place)],
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        )
        return self.driver

    def kill(self) -> None:
        """End the driver as a power cut would, and note what it had finished."""
        assert self.driver is not None
        self.driver.kill()
        self.driver.communicate()
        self.kills += 1
        self._check_seen()

    def finish(self, timeout: float) -> tuple[str, str]:
        """Wait for the driver; what it printed."""
        assert self.driver is not None
        said, complained = self.driver.communicate(timeout=timeout)
        assert self.driver.returncode == 0, complained[-3000:]
        return said, complained

    def saved(self) -> int:
        """Records on disk at this moment."""
        cells = self.place / "results" / "cells"
        return sum(not name.startswith(".") for name in os.listdir(cells)) if cells.is_dir() else 0

    def _check_seen(self) -> None:
        """A finished cell is never written again: its files stay the very same."""
        seals = {seal.parent.name: seal for seal in self.place.glob("results/cells/*/seal.json")}
        for cell, mark in self._seen.items():
            assert _mark(seals[cell]) == mark, f"{cell} was written twice"
        store = Store.open(self.place / "results")
        for cell, seal in seals.items():
            if cell not in self._seen and store.finished(cell):
                self._seen[cell] = _mark(seal)

    def check(self) -> None:
        """Every planned cell is there, once, whole, and equal to what a serial run gives."""
        self._check_seen()
        store = Store.open(self.place / "results")
        names = {name for name in os.listdir(store.root / "cells") if not name.startswith(".")}
        assert names == set(self.keys)
        assert store.damaged() == []
        log = (self.place / "saves.log").read_text("ascii").split("\n")[:-1]
        saves = Counter(log)
        assert max(saves.values()) == 1
        assert {line.split()[1] for line in log} == {"done"}
        # A driver that is killed between a save and its note leaves a record without one.
        assert len(self.keys) - self.kills <= len(saves) <= len(self.keys)
        for cell, outcome in self._serially().items():
            record = store.finished(cell)
            assert record is not None
            assert dict(record.summary) == dict(outcome.summary)
            assert set(record.arrays) == set(outcome.arrays)
            for name, array in outcome.arrays.items():
                assert record.arrays[name].dtype == array.dtype
                assert record.arrays[name].tobytes() == array.tobytes()

    def _serially(self) -> dict[str, Outcome]:
        """The outcomes of all cells from one process, one after the other."""
        with LocalEngine(1, _nothing, _nothing) as engine:
            futures = {
                cell: engine.submit(Job(cell, {**key, "task": PLACE}, {}, 60.0))
                for cell, key in self.keys.items()
            }
            return {cell: future.result() for cell, future in futures.items()}


def _nothing(cell: str, value: float) -> None:
    pass


def _mark(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns
