"""Puts a finished quick run of the claims into the documentation: pages, verdicts, records.

    actlab run claims --tier quick
    python docs/claims/publish.py results/claims-quick

writes ``quick.json``, the two pages in ``pages`` and the runs in ``quick-runs.csv.xz`` beside this
file.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

from actlab.report.claims.page import facts_of, write_page
from actlab.report.claims.terminal import as_json
from actlab.report.claims.verdicts import judge_claims
from actlab.report.collect import collect_folder
from actlab.report.export import as_csv, table_of
from actlab.report.html import write_page as write_report

HERE = Path(__file__).parent
LARGEST_PAGE = 1_000_000


def publish(results: Path, partial: bool = False) -> None:
    """Write everything that the documentation shows of a run.

    Args:
        results: where ``actlab run claims --tier quick`` put it.
        partial: publish it though cells are missing; the page then says which studies lack some.
    """
    folder = collect_folder(results)
    incomplete = [study.name for study in folder.studies if not study.complete]
    if incomplete and not partial:
        raise SystemExit(f"not complete: {', '.join(incomplete)}; run the same command again")
    ledger = judge_claims(folder)
    pages = HERE / "pages"
    pages.mkdir(exist_ok=True)
    write_page(ledger, pages / "claims-quick.html", "claims-quick-report.html")
    write_report(folder, pages / "claims-quick-report.html")
    for page in pages.iterdir():
        if page.stat().st_size > LARGEST_PAGE:
            raise SystemExit(f"{page.name} has {page.stat().st_size} bytes, more than a page may")
    environments = [one for study in folder.studies for one in study.environments]
    content = {
        "date": folder.newest[:10],
        "command": folder.command,
        "cells": sum(study.cells for study in folder.studies),
        "incomplete": incomplete,
        "seconds": round(sum(study.seconds for study in folder.studies)),
        "environment": [fact for fact in facts_of(environments[0]) if fact[0] in SHOWN],
        **as_json(ledger),
    }
    (HERE / "quick.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    runs = as_csv(table_of(folder, "runs")).encode("utf-8")
    (HERE / "quick-runs.csv.xz").write_bytes(lzma.compress(runs, preset=9))


SHOWN = ("cpu", "python", "torch", "actlab", "revision")

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--partial"]
    if len(words) != 1:
        raise SystemExit(__doc__)
    publish(Path(words[0]), "--partial" in sys.argv)
