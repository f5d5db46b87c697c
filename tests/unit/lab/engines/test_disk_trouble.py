"""A disk that is full or read-only stops the run with a clear word, and nothing is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from actlab.lab.engines import Outcome
from actlab.lab.runner import run_plan
from actlab.records import FINAL, Store, StoreError, durable
from unit.lab.engines.fakes import InstantEngine, arrays, cell, plan_of

TESTS = Path(__file__).parents[3]
CELLS = [cell(number) for number in range(12)]


def engine():
    return InstantEngine(lambda job: Outcome("done", arrays=arrays()), window=3)


def test_a_full_disk_stops_the_run_and_keeps_what_is_done(tmp_path, monkeypatch):
    store = Store.create(tmp_path / "results", "full")
    written = durable.write_synced
    count = []

    def fill_up(path, content):
        count.append(path)
        if len(count) > 14:
            path.write_bytes(content[:5])  # a part gets through, as it would
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(path, content)

    monkeypatch.setattr(durable, "write_synced", fill_up)
    used = engine()
    with (
        store.writing(),
        pytest.raises(StoreError, match="cannot write to .*results: No space left"),
    ):
        run_plan(plan_of(CELLS), store, used, lambda event: None)
    assert used.left
    kept = [c.id for c in CELLS if store.finished(c.id)]
    assert len(kept) == 3
    assert store.damaged() == []
    assert not [name for name in os.listdir(store.root / "cells") if name not in kept]

    monkeypatch.undo()
    again = engine()
    with store.writing():
        records = run_plan(plan_of(CELLS), store, again, lambda event: None)
    assert all(record.status in FINAL for record in records)
    assert len(again.submitted) == len(CELLS) - len(kept)


def test_the_message_says_what_to_do(tmp_path, monkeypatch):
    store = Store.create(tmp_path / "results", "full")

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(durable, "write_synced", full)
    with pytest.raises(StoreError) as caught:
        run_plan(plan_of(CELLS), store, engine(), lambda event: None)
    assert "what is finished is kept" in str(caught.value)
    assert "\n" not in str(caught.value)


READ_ONLY = """
import os, sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from actlab.lab.runner import run_plan
from actlab.records import Store, StoreError
from unit.lab.engines.fakes import InstantEngine, cell, plan_of

def run(folder, name, numbers):
    store = Store.create(Path(folder), name)
    cells = plan_of([cell(number) for number in numbers])
    run_plan(cells, store, InstantEngine(window=1), lambda event: None)

# Once through everything, so that all is imported before rights are given up.
run(sys.argv[1] + "/warm", "warm", [0])
run(sys.argv[1] + "/results", "results", [0])
os.chmod(sys.argv[1] + "/results/cells", 0o555)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    run(sys.argv[1] + "/results", "results", range(3))
except StoreError as error:
    store = Store.open(Path(sys.argv[1] + "/results"))
    print(error, [bool(store.finished(cell(number).id)) for number in range(3)])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_became_read_only():
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shown = subprocess.run(
            [sys.executable, "-c", READ_ONLY, place, str(TESTS)],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        (Path(place) / "results" / "cells").chmod(0o755)
    assert "Permission denied; what is finished is kept" in shown.stdout, shown.stderr
    assert "[True, False, False]" in shown.stdout
