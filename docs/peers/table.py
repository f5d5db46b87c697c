"""Put the measured tables into docs/peers.md, between its markers.

python docs/peers/table.py           # writes the page
python docs/peers/table.py --check   # says whether it is up to date
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.with_suffix(".md")
SHORT = {
    "found, right count": "**right**",
    "found, wrong count or place": "partly",
    "missed": "missed",
    "false alarm": "false alarm",
    "no alarm": "quiet",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in markdown."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(row: dict | None) -> str:
    """One verdict in a word or two."""
    if row is None:
        return "-"
    verdict = row["verdict"]
    if verdict.startswith("crashed"):
        return "crashed"
    mark = "†" if row.get("altered model") else ""
    if row.get("figures only"):
        return ("right‡" if verdict == "found, right count" else "figure") + mark
    return SHORT[verdict] + mark


def ran(results: dict) -> list[str]:
    """The tools that were run."""
    return [name for name, tool in results["tools"].items() if not tool["skipped"]]


def matrix(results: dict) -> str:
    """Models by tools."""
    tools = ran(results)
    rows = []
    for name, model in results["models"].items():
        units = f", {model['count']} of {model['units']}" if model["count"] else ""
        cells = [cell(results["diagnosis"][tool].get(name)) for tool in tools]
        rows.append([model["title"] + units, *cells])
    return table(["planted", *tools], rows)


def versions(results: dict) -> str:
    """Which releases were run, and how."""
    rows = []
    for name, tool in results["tools"].items():
        release = f"{tool['package']} {tool['version'] or ''}".strip()
        how = f"skipped: {tool['skipped']}" if tool["skipped"] else tool["usage"]
        rows.append([name, release, how])
    where = f"Run on {results['date']} with torch {results['torch']}, Python {results['python']}."
    return where + "\n\n" + table(["name", "release", "used as"], rows)


def details(results: dict) -> str:
    """What each tool said, for each model."""
    parts = []
    for tool in ran(results):
        rows = []
        for name, row in results["diagnosis"][tool].items():
            said = escaped(row["said"])
            rows.append([results["models"][name]["title"], row["verdict"], said])
        parts.append(
            f":::{{dropdown}} What {tool} said\n{table(['planted', 'verdict', 'said'], rows)}\n:::"
        )
    return "\n\n".join(parts)


def swaps(results: dict) -> str:
    """Models by tools that replace activations."""
    rows = []
    tools = results["swaps"]
    names = dict.fromkeys(name for tool in tools.values() for name in tool)
    for name in names:
        found = {tool: tools[tool].get(name) for tool in tools}
        title = next(row["title"] for row in found.values() if row)
        cells = []
        for row in found.values():
            if row is None:
                cells.append("-")
                continue
            notes = [f"{row['replaced']} of {row['total']}"]
            if row.get("gate kept") is not None:
                notes.append("gate kept" if row["gate kept"] else "gate replaced")
            if row.get("input overwritten as before") is False:
                notes.append("no longer overwrites: another model")
            cells.append(f"{', '.join(notes)}; said: {escaped(row['said'])}")
        rows.append([title, *cells])
    return table(["model", *tools], rows)


def overhead(result: dict) -> str:
    """What watching costs."""
    rows = []
    for name, row in result["rows"].items():
        cells = [
            f"{row[key][1]} ({row[key][0]} to {row[key][2]})"
            for key in ("step ms", "overhead %", "processor %")
        ]
        rows.append([name, *cells])
    text = table(["", "ms per step", "overhead, %", "of processor time, %"], rows)
    if result["preliminary"]:
        text = "Preliminary: other programs ran on the machine at the same time.\n\n" + text
    return f"Median (smallest to largest) of {result['rounds']} rounds of ten steps.\n\n{text}"


def escaped(text: str) -> str:
    """Text for a cell."""
    return text.replace("|", "\\|").replace("_", "\\_").replace("#", "\\#").replace("*", "\\*")


def filled(page: str) -> str:
    """The page with all tables."""
    results = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
    costs = json.loads((HERE / "overhead.json").read_text(encoding="utf-8"))
    parts = {
        "matrix": matrix(results),
        "versions": versions(results),
        "details": details(results),
        "swaps": swaps(results),
        "overhead": overhead(costs),
    }
    for name, text in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if begin not in page or end not in page:
            raise SystemExit(f"{PAGE.name} has no markers for {name}")
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        block = f"{begin}\n\n{text}\n\n{end}"
        page = re.sub(pattern, lambda _, block=block: block, page, flags=re.DOTALL)
    return page


def main() -> None:
    """Fill the page, or check that it is filled."""
    old = PAGE.read_text(encoding="utf-8")
    new = filled(old)
    if "--check" in sys.argv:
        raise SystemExit(0 if new == old else f"{PAGE.name} is out of date: run {Path(__file__)}")
    PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
