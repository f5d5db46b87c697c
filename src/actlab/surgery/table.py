"""What a swap did, or would do: one row for every site."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from actlab.init.report import table


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one site.

    Attributes:
        name: of the site. function: what it applied. kind: see ``Site``.
        action: ``"swapped"`` or ``"left"``.
        to: what it applies now; empty when left.
        note: why it was left, or what a user should know.
    """

    name: str
    function: str
    kind: str
    action: Literal["swapped", "left"]
    to: str = ""
    note: str = ""


def shown(rows: tuple[Row, ...], warnings: tuple[str, ...], applied: bool) -> str:
    """The rows as a table, for printing."""
    count = sum(row.action == "swapped" for row in rows)
    verb = "swapped" if applied else "would be swapped"
    lines = [
        (
            row.name,
            row.function,
            row.action if applied or row.action == "left" else "swap",
            row.to or "-",
            row.note,
        )
        for row in rows
    ]
    title = f"{count} of {len(rows)} sites {verb}"
    body = table(("site", "function", "", "to", "note"), lines)
    return "\n".join([title, body, *(f"! {line}" for line in warnings)])


def as_dict(rows: tuple[Row, ...], warnings: tuple[str, ...], applied: bool) -> dict[str, Any]:
    """The rows as JSON has them."""
    return {
        "applied": applied,
        "rows": [asdict(row) for row in rows],
        "warnings": list(warnings),
    }
