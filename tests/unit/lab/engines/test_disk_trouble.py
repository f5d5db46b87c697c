"""A disk that is full or read-only stops the run with a clear word, and nothing is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actlab.lab.engines import Outcome
from actlab.lab.runner import run_plan
from actlab.records import FINAL, Store, StoreError, durable
from unit.lab.engines.fakes import FakeEngine, arrays, cell, plan_of

ROOT = Path(__file__).parents[4]
CELLS = [cell(number) for number in range(12)]


def engine():
    return FakeEngine(lambda job: Outcome("done", arrays=arrays()), window=3)


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
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
from pathlib import Path
from actlab.lab.runner import run_plan
from actlab.records import Store, StoreError
from unit.lab.engines.fakes import FakeEngine, cell, plan_of
store = Store.open(Path(sys.argv[1]))
cells = plan_of([cell(number) for number in range(3)])
try:
    run_plan(cells, store, FakeEngine(window=1), lambda event: None)
except StoreError as error:
    print(error, [bool(store.finished(c.id)) for c in cells.cells])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_became_read_only(tmp_path):
    store = Store.create(tmp_path / "results", "locked")
    run_plan(plan_of([cell(0)]), store, FakeEngine(window=1), lambda event: None)
    cells = store.root / "cells"
    for folder in (*tmp_path.parents, tmp_path, store.root):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    cells.chmod(0o555)
    try:
        shown = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(store.root), str(ROOT / "tests")],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
    finally:
        cells.chmod(0o755)
    if "PermissionError" in shown.stderr and "actlab" not in shown.stdout:
        pytest.skip("another user cannot read this Python")
    assert "Permission denied; what is finished is kept" in shown.stdout, shown.stderr
    assert "[True, False, False]" in shown.stdout
