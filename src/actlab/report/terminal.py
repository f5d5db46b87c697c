"""The report as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

NARROWEST = 12
"""Columns for the names of functions, at least."""


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
        console.print(_table(part, results, console))
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


def _table(part: PartRuns, results: Results, console: Console) -> Table:
    """The table with as many columns as the terminal has room for."""
    fitted = fitted_of(part, results)
    rows = make_rows(part, fitted=fitted)
    cells = [_cells(row, part) for row in rows]
    heads = {name: name for name in _LAYOUTS[0]}
    heads["ahead"] = f"ahead of {figures.short_label(part.baseline)}"
    layouts = [[n for n in one if n != "success" or fitted is not None] for one in _LAYOUTS]
    names = next(
        (one for one in layouts if _width(one, heads, cells) <= console.width), layouts[-1]
    )
    caption = f"{part.metric.title}, {part.metric.better} is better"
    if part.metric.scale == "log10":
        caption += "; differences in decades"
    if "success" in names:
        caption += (
            f"; success: at {'most' if part.metric.better == 'lower' else 'least'} {fitted:g}"
        )
    regime = words.regime_title(part.regime, part.plan.get("init"))
    table = _blank(f"{part.title}: {regime}", caption)
    table.add_column("function", overflow="fold", min_width=NARROWEST)
    for name in names:
        table.add_column(Text(heads[name]), justify="right", no_wrap=name != "ahead",
                         min_width=_widest(name, heads, cells))  # fmt: skip
    for row, texts in zip(rows, cells, strict=True):
        label = row.runs.label if "rate" in names else figures.short_label(row.runs.label)
        label += "".join(f", {count} {word}" for word, count in row.runs.troubles.items())
        table.add_row(Text(label), *(Text(texts[name]) for name in names))
    return table


def _widest(name: str, heads: Mapping[str, str], cells: Sequence[Mapping[str, str]]) -> int:
    """Columns that nothing is cut off in; the head over the differences may be wrapped."""
    head = heads[name].split() if name == "ahead" else [heads[name]]
    return max(len(text) for text in (*head, *(row[name] for row in cells)))


def _width(
    names: Sequence[str], heads: Mapping[str, str], cells: Sequence[Mapping[str, str]]
) -> int:
    return NARROWEST + 4 + sum(_widest(name, heads, cells) + 2 for name in names)


_LAYOUTS = (
    ("median", "lowest", "highest", "rate", "success", "ahead", "interval", "p (Holm)", "finding"),
    ("median", "success", "ahead", "interval", "p (Holm)", "finding"),
    ("success", "ahead", "interval", "p (Holm)", "finding"),
    ("ahead", "interval", "finding"),
    ("ahead", "finding"),
)
"""Columns from the widest terminal to the narrowest."""


def _cells(row: Row, part: PartRuns) -> dict[str, str]:
    runs, paired = row.runs, row.paired
    cells = {
        "median": words.value(row.median, part.metric),
        "lowest": words.value(row.low, part.metric),
        "highest": words.value(row.high, part.metric),
        "rate": words.rate(runs.rate) + ("*" if runs.at_edge else ""),
        "success": words.share(row.successes or 0, len(runs.seeds)),
        "ahead": "baseline" if runs.label == part.baseline else "-",
        "interval": "-",
        "p (Holm)": "-",
        "finding": "-",
    }
    if paired is not None:
        cells |= {
            "ahead": words.signed(paired.estimate),
            "interval": words.between(paired.interval),
            "p (Holm)": words.p_value(paired.holm),
            "finding": str(paired.decision),
        }
    return cells
