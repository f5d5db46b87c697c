"""The reliability page: what is promised, with the figures of the last measurement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from actlab import testing


def generate(app: Sphinx) -> None:
    """Write the tables that the page includes."""
    source = Path(app.srcdir)
    measured = json.loads((source / "reliability.json").read_text(encoding="utf-8"))
    folder = source / "_generated"
    folder.mkdir(exist_ok=True)
    (folder / "accuracy.md").write_text(accuracy(measured), encoding="utf-8")
    (folder / "checks.md").write_text(checks(), encoding="utf-8")
    (folder / "summary.md").write_text(summary(measured), encoding="utf-8")


def summary(measured: dict[str, Any]) -> str:
    """The totals, and where they were measured."""
    found, where = measured["activations"], measured["environment"]
    inputs = sum(one["nan"]["inputs"] for one in found.values())
    passed = sum(one["checks"]["passed"] for one in found.values())
    failed = sum(one["checks"]["failed"] for one in found.values())
    nans = sum(one["nan"]["values"] + one["nan"]["slopes"] for one in found.values())
    worst32 = max(one["errors"]["float32"]["value"]["ulp"] for one in found.values())
    slope32 = max(one["errors"]["float32"]["slope"]["ulp"] for one in found.values())
    halves = sum(
        one["errors"][dtype][what]["not_nearest"]
        for one in found.values()
        for dtype in ("float16", "bfloat16")
        for what in ("value", "slope")
    )
    rows = [
        ("activations", f"{len(found)}"),
        ("finite inputs in the NaN sweep, all dtypes", f"{inputs:,}"),
        ("NaN values and gradients among them", f"{nans}"),
        (
            "checks by formula, compilers apart: passed, failed",
            f"{passed:,}, {failed}",
        ),
        ("largest float32 error, value", f"{worst32:.2f} ulp"),
        ("largest float32 error, slope", f"{slope32:.2f} ulp"),
        ("float16 and bfloat16 results that are not the nearest number", f"{halves}"),
    ]
    body = "".join(f"| {name} | {value} |\n" for name, value in rows)
    return (
        f"| measured on {where['date']} | |\n| --- | --- |\n{body}\n"
        f"actlab {where['actlab']}, torch {where['torch']}, Python {where['python']}, "
        f"{where['instruction_set']} kernels, one thread.\n"
    )


def accuracy(measured: dict[str, Any]) -> str:
    """A row for each activation: the largest errors, in units in the last place."""
    lines = [
        "| | float32 value | slope | float64 value | slope | 16 bits: not nearest |\n",
        "| --- | --- | --- | --- | --- | --- |\n",
    ]
    for name, one in measured["activations"].items():
        errors = one["errors"]
        numbers = [
            f"{errors[dtype][what]['ulp']:.2f}"
            for dtype in ("float32", "float64")
            for what in ("value", "slope")
        ]
        halves = sum(
            errors[dtype][what]["not_nearest"]
            for dtype in ("float16", "bfloat16")
            for what in ("value", "slope")
        )
        lines.append(f"| [{name}](activations/{name}.md) | {' | '.join(numbers)} | {halves} |\n")
    return "".join(lines)


def checks() -> str:
    """A row for each group of checks with the first line of what each one checks."""
    groups: dict[str, list[str]] = {}
    for check in testing.checks():
        text = (check.run.__doc__ or "").strip().splitlines()
        groups.setdefault(check.group, []).append(text[0] if text else check.name)
    lines = ["| group | what is checked |\n", "| --- | --- |\n"]
    for group, texts in groups.items():
        told = " ".join(dict.fromkeys(text.replace("|", r"\|") for text in texts))
        lines.append(f"| {group} | {told} |\n")
    return "".join(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate when the builder is ready."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
