"""``actlab build``: compile the native CPU kernels, or those of the user's own activations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from actlab.core import Activation

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def build(*names: str, force: Flag = False, sanitize: str = "") -> None:
    """Compile the native CPU kernels, or those of activations of your own.

    Without NAMES, those of the activations that come with actlab, into the installed package.
    Those of named activations go into the user's cache (or the folder in ACTLAB_CACHE), where
    they are found by content. Nothing is done for what is up to date.

    Args:
        names: activations of your own, such as my_ramp:MY_RAMP, or of an installed package.
        force: compile what is up to date as well.
        sanitize: sanitizers to build in, such as address,undefined, for finding errors in the
            kernels; ACTLAB_KERNELS must name a folder for them.
    """
    from rich.console import Console

    from actlab import registry

    console = Console()
    own = [registry.get(name) for name in names]
    _refuse(own, sanitize)
    for definition in own:
        _build(console, definition, force, "")
    if not own:
        _build(console, None, force, sanitize)


def _refuse(own: list[Activation], sanitize: str) -> None:
    """Raise ValueError for what makes no sense, before anything is compiled."""
    from actlab import registry

    for definition in own:
        if definition in registry.shipped().values():
            raise ValueError(
                f"{definition.name} comes with actlab: `actlab build` without NAMES compiles it"
            )
    if sanitize and own:
        raise ValueError("--sanitize is for the kernels that come with actlab, without NAMES")
    if sanitize and not os.environ.get("ACTLAB_KERNELS"):
        raise ValueError(
            "--sanitize needs a folder in ACTLAB_KERNELS: the package is no place for such kernels"
        )


def _build(console: Console, definition: Activation | None, force: bool, sanitize: str) -> None:
    """Compile one definition, or all that come with actlab, and tell what came out."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from actlab.kernels import compile as kernels

    bar = Progress(
        TextColumn("compiling"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=None)
    worked = False

    def watch(done: int, total: int, title: str) -> None:
        nonlocal worked
        worked = True
        bar.update(task, completed=done, total=total, description=title)

    with bar:
        if definition is None:
            folder = kernels.build(force=force, sanitize=sanitize, watch=watch)
        else:
            folder = kernels.build_definition(definition, force=force, watch=watch)
    _tell(console, folder, worked)


def _tell(console: Console, folder: Path, worked: bool) -> None:
    from rich.text import Text

    from actlab.kernels.built import read_manifest, shared_object

    manifest = read_manifest(folder)
    if manifest is None:
        raise OSError(f"the kernels in {folder} were removed meanwhile; run the command again")
    sets = manifest["instruction_sets"]
    rows = {
        "compiler": [manifest["compiler"]["version"]],
        "torch": [manifest["torch"]],
        "activations": [", ".join(manifest["definitions"])],
        "folder": [str(folder)],
        "files": [_with_size(shared_object(folder, name)) for name in sets],
        "result": [f"compiled in {manifest['seconds']:.1f} s" if worked else "up to date"],
    }
    for heading, lines in rows.items():
        for start, line in zip([heading, *[""] * len(lines)], lines, strict=False):
            console.print(Text.assemble((f"{start:<13}", "bold"), line), soft_wrap=True)


def _with_size(path: Path) -> str:
    return f"{path.name}, {path.stat().st_size / 1e6:.2f} MB"
