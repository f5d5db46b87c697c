"""What a run leaves on disk: one sealed folder per cell, plain JSON and plain arrays."""

from actlab.records.environment import describe_environment
from actlab.records.identity import canonical_json, content_id
from actlab.records.record import FINAL, Record, Status
from actlab.records.store import ForeignFolderError, Store, StoreError

__all__ = [
    "FINAL",
    "ForeignFolderError",
    "Record",
    "Status",
    "Store",
    "StoreError",
    "canonical_json",
    "content_id",
    "describe_environment",
]
