"""The report as tables in a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actlab import figures
from actlab.report import words
from actlab.report.collect import PartRuns, Results
from actlab.report.tables import Row, make_rows
from actlab.report.verdict import judge


def print_report(results: Results, console: Console) -> None:
    """Print the tables of every part, then the verdict.

    Args:
        results: from :func:`actlab.report.collect.collect`.
        console: where to print.
    """
    for part in results.parts:
        console.print(_table(part, results, wide=console.width >= 110))
        for row_problem in _problems(part):
            console.print(Text(row_problem, style="red"), soft_wrap=True)
    verdict = judge(results)
    console.print(Text("Verdict: ", style="bold").append(verdict.word, style="bold"))
    for sentence in (*verdict.sentences, verdict.caution):
        console.print(Text(f"  {sentence}"))
    if results.quick:
        console.print(Text("  " + quick_note(results), style="yellow"))


def quick_note(results: Results) -> str:
    """What a quick version is not."""
    width = results.parts[0].settings["width"]
    return (
        f"This is the quick version, {width} units wide: it shows that everything works and is "
        "no evidence on the claim, which is about the full width. Run the study without --quick."
    )


def _table(part: PartRuns, results: Results, wide: bool) -> Table:
    caption = (
        f"{part.settings['depth']} layers, {part.settings['width']} wide, "
        f"{part.settings['rounds']} rounds; fitted: final loss at most {results.study['fitted']:g}"
    )
    table = Table(
        title=Text(f"{part.name}: {words.REGIME_TITLES[part.regime]}", style="bold"),
        caption=Text(caption),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        padding=(0, 1, 0, 0),
    )
    table.add_column("function", overflow="fold")
    below = f"decades below {figures.short_label(results.baseline)}"
    for name in ("median", "lowest", "highest", "rate", "fitted", below, "p (Holm)"):
        if wide or name not in ("lowest", "highest", "rate"):
            table.add_column(name, justify="right", no_wrap=True)
    rows = make_rows(
        part, results.baseline, results.study["fitted"], results.study["smallest_effect"]
    )
    for row in rows:
        table.add_row(*(Text(cell) for cell in _cells(row, results.baseline, wide)))
    return table


def _cells(row: Row, baseline: str, wide: bool) -> list[str]:
    runs = row.runs
    label = runs.label if wide else figures.short_label(runs.label)
    for count, word in ((sum(runs.diverged), "diverged"), (runs.missing, "missing")):
        label += f", {count} {word}" if count else ""
    spread = [words.loss(row.low), words.loss(row.high), words.rate(runs.rate)] if wide else []
    if row.paired:
        decades = f"{words.signed(row.paired.estimate)} ({words.between(row.paired.interval)})"
        p = words.p_value(row.paired.holm)
    else:
        decades, p = ("baseline" if runs.label == baseline else "-"), ""
    fitted = words.share(row.fitted, len(runs.final))
    return [label, words.loss(row.median), *spread, fitted, decades, p]


def _problems(part: PartRuns) -> list[str]:
    return [f"{runs.label}: {problem}" for runs in part.runs for problem in runs.problems]
