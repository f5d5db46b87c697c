"""Generates the gallery and a page for each activation from the definitions, before each build."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from activation_page import page
from actlab import get, names
from actlab.core import FAMILIES
from gallery import gallery

FOLDER = "activations"


def generate(app: Sphinx) -> None:
    """Write the pages into ``activations/``, which git ignores; only what has changed."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    definitions = [get(name) for name in names()]
    wanted = {f"{one.name}.md": page(one) for one in definitions}
    wanted["index.md"] = gallery(definitions) + _contents(definitions)
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _contents(definitions: list[Any]) -> str:
    """The navigation: one list for each family."""
    ordered = sorted(definitions, key=lambda one: (FAMILIES.index(one.family), one.name))
    blocks = []
    for family, members in itertools.groupby(ordered, key=lambda one: one.family):
        lines = "\n".join(one.name for one in members)
        caption = family[0].upper() + family[1:]
        blocks.append(f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n")
    return "".join(blocks)


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate when the builder is ready."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
