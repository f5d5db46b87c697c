"""``actlab new``: a definition of your own to start from, and its conformance test."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib import resources
from pathlib import Path
from string import Template

from actlab import registry
from actlab.core import UnknownNameError

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def new(name: str, /, *, folder: Path = Path(), test: bool = True) -> None:
    """Start an activation of your own: its definition and its test.

    Writes NAME.py, a small definition that works as it stands and explains what to change, and
    test_NAME.py, which puts it through the conformance suite. Files are never overwritten.

    Args:
        name: of the activation and its file: lower-case words joined by underscores.
        folder: where the files go; it must exist.
        test: write the test too.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(
            "NAME must be lower-case words of letters and digits joined by single underscores, "
            f"such as my_ramp, and no Python keyword; got {name!r}"
        )
    if not folder.is_dir():
        raise ValueError(f"--folder must be an existing folder, got {str(folder)!r}")
    files = {folder / f"{name}.py": "activation.py.txt"}
    if test:
        files[folder / f"test_{name}.py"] = "conformance_test.py.txt"
    present = [str(path) for path in files if path.exists()]
    if present:
        exist = "exists" if len(present) == 1 else "exist"
        raise ValueError(f"{' and '.join(present)} {exist} already; nothing was written")
    taken = _meaning(name)
    if taken:
        raise ValueError(f"NAME {name!r} is taken: it already means {taken}; choose another")
    for path, template in files.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(_filled(template, name))
    _print_next(name, folder, list(files))


def _meaning(name: str) -> str:
    """What a name already means to actlab or to Python, in words; empty when nothing."""
    try:
        return f"the activation {registry.get(name).name!r}"
    except UnknownNameError:
        known = name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None
        return f"the module {name!r}" if known else ""


def _filled(template: str, name: str) -> str:
    source = resources.files("actlab.cli").joinpath("templates", template)
    words = {"name": name, "constant": name.upper(), "title": name.replace("_", " ").capitalize()}
    return Template(source.read_text(encoding="utf-8")).substitute(words)


def _print_next(name: str, folder: Path, paths: list[Path]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for path in paths:
        console.print(f"wrote {path}", markup=False)
    console.print("\nNext:", style="bold")
    if folder.resolve() != Path.cwd():
        console.print(f"  cd {folder}", markup=False)
    console.print(f"  actlab show {name}:{name.upper()}", markup=False)
    if len(paths) > 1:
        console.print(f"  python -m pytest test_{name}.py", markup=False)
    console.print(
        f'  python -c "import torch, actlab.functional as F; '
        f"print(F.call('{name}:{name.upper()}', torch.linspace(-2, 2, 5)))\"",
        markup=False,
    )
