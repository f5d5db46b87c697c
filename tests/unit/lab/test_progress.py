"""Progress: bars on a terminal, plain lines elsewhere, nothing a name can spoil."""

from __future__ import annotations

import io

from rich.console import Console

from actlab.lab.conduct import prepare
from actlab.lab.events import Advanced, Began, Ended, Started
from actlab.lab.progress import Board
from actlab.records import Record, Status


def tell(console, plan, status=Status.DONE, reason=""):
    with Board(console) as board:
        board.watch(Began(plan.cells, frozenset({plan.cells[0].id}), 2))
        for cell in plan.cells[1:]:
            board.watch(Started(cell, 1))
            board.watch(Advanced(cell, 0.5))
            summary = {"learning_rate": 1e-3, "final": [0.5]}
            board.watch(Ended(cell, Record(cell.id, cell.key, status, reason, summary), 0.1))


def test_plain_lines_when_not_a_terminal(tiny_file):
    plan = prepare(tiny_file)
    out = io.StringIO()
    tell(Console(file=out, width=80), plan)
    lines = out.getvalue().splitlines()
    assert lines[0] == f"{len(plan.cells)} cells, 1 already done; 2 workers"
    assert len(lines) == len(plan.cells)
    assert lines[-1].startswith(f"[{len(plan.cells)}/{len(plan.cells)}]")
    assert "\x1b" not in out.getvalue()


def test_bars_on_a_terminal(tiny_file):
    out = io.StringIO()
    tell(Console(file=out, width=80, force_terminal=True), prepare(tiny_file))
    assert "all cells" in out.getvalue()
    assert "100%" in out.getvalue()


def test_trouble_is_told_and_markup_is_not_obeyed(tiny_file):
    out = io.StringIO()
    tell(Console(file=out, width=80), prepare(tiny_file), Status.FAILED, "[red]boom[/red] [/x]")
    assert "failed: [red]boom[/red] [/x]" in out.getvalue()
