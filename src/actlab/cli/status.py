"""``actlab status``: how far a run is, and what went wrong."""

from __future__ import annotations

from pathlib import Path

MOST = 20
"""Cells without a result that are listed one by one."""


def status(results: Path) -> int:
    """Tell how far the studies in a results folder are, what failed, and why.

    It only reads, so it can be asked while the run goes on.

    Args:
        results: a folder that actlab run wrote.

    Returns:
        0 when every cell has a result, 1 when some have none.
    """
    from rich.console import Console
    from rich.text import Text

    from actlab.lab.progress import duration
    from actlab.lab.state import state_of
    from actlab.report import words

    console = Console()
    found = state_of(results)
    for one in found:
        counts = ", ".join(f"{count} {word}" for word, count in one.counts.items() if count)
        line = f"{one.name}: {counts}, of {words.plural(one.cells, 'cell')}; "
        line += f"{duration(one.seconds)} of computing"
        if one.left:
            line += f", about {duration(one.left)} left on one core"
        console.print(Text(line), soft_wrap=True)
        for trouble in one.troubles[:MOST]:
            console.print(Text(f"  {trouble}", style="red"), soft_wrap=True)
        if len(one.troubles) > MOST:
            console.print(Text(f"  and {len(one.troubles) - MOST} more", style="red"))
    return 0 if all(one.complete for one in found) else 1
