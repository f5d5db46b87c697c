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
        if not verbatim and ">>>" not in line and "``" not in line:
            lines[place] = line.replace("|", r"\|").replace("*", r"\*")
        verbatim = verbatim or line.endswith(VERBATIM)


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at every docstring that autodoc has read, before its sections are."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
