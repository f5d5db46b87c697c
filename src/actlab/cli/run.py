"""``actlab run``: compute a study and report on it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from actlab.cli.whole import WholeNumber


def run(
    study: str,
    *,
    results: Path | None = None,
    quick: bool = False,
    seeds: WholeNumber | None = None,
    workers: WholeNumber | None = None,
) -> int:
    """Run a study, or go on with one that was stopped, and write its report.

    Finished cells are kept and never run again; Ctrl-C loses only those being computed.

    Args:
        study: name of a study that comes with actlab, such as twenty-one-pairs, or a TOML file.
        results: folder for records and report. Default: results/STUDY (results/STUDY-quick).
        quick: run the study's quick version.
        seeds: test seeds of every part, in place of the study's own. More can be added later:
            only what is missing is computed, in blocks of ten seeds where seeds train together.
        workers: worker processes. Default: one per core, at most 8.

    Returns:
        0 when every cell has a result, 1 when some have none, 130 after Ctrl-C.
    """
    from rich.console import Console

    from actlab.cli.report import show
    from actlab.lab.conduct import conduct, default_results, default_workers, prepare
    from actlab.lab.progress import Board
    from actlab.records import FINAL

    console = Console()
    plan = prepare(study, quick=quick, seeds=seeds)
    folder = results or default_results(plan.study, quick)
    try:
        with Board(console) as board:
            _, records = conduct(
                plan,
                folder,
                quick=quick,
                workers=default_workers() if workers is None else workers,
                command=_command(study, results, quick, seeds),
                watch=board.watch,
            )
    except KeyboardInterrupt:
        print(
            f"stopped; what is done is kept in {folder}; the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    show(folder, None, console)
    lost = [record for record in records if record.status not in FINAL]
    if lost:
        print(
            f"{len(lost)} of {len(records)} cells have no result; "
            "the same command tries them again",
            file=sys.stderr,
        )
        return 1
    return 0


def _command(study: str, results: Path | None, quick: bool, seeds: int | None) -> str:
    """What to type to get the same numbers; workers do not matter to them."""
    words = ["actlab", "run", study]
    if quick:
        words.append("--quick")
    if seeds is not None:
        words += ["--seeds", str(seeds)]
    if results is not None:
        words += ["--results", results.as_posix()]
    return shlex.join(words)
