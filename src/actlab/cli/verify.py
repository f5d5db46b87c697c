"""``actlab verify``: compute cells again and compare with the records."""

from __future__ import annotations

from pathlib import Path

from actlab.cli.whole import WholeNumber


def verify(results: Path, *, cells: WholeNumber = 3, cell: str = "", all: bool = False) -> int:
    """Compute some cells again and compare every number with the record.

    Args:
        results: a folder that actlab run wrote; nothing in it is changed.
        cells: how many, chosen evenly over the plan. Default: 3.
        cell: the id of one cell, or the beginning of it, in place of a choice.
        all: every cell.

    Returns:
        0 when all are equal, 1 when some differ or cannot be computed by this version.
    """
    from rich.console import Console
    from rich.text import Text

    from actlab.lab.verifying import choose, verify_cell
    from actlab.records import Store

    console = Console()
    store = Store.open(results)
    chosen = choose(store, cells=None if all else cells, cell=cell)
    bad = 0
    for place, record in enumerate(chosen, start=1):
        found = verify_cell(record, store)
        bad += not found.equal
        style = "" if found.equal else "red"
        line = f"[{place}/{len(chosen)}] {record.id[:12]} {found.what}: {found.seen}"
        console.print(Text(line, style=style), soft_wrap=True)
    return 1 if bad else 0
