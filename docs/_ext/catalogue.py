"""Generates the gallery and a page for each activation from the definitions, before each build."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from activation_page import page
from actlab import get, names
from curves import picture
from gallery import gallery

FOLDER = "activations"


def generate(app: Sphinx) -> None:
    """Write the pages into ``activations/``, which git ignores; only what has changed."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    definitions = [get(name) for name in names()]
    wanted = dict(zip((f"{name}.md" for name in names()), _pages(names()), strict=True))
    wanted["index.md"] = gallery(definitions) + _contents(names())
    hero = Path(app.srcdir) / "_generated" / "hero.html"
    hero.parent.mkdir(exist_ok=True)
    hero.write_text(
        '<div class="hero">'
        + "".join(
            f"<figure>{picture(get(name), height=150)}<figcaption>{name}</figcaption></figure>"
            for name in ("powerlu", "expolu", "ralu", "elu")
        )
        + "</div>",
        encoding="utf-8",
    )
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _pages(chosen: list[str]) -> list[str]:
    """The pages, analysed in as many processes as there are processors."""
    # Started afresh: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=_quietly) as pool:
        return list(pool.map(_page, chosen, chunksize=1))


def _quietly() -> None:
    import torch

    torch.set_num_threads(1)


def _page(name: str) -> str:
    return page(get(name))


def _contents(chosen: list[str]) -> str:
    """The navigation, in alphabetical order."""
    lines = "\n".join(chosen)
    return f"\n```{{toctree}}\n:hidden:\n\n{lines}\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate when the builder is ready."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
