"""``actlab export``: the numbers of a study for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal


def export(
    results: Path,
    format: Literal["csv", "parquet", "latex", "markdown", "json"],
    *,
    what: Literal["runs", "comparisons", "curves"] | None = None,
    output: Path | None = None,
) -> None:
    """Write the runs or the comparisons of a results folder as a table.

    Args:
        results: a folder that actlab run wrote.
        format: csv, json (a line for each row), parquet (needs the extra parquet), latex or
            markdown.
        what: runs (a row for each run and metric), comparisons (a row for each function against
            the baseline of its part) or curves (a row for each point). Default: comparisons for
            latex and markdown, runs otherwise.
        output: the file. Default: standard output; for parquet it must be given.
    """
    from actlab.records.durable import publish_file
    from actlab.report.collect import collect_folder
    from actlab.report.export import table_of, write

    chosen = what or ("comparisons" if format in ("latex", "markdown") else "runs")
    if format == "parquet" and output is None:
        raise ValueError("parquet is no text: name a file with --output")
    content = write(table_of(collect_folder(results), chosen), format)
    if output is None:
        sys.stdout.write(content.decode("utf-8"))
    else:
        publish_file(output, content)
