"""Writes that are either wholly there or not there at all, whatever stops the process."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

PARTIAL = ".actlab-partial-"
"""Names that begin so are unfinished work of ours and may be removed."""


def sync_directory(folder: Path) -> None:
    """Make the names in a folder durable; a no-op where the system cannot open folders."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def publish_file(path: Path, content: bytes) -> None:
    """Put a file in place in one step: readers see the old content or the new, never a part."""
    temporary = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
    try:
        write_synced(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def publish_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Put a folder of files in place in one step, replacing what had that name before."""
    temporary = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
    displaced = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
    temporary.mkdir()
    try:
        for name, content in files.items():
            write_synced(temporary / name, content)
        sync_directory(temporary)
        if path.exists():
            # A folder cannot be renamed onto a full one. A crash between the two renames leaves
            # the name free, and the cell is then simply run again.
            os.rename(path, displaced)
        os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_directory(path.parent)
    # Nothing else is looked at: among 100 000 cells that would take longer than the cell.
    shutil.rmtree(displaced, ignore_errors=True)


def sweep(folder: Path) -> int:
    """Remove unfinished work from a folder; returns how many things were removed."""
    leftovers = [entry for entry in folder.iterdir() if entry.name.startswith(PARTIAL)]
    for entry in leftovers:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    return len(leftovers)
