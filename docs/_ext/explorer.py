"""Puts the explorer, one HTML file, beside the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def write(app: Sphinx, error: Exception | None) -> None:
    """Write it into the finished site."""
    if error is None and app.builder.format == "html":
        from actlab import get, names
        from actlab.explore.page import render

        path = Path(app.outdir) / "explorer-page.html"
        path.write_text(render([get(name) for name in names()]), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write when the build has finished."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
