"""The benchmark's report in a terminal, 40 columns wide or 200."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actlab.bench.cells import Grid, chunks, number
from actlab.bench.goals import Check
from actlab.bench.summary import Results, problems, warnings
from actlab.bench.tables import (
    against_grid,
    baseline_grid,
    device_method,
    long_grids,
    memory_grids,
    relu_grids,
)
from actlab.bench.targets import checks
from actlab.report.bench_page import LONG_PARTS, place_of

WIDE = 100
STYLES = {"reached": "green", "missed": "bold red"}


def print_bench(results: Results, console: Console) -> None:
    """Print the numbers, then the targets, then what makes them doubtful.

    Args:
        results: from :func:`actlab.bench.summary.collect`.
        console: where to print.
    """
    if results.device:
        console.print(Text(place_of(results), style="bold"))
    for grid in relu_grids(results):
        _print(grid, console)
    against = against_grid(results)
    if against is not None:
        _print(against, console)
    baselines = baseline_grid(results)
    if baselines is not None:
        _print(baselines, console)
    for part, title in LONG_PARTS.items():
        grids = long_grids(results, part)
        if grids:
            console.print(Text(title, style="bold"))
        for grid in grids:
            _print(grid, console)
    for grid in memory_grids(results):
        title = f"kept for backward, {grid.title}"
        _print(Grid(title, grid.head, grid.rows, grid.note), console)
    if against is None:
        _print_targets(checks(results), console)
    for line in device_method(results):
        console.print(Text(line, style="dim"))
    for line in problems(results):
        console.print(Text(line, style="red"))
    for line in warnings(results):
        console.print(Text(line, style="yellow"))
    if not results.complete:
        made = f"{len(results.outcomes)} of {results.planned} comparisons"
        console.print(Text(f"Incomplete: {made}; the same command goes on.", style="yellow"))


def _print(grid: Grid, console: Console) -> None:
    for piece in chunks(grid, console.width - 2):
        table = _table(piece.title)
        for place, name in enumerate(piece.head):
            side = "left" if place == 0 else "right"
            table.add_column(Text(name), justify=side, overflow="fold", no_wrap=place > 0)
        for row in piece.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
        if piece.note:
            console.print(Text(piece.note, style="dim"))


def _table(title: str) -> Table:
    return Table(
        title=Text(title, style="bold"),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        padding=(0, 1, 0, 0),
    )


def _print_targets(found: list[Check], console: Console) -> None:
    """A table where there is room, otherwise a paragraph for each target."""
    if console.width < WIDE:
        console.print(Text("Targets", style="bold"))
        for check in found:
            console.print(Text(check.target.name))
            line = Text("  ").append(check.status, STYLES.get(check.status, "dim"))
            line.append(f" ({check.target.goal}){_worst(check, ': ')}")
            if check.note:
                line.append(f"; {check.note}")
            console.print(line)
        return
    table = _table("Targets")
    table.add_column("target", ratio=5, overflow="fold")
    table.add_column("goal", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("worst", ratio=4, overflow="fold")
    table.add_column("points", ratio=2, overflow="fold")
    for check in found:
        table.add_row(
            Text(check.target.name),
            Text(check.target.goal),
            Text(check.status, style=STYLES.get(check.status, "dim")),
            Text(_worst(check, "")),
            Text(check.note),
        )
    console.print(table)


def _worst(check: Check, before: str) -> str:
    worst = check.worst
    return "" if worst is None else f"{before}{number(worst.value)} ({worst.where})"
