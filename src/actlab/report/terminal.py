"""The report as tables in a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actlab import figures
from actlab.report import words
from actlab.report.collect import Folder, Results
from actlab.report.runs import PartRuns
from actlab.report.tables import Row, make_rows
from actlab.report.verdict import judge

WIDE = 110
"""From this many columns on, a table has all its columns."""


def print_folder(folder: Folder, console: Console) -> None:
    """Print every study of a results folder; of many studies only a line each.

    Args:
        folder: from :func:`actlab.report.collect.collect_folder`.
        console: where to print.
    """
    if len(folder.studies) == 1:
        print_report(folder.studies[0], console)
        return
    many = words.plural(len(folder.studies), "study", "studies")
    table = _blank(f"{folder.name}: {many}", "")
    for name in ("study", "cells", "state"):
        table.add_column(name, overflow="fold")
    for results in folder.studies:
        counts = ", ".join(f"{n} {status}" for status, n in sorted(results.counts.items()))
        state = "complete" if results.complete else "incomplete"
        row = (results.study["name"], f"{counts or 'none'} of {results.cells}", state)
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_report(results: Results, console: Console) -> None:
    """Print the tables of every part, then the verdict."""
    for part in results.parts:
        console.print(_table(part, results, wide=console.width >= WIDE))
        for problem in problems(part):
            console.print(Text(problem, style="red"), soft_wrap=True)
    verdict = judge(results)
    console.print(Text("Verdict: ", style="bold").append(verdict.word, style="bold"))
    for sentence in (*verdict.sentences, verdict.caution):
        console.print(Text(f"  {sentence}"))
    if results.tier != "full":
        console.print(Text("  " + tier_note(results), style="yellow"))


def tier_note(results: Results) -> str:
    """What a smaller version of a study is not."""
    return (
        f"This is the {results.tier} version: smaller than the study it stands for, so what it "
        "finds is provisional. Run the study without --tier for the evidence."
    )


def fitted_of(part: PartRuns, results: Results) -> float | None:
    """The limit of a success in a part: the study's, where the part compares the same metric."""
    limit = results.study.get("fitted")
    first = results.parts[0]
    same = (part.task["name"], part.metric.name) == (first.task["name"], first.metric.name)
    return float(limit) if limit is not None and same else None


def problems(part: PartRuns) -> list[str]:
    """Why runs are missing, one line each, under the name of the function."""
    return [f"{runs.label}: {text}" for runs in part.runs for text in runs.problems]


def _blank(title: str, caption: str) -> Table:
    return Table(
        title=Text(title, style="bold"),
        caption=Text(caption) if caption else None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        padding=(0, 1, 0, 0),
    )


def _table(part: PartRuns, results: Results, wide: bool) -> Table:
    fitted = fitted_of(part, results)
    caption = f"{part.metric.title}, {part.metric.better} is better"
    if part.metric.scale == "log10":
        caption += "; differences in decades"
    if fitted is not None:
        caption += (
            f"; success: at {'most' if part.metric.better == 'lower' else 'least'} {fitted:g}"
        )
    table = _blank(f"{part.title}: {words.REGIME_TITLES[part.regime]}", caption)
    table.add_column("function", overflow="fold", min_width=14)
    ahead = f"ahead of {figures.short_label(part.baseline)}"
    names = ["median", "lowest", "highest", "rate", "success", ahead, "p (Holm)", "finding"]
    for name in names:
        if name == "success" and fitted is None:
            continue
        if wide or name not in ("lowest", "highest", "rate"):
            table.add_column(name, justify="right", no_wrap=True)
    for row in make_rows(part, fitted=fitted):
        table.add_row(*(Text(cell) for cell in _cells(row, part, wide)))
    return table


def _cells(row: Row, part: PartRuns, wide: bool) -> list[str]:
    runs = row.runs
    label = runs.label if wide else figures.short_label(runs.label)
    for count, word in ((sum(runs.diverged), "diverged"), (runs.missing, "missing")):
        label += f", {count} {word}" if count else ""
    cells = [label, words.value(row.median, part.metric)]
    if wide:
        cells += [
            words.value(row.low, part.metric),
            words.value(row.high, part.metric),
            words.rate(runs.rate) + ("*" if runs.at_edge else ""),
        ]
    if row.successes is not None:
        cells.append(words.share(row.successes, len(runs.seeds)))
    if row.paired:
        ahead = f"{words.signed(row.paired.estimate)} ({words.between(row.paired.interval)})"
        return [*cells, ahead, words.p_value(row.paired.holm), str(row.paired.decision)]
    return [*cells, "baseline" if runs.label == part.baseline else "-", "-", "-"]
