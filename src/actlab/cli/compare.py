"""``actlab compare``: two functions of a study, seed by seed."""

from __future__ import annotations

from pathlib import Path


def compare(results: Path, first: str, second: str, *, metric: str = "") -> int:
    """Compare two functions in every part of a study in which both were run.

    Args:
        results: a folder that actlab run wrote.
        first: label of a function, as tables have it, or its beginning.
        second: label of the function it is compared with.
        metric: what is compared. Default: each part's own metric.

    Returns:
        0 when they could be compared, 1 when no part has both.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from actlab.report import words
    from actlab.report.collect import collect_folder
    from actlab.report.pairs import compare_two

    console = Console()
    rows = compare_two(collect_folder(results), first, second, metric)
    if not rows:
        console.print(Text(f"no part has runs of both {first} and {second}", style="red"))
        return 1
    title = f"{rows[0].first} against {rows[0].second}; above 0 the first is better"
    table = Table(title=Text(title, style="bold"), box=box.SIMPLE_HEAD, title_justify="left",
                  padding=(0, 1, 0, 0))  # fmt: skip
    for name in ("part", "metric", "seeds", "difference", "better in", "p", "finding", "to decide"):
        table.add_column(name, overflow="fold", justify="left" if name == "part" else "right")
    for row in rows:
        paired = row.paired
        table.add_row(*(Text(cell) for cell in (
            f"{row.part} ({row.regime})",
            row.metric.title,
            str(len(paired.seeds)),
            f"{words.signed(paired.estimate)} ({words.between(paired.interval)})",
            f"{row.better.estimate:.0%}",
            words.p_value(paired.p),
            str(paired.decision),
            row.more,
        )))  # fmt: skip
    console.print(table)
    return 0
