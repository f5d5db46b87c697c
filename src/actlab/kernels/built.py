"""Compiled kernels on disk: where they are, what they were built from, whether they still fit.

The standard library only: ``setup.py`` comes here where nothing else is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
CSRC = PACKAGE / "kernels" / "csrc"

MANIFEST = "manifest.json"

SOURCES = (
    "core/*.py",
    "defs/*.py",
    "interpret/cpp*.py",
    "interpret/dual*.py",
    "interpret/forms.py",
    "interpret/graph.py",
    "kernels/csrc/*",
    "kernels/compile.py",
    "kernels/objects.py",
    "kernels/toolchain.py",
)
"""Every file that the shipped kernels are made from, below the package."""


def kernels_folder() -> Path:
    """The folder of the shipped kernels: ``ACTLAB_KERNELS``, else ``lib`` beside this file."""
    named = os.environ.get("ACTLAB_KERNELS", "").strip()
    return Path(named) if named else PACKAGE / "kernels" / "lib"


def cache_folder() -> Path:
    """The folder for what can be made again: ``ACTLAB_CACHE``, else the user's cache."""
    named = os.environ.get("ACTLAB_CACHE", "").strip()
    if named:
        return Path(named)
    general = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(general) if general else Path("~/.cache").expanduser()) / "actlab"


def shared_object(folder: Path, instruction_set: str) -> Path:
    """The file that holds the kernels for an instruction set."""
    return folder / f"actlab_{instruction_set}.so"


def fingerprint() -> str:
    """A hash over every file that the shipped kernels are made from, as they are now."""
    paths = sorted({path for pattern in SOURCES for path in PACKAGE.glob(pattern)})
    return digest(
        part
        for path in paths
        if path.is_file()
        for part in (path.relative_to(PACKAGE).as_posix().encode(), path.read_bytes())
    )


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over parts, each with its length, so that no two lists look alike."""
    running = hashlib.sha256()
    for part in parts:
        running.update(len(part).to_bytes(8, "little"))
        running.update(part)
    return running.hexdigest()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What a folder's kernels were built from, or None where none are complete.

    The manifest is written after the shared objects, so it never speaks of what is not there
    unless somebody has taken it away.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        paths = [shared_object(folder, name) for name in manifest["instruction_sets"]]
        # Loading a file that was cut off can end the process, so it is not tried.
        whole = all(path.stat().st_size == manifest["sizes"][path.name] for path in paths)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if whole else None


def problem(folder: Path | None = None) -> str:
    """Why the shipped kernels cannot be used as they are and the fix; empty when they can.

    Args:
        folder: where they lie. Default: :func:`kernels_folder`.
    """
    folder = folder or kernels_folder()
    manifest = read_manifest(folder)
    if manifest is None:
        return (
            f"no compiled kernels (or not all of them) are in {folder}; the command to compile "
            "them: actlab build"
        )
    if manifest.get("fingerprint") != fingerprint():
        return (
            f"the compiled kernels in {folder} were made from other sources than those beside "
            "them; the command to compile them again: actlab build"
        )
    return ""
