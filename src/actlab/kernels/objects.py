"""Units of C++ to object files, in parallel, each compiled once as long as nothing changes.

The standard library only: ``setup.py`` comes here where nothing else is installed.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from actlab.kernels.built import CSRC, cache_folder, digest
from actlab.kernels.toolchain import BuildError, Compiler, run

Item = TypeVar("Item")

Watch: TypeAlias = Callable[[int, int, str], None]
"""Called with what is done, how much there is, and what was done last."""

KEPT = 3000
"""Files that stay in the cache of objects: half a dozen builds."""

ERROR_LINES = 3


@dataclass(frozen=True)
class Unit:
    """A piece of C++ that becomes one object file.

    Args:
        title: what it is, for people.
        name: the beginning of its file names.
        text: the C++.
        flags: of the compiler.
        depends: what else the result depends on, such as the version of a library.
    """

    title: str
    name: str
    text: str
    flags: tuple[str, ...]
    depends: str = ""

    def __str__(self) -> str:
        return self.title


@contextmanager
def objects_folder() -> Iterator[Path]:
    """The folder of cached objects; a temporary one where the cache cannot be written."""
    folder = cache_folder() / "objects"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if writable:
        yield folder
        _forget_old(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="actlab-") as temporary:
            yield Path(temporary)


def _forget_old(folder: Path) -> None:
    """Remove all but the files used last; a file that another process took is no matter."""
    aged: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        try:
            aged.append((path.stat().st_mtime, path))
        except OSError:
            continue
    for _, path in sorted(aged, reverse=True)[KEPT:]:
        path.unlink(missing_ok=True)


def csrc_digest(pattern: str) -> str:
    """A hash over the C++ files of the package whose names fit a pattern."""
    paths = sorted(path for path in CSRC.glob(pattern) if path.is_file())
    return digest(part for path in paths for part in (path.name.encode(), path.read_bytes()))


def compile_units(
    units: Sequence[Unit],
    compiler: Compiler,
    folder: Path,
    *,
    force: bool = False,
    watch: Watch | None = None,
) -> list[Path]:
    """Compile units as far as their objects are not in ``folder``.

    Args:
        units: what to compile.
        compiler: with what.
        folder: where objects lie, and go to.
        force: compile what is there as well.
        watch: called after each unit.

    Returns:
        The object files, in the order of ``units``.

    Raises:
        BuildError: the compiler refused one; the message has its first complaints.
    """
    headers = csrc_digest("*.h")

    def task(unit: Unit) -> Path:
        return _compile(unit, compiler, folder, headers, force)

    return in_parallel(task, units, watch)


def in_parallel(
    task: Callable[[Item], Path], items: Sequence[Item], watch: Watch | None = None
) -> list[Path]:
    """What a task makes of each item, on all cores; an error stops those not begun."""
    with ThreadPoolExecutor(_cores()) as pool:
        futures = {pool.submit(task, item): str(item) for item in items}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if watch is not None:
                    watch(done, len(futures), futures[future])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _cores() -> int:
    """The cores this process may use, which in a container are not all there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _compile(unit: Unit, compiler: Compiler, folder: Path, headers: str, force: bool) -> Path:
    machine = f"{sys.platform} {platform.machine()}"
    words = [unit.text, headers, unit.depends, machine, compiler.version]
    key = digest(word.encode() for word in [*words, *compiler.command, *unit.flags])[:32]
    result = folder / f"{unit.name}-{key}.o"
    source = folder / f"{unit.name}-{digest([unit.text.encode()])[:32]}.cpp"
    if not force and _touch(result):
        return result
    # The source stays, for messages and debuggers to point into.
    place(source, lambda passing: passing.write_text(unit.text, encoding="utf-8"))
    place(result, lambda passing: _call(unit, compiler, source, passing))
    return result


def _touch(path: Path) -> bool:
    """Mark a file as used, if it is there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def place(path: Path, write: Callable[[Path], object]) -> None:
    """Let a file be written under a passing name and take its own when it is complete."""
    writer = f"{os.getpid()}-{threading.get_ident()}"
    passing = path.with_name(f".{path.stem}.{writer}{path.suffix}")
    try:
        write(passing)
        os.replace(passing, path)
    finally:
        passing.unlink(missing_ok=True)


def _call(unit: Unit, compiler: Compiler, source: Path, result: Path) -> None:
    paths = ["-I", str(CSRC), "-c", str(source), "-o", str(result)]
    call([*compiler.command, *unit.flags, *paths], f"compiling {unit.title}")


def call(command: list[str], doing: str) -> None:
    """Run a compiler or linker.

    Raises:
        BuildError: it failed; the message has its first complaints.
    """
    try:
        tried = run(command)
    except OSError as error:
        raise BuildError(f"{doing} failed: {command[0]} does not run ({error})") from error
    if tried.returncode == 0:
        return
    lines = [line.strip() for line in tried.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line or "undefined" in line] or lines
    said = "\n  ".join(errors[:ERROR_LINES]) or f"no message, exit status {tried.returncode}"
    raise BuildError(
        f"{doing} with {command[0]} failed; a newer compiler, named in CXX, may do it. It said:"
        f"\n  {said}"
    )
