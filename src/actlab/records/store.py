"""The results folder of one study."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from actlab.records.durable import PARTIAL, publish_file, publish_folder, sweep
from actlab.records.identity import canonical_json
from actlab.records.record import FINAL, Record
from actlab.records.sealing import DamagedCellError, from_folder, to_files

FORMAT = 1
MARKER = "actlab-results.json"
STUDY = "study.json"
CELLS = "cells"
LOCK = ".lock"


class StoreError(RuntimeError):
    """The results folder cannot be used; the message says why and what to do."""


class ForeignFolderError(StoreError):
    """The folder holds something that actlab did not write."""


class Store:
    """The cells of one study in one folder; cells appear whole or not at all.

    Build one with :meth:`create` or :meth:`open`.
    """

    def __init__(self, root: Path, study: str) -> None:
        self.root = root
        self.study = study

    @classmethod
    def create(cls, root: Path, study: str) -> Store:
        """Open the folder for this study, making it first where there is none.

        Args:
            root: the folder; new, empty, or holding results of the same study.
            study: the study's name.

        Raises:
            ForeignFolderError: the folder holds anything else; nothing is touched.
            StoreError: results of another study, of a newer format, or an unwritable place.
        """
        if root.exists() and not root.is_dir():
            raise ForeignFolderError(f"{root} is a file, not a folder; choose another --results")
        if root.is_dir() and any(not e.name.startswith(PARTIAL) for e in root.iterdir()):
            store = cls.open(root)
            if store.study != study:
                raise StoreError(
                    f"{root} holds results of the study {store.study!r}, not {study!r}; "
                    "choose another --results"
                )
        else:
            marker = {"actlab": "results", "format": FORMAT, "study": study}
            try:
                root.mkdir(parents=True, exist_ok=True)
                publish_file(root / MARKER, canonical_json(marker).encode("ascii"))
            except OSError as error:
                raise StoreError(f"cannot write to {root}: {error.strerror}") from error
            store = cls(root, study)
        try:
            (root / CELLS).mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {root}: {error.strerror}") from error
        return store

    @classmethod
    def open(cls, root: Path) -> Store:
        """Open an existing results folder.

        Raises:
            ForeignFolderError: there is no such folder, or actlab did not write it.
            StoreError: it was written in a newer format.
        """
        if not root.is_dir():
            raise ForeignFolderError(f"{root} is not a folder")
        try:
            marker = json.loads((root / MARKER).read_bytes())
            ours = marker["actlab"] == "results" and isinstance(marker["format"], int)
            study = marker["study"]
        except (OSError, ValueError, KeyError, TypeError):
            ours, study, marker = False, "", {}
        if not ours or not isinstance(study, str):
            raise ForeignFolderError(
                f"{root} is not an actlab results folder (no valid {MARKER} in it); "
                "nothing was written there"
            )
        if marker["format"] > FORMAT:
            raise StoreError(
                f"{root} has results format {marker['format']}; this actlab reads up to "
                f"{FORMAT}: upgrade actlab"
            )
        return cls(root, study)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder for writing; the lock goes with the process, however it ends.

        Raises:
            StoreError: another process is writing there now.
        """
        lock = FileLock(self.root / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(f"another actlab run is writing to {self.root}") from None
        try:
            sweep(self.root)
            sweep(self.root / CELLS)
            yield
        finally:
            lock.release()

    def save(self, record: Record) -> None:
        """Write a cell durably, replacing an earlier outcome of the same cell."""
        publish_folder(self.root / CELLS / record.id, to_files(record))

    def load(self, cell: str) -> Record | None:
        """The record of a cell; None when it was never finished or its files are damaged."""
        folder = self.root / CELLS / cell
        if not folder.is_dir():
            return None
        try:
            return from_folder(folder)
        except DamagedCellError:
            return None

    def finished(self, cell: str) -> Record | None:
        """The record of a cell, if it is whole and its outcome is final."""
        record = self.load(cell)
        return record if record is not None and record.status in FINAL else None

    def damaged(self) -> list[str]:
        """Why each unreadable cell is unreadable, one line each."""
        reasons = []
        for folder in sorted((self.root / CELLS).glob("[!.]*")):
            try:
                from_folder(folder)
            except DamagedCellError as error:
                reasons.append(str(error))
        return reasons

    def newest(self) -> str:
        """When the newest record was written, as ISO 8601; empty when there is none."""
        stamps = []
        for place in (self.root / CELLS).glob("[!.]*/provenance.json"):
            try:
                stamps.append(str(json.loads(place.read_bytes())["finished"]))
            except (OSError, ValueError, KeyError):
                continue
        return max(stamps, default="")

    def write_study(self, description: Mapping[str, Any]) -> None:
        """Put down what the folder is about; left alone when nothing changed."""
        content = canonical_json(dict(description)).encode("ascii")
        path = self.root / STUDY
        if not path.is_file() or path.read_bytes() != content:
            publish_file(path, content)

    def read_study(self) -> dict[str, Any]:
        """What the folder is about.

        Raises:
            StoreError: the run was stopped before that was written, or the file is damaged.
        """
        try:
            description = json.loads((self.root / STUDY).read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{self.root} has no readable {STUDY}; run the study again to write it"
            ) from error
        if not isinstance(description, dict):
            raise StoreError(f"{self.root / STUDY} is not a study description")
        return description
