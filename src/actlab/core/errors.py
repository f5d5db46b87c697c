"""The errors actlab raises that Python has no word for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_LISTED = 20
"""Names that a message has room for."""


class UnknownNameError(ValueError):
    """A name that nothing in the library answers to; the message suggests the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], reason: str = "") -> None:
        known = sorted(known)
        spelled = {candidate.lower(): candidate for candidate in known}
        matches = difflib.get_close_matches(name.lower(), spelled, n=3, cutoff=0.5)
        near = [spelled[match] for match in matches]
        if reason:
            hint = reason
        elif near:
            hint = f"did you mean {' or '.join(repr(n) for n in near)}?"
        else:
            more = len(known) - MOST_LISTED
            rest = f" and {more} more (actlab list shows them)" if more > 0 else ""
            hint = f"known: {', '.join(known[:MOST_LISTED])}{',' if rest else ''}{rest}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")
        self.name = name
        self.suggestions = near


class BackendUnavailableError(RuntimeError):
    """A backend was asked for by name and cannot serve the call; the message says why."""


class MissingExtraError(ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional dependency: pip install 'actlab[{extra}]'")
