"""The page of claims: every claim with its verdict, from the records of the last runs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

TIERS = ("quick", "full")
"""Whose runs are published; the table shows the last of them."""

MOST_FINDINGS = 6
"""Comparisons of one claim in the table; the page of the run has all."""


def generate(app: Sphinx) -> None:
    """Write the tables that the page includes."""
    source = Path(app.srcdir)
    folder = source / "_generated"
    folder.mkdir(exist_ok=True)
    for tier in TIERS:
        measured = json.loads((source / "claims" / f"{tier}.json").read_text(encoding="utf-8"))
        (folder / f"claims_{tier}.md").write_text(summary(measured), encoding="utf-8")
    (folder / "claims_table.md").write_text(table(measured, TIERS[-1]), encoding="utf-8")


def summary(measured: dict[str, Any]) -> str:
    """Verdicts by count, the controls, and where it was measured."""
    counts = Counter(claim["verdict"] for claim in measured["claims"])
    rows = "".join(f"| {word} | {count} |\n" for word, count in counts.most_common())
    controls = "".join(
        f"- {'passed' if one['passed'] else '**failed**'}: {_text(one['name'])}: {one['seen']}\n"
        for one in measured["controls"]
    )
    where = ", ".join(f"{name} {value}" for name, value in measured["environment"])
    missing = measured["incomplete"]
    lacking = f"\nStudies of which cells are missing: {', '.join(missing)}.\n" if missing else ""
    return (
        f"| verdict | claims |\n| --- | --- |\n{rows}\n"
        f"Measured on {measured['date']} by `{measured['command']}`: "
        f"{measured['cells']} cells, {measured['seconds'] / 60:.0f} minutes of computing on one "
        f"core; {where}.\n{lacking}\n"
        f"Controls, which must come out right before any verdict is printed:\n\n{controls}"
    )


def table(measured: dict[str, Any], tier: str) -> str:
    """A row for each claim, with links into the pages of a run."""
    lines = [
        "| | claim, stated so that it can be false | verdict | effect (interval), seeds |\n",
        "| --- | --- | --- | --- |\n",
    ]
    for claim in measured["claims"]:
        shown = [_finding(one, tier) for one in claim["findings"][:MOST_FINDINGS]]
        more = len(claim["findings"]) - len(shown)
        shown += [f"and {more} more"] if more > 0 else []
        what = "<br>".join(shown) or _text(claim["exact"] or "")
        link = f'<a href="claims-{tier}.html#{claim["id"]}">{claim["id"]}</a>'
        lines.append(f"| {link} | {_text(claim['statement'])} | {claim['verdict']} | {what} |\n")
    return "".join(lines)


def _finding(one: dict[str, Any], tier: str) -> str:
    evidence = one["evidence"]
    place = f"{evidence['study']}-{evidence['part']}-{one['regime']}"
    name = f"{evidence['study'].removeprefix('claims-').upper()}, {one['regime']}"
    if one["estimate"] is None:
        return f"{name}: {one['word']}"
    link = f'<a href="claims-{tier}-report.html#{place}">{name}</a>'
    return f"{link}: {one['word']}, {one['effect']}, {one['seeds']}"


def _text(text: str) -> str:
    """Safe inside a table of Markdown."""
    for old, new in (("|", "\\|"), ("*", "\\*"), ("<", "&lt;"), ("_", "\\_")):
        text = text.replace(old, new)
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
