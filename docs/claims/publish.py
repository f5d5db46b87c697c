"""Puts a finished run of the claims into the documentation: pages, verdicts, records.

    actlab run claims --tier quick
    python docs/claims/publish.py results/claims-quick

writes ``quick.json``, the two pages in ``pages`` and the runs in ``quick-runs.csv.xz`` beside this
file; a run of the full tier, under ``results/claims-full``, writes those of ``full``.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from dataclasses import replace
from pathlib import Path

from actlab.records import Store
from actlab.report.claims.page import facts_of, write_page
from actlab.report.claims.terminal import as_json
from actlab.report.claims.verdicts import judge_claims
from actlab.report.collect import Folder, collect_folder
from actlab.report.export import as_csv, table_of
from actlab.report.html import write_page as write_report

HERE = Path(__file__).parent
LARGEST_PAGE = 1_000_000


def publish(results: Path, partial: bool = False) -> None:
    """Write everything that the documentation shows of a run.

    Args:
        results: where ``actlab run claims`` put it.
        partial: publish it though cells are missing; the page then says which studies lack some.
    """
    folder = collect_folder(results)
    # Where the records lay is of no interest to readers.
    folder = replace(folder, command=re.sub(r" --results \S+", "", folder.command))
    incomplete = [study.name for study in folder.studies if not study.complete]
    if incomplete and not partial:
        raise SystemExit(f"not complete: {', '.join(incomplete)}; run the same command again")
    (tier,) = {study.tier for study in folder.studies}
    ledger = judge_claims(folder)
    pages = HERE / "pages"
    pages.mkdir(exist_ok=True)
    write_page(ledger, pages / f"claims-{tier}.html", f"claims-{tier}-report.html")
    write_report(folder, pages / f"claims-{tier}-report.html")
    for page in pages.iterdir():
        if page.stat().st_size > LARGEST_PAGE:
            raise SystemExit(f"{page.name} has {page.stat().st_size} bytes, more than a page may")
    # Studies that ask the same share cells.
    cells = {
        cell["id"] for one in Store.open(results).read_study()["studies"] for cell in one["cells"]
    }
    content = {
        "date": folder.newest[:10],
        "command": folder.command,
        "cells": len(cells),
        "incomplete": incomplete,
        "seconds": round(sum(study.seconds for study in folder.studies)),
        "environment": environment_of(folder),
        **as_json(ledger),
    }
    (HERE / f"{tier}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    runs = as_csv(table_of(folder, "runs")).encode("utf-8")
    (HERE / f"{tier}-runs.csv.xz").write_bytes(lzma.compress(runs, preset=9))


def environment_of(folder: Folder) -> list[tuple[str, str]]:
    """What is worth knowing of where it was measured, everything that it was measured with."""
    seen: dict[str, list[str]] = {}
    for study in folder.studies:
        for environment in study.environments:
            for name, value in facts_of(environment):
                if name in SHOWN and value not in seen.setdefault(name, []):
                    seen[name].append(value)
    return [(name, " and ".join(values)) for name, values in seen.items()]


SHOWN = ("cpu", "python", "torch", "actlab", "revision")

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--partial"]
    if len(words) != 1:
        raise SystemExit(__doc__)
    publish(Path(words[0]), "--partial" in sys.argv)
