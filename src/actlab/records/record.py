"""One record: what was asked, what came out, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt


class Status(StrEnum):
    """How a cell ended."""

    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


FINAL = frozenset({Status.DONE, Status.DIVERGED})
"""Outcomes that another run would only repeat; cells with any other outcome are tried again."""


@dataclass(frozen=True)
class Record:
    """The outcome of one cell.

    Args:
        id: content hash of ``key``.
        key: everything the outcome depends on, as plain JSON values.
        status: how the cell ended.
        reason: why, in one line, when the status is not ``done``.
        summary: plain JSON values computed by the cell.
        arrays: named numeric arrays computed by the cell.
        provenance: when, how long, on what; never part of the comparison between two runs.
    """

    id: str
    key: Mapping[str, Any]
    status: Status
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
