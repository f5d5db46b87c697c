"""A record as a set of files with a checksum each, and back again."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from actlab.records.identity import canonical_json, content_id
from actlab.records.record import Record, Status

SEAL = "seal.json"
RECORD = "record.json"
PROVENANCE = "provenance.json"
ARRAY_SUFFIX = ".npy"


class DamagedCellError(RuntimeError):
    """A cell's folder is not what was sealed: half-written, altered or incomplete."""


def to_files(record: Record) -> dict[str, bytes]:
    """The files of a record; ``seal.json`` holds the sha256 of every other one.

    Raises:
        ValueError: an array name that is not an identifier, or an array of Python objects.
    """
    body = {
        "id": record.id,
        "key": dict(record.key),
        "status": str(record.status),
        "reason": record.reason,
        "summary": dict(record.summary),
        "arrays": sorted(record.arrays),
    }
    files = {
        RECORD: canonical_json(body).encode("ascii"),
        PROVENANCE: canonical_json(dict(record.provenance)).encode("ascii"),
    }
    for name, array in record.arrays.items():
        if not name.isidentifier():
            raise ValueError(f"array names must be identifiers, got {name!r}")
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        files[name + ARRAY_SUFFIX] = buffer.getvalue()
    seal = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, SEAL: canonical_json({"files": seal}).encode("ascii")}


def from_folder(folder: Path) -> Record:
    """Read a record back, checking every byte against the seal.

    Raises:
        DamagedCellError: anything missing, unreadable or different from what was sealed.
    """
    try:
        sealed: dict[str, str] = json.loads((folder / SEAL).read_bytes())["files"]
        contents = {name: _checked(folder, name, digest) for name, digest in sealed.items()}
        body: dict[str, Any] = json.loads(contents[RECORD])
        if body["id"] != folder.name or content_id(body["key"]) != folder.name:
            raise DamagedCellError(f"{folder.name}: the record belongs to another cell")
        arrays = {
            name: np.load(io.BytesIO(contents[name + ARRAY_SUFFIX]), allow_pickle=False)
            for name in body["arrays"]
        }
        return Record(
            id=body["id"],
            key=body["key"],
            status=Status(body["status"]),
            reason=body["reason"],
            summary=body["summary"],
            arrays=arrays,
            provenance=json.loads(contents[PROVENANCE]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedCellError(f"{folder.name}: {error}") from error


def _checked(folder: Path, name: str, digest: str) -> bytes:
    if Path(name).name != name:
        raise DamagedCellError(f"{folder.name}: the seal names a file outside the folder")
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedCellError(f"{folder.name}: {name} differs from what was sealed")
    return content
