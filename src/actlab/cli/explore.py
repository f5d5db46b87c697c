"""``actlab explore``: one offline page to look at activations and compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from actlab import registry


def explore(
    *names: str,
    output: Path = Path("explorer.html"),
    open: Annotated[bool, Parameter(name="--open", negative=(), show_default=False)] = False,
) -> None:
    """Write one offline page to look at activations and compare them.

    The page shows every function with its derivatives, what it does to a signal, through how
    many layers a gradient survives, and what narrow number formats make of it. It needs no
    network and can be sent to others; its address holds the view.

    Args:
        names: the activations it shows; all of them where none are named.
        output: the file; its folder must exist. An older page is replaced.
        open: open the page in the browser.
    """
    if output.is_dir() or not output.parent.is_dir():
        raise ValueError(f"--output must be a file in an existing folder, got {str(output)!r}")
    chosen = list(dict.fromkeys(registry.get(name) for name in names or registry.names()))
    from actlab.explore.page import render
    from actlab.records.durable import publish_file

    content = render(chosen).encode("utf-8")
    publish_file(output, content)
    count = f"{len(chosen)} activation{'s' if len(chosen) != 1 else ''}"
    print(f"wrote {output}: {count}, {len(content) / 1e6:.2f} MB")
    if open:
        import webbrowser

        webbrowser.open(output.resolve().as_uri())
