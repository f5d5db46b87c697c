"""Docstrings as reStructuredText: bars and stars in them are mathematics, not markup."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

VERBATIM = ("::", "Example:")
"""After a line that ends so, everything indented is left as it is."""


def escape(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape what reStructuredText would take for a substitution or emphasis."""
    verbatim = False
    for place, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            verbatim = False
        if not verbatim and ">>>" not in line:
            lines[place] = _escaped(line)
        verbatim = verbatim or line.endswith(VERBATIM)


def _escaped(line: str) -> str:
    """A line with bars and stars escaped, but for a bullet and what stands between backticks."""
    indent = line[: len(line) - len(line.lstrip())]
    bullet = "* " if line.lstrip().startswith("* ") else ""
    parts = line[len(indent) + len(bullet) :].split("``")
    parts[::2] = [part.replace("|", r"\|").replace("*", r"\*") for part in parts[::2]]
    return indent + bullet + "``".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at every docstring that autodoc has read, before its sections are."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
