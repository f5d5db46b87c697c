"""Definitions to shared objects, one for each instruction set.

The kernels of the shipped definitions lie in the package and are built by ``setup.py`` and
``actlab build``; those of other definitions lie in the user's cache, by content hash.
The standard library only: ``setup.py`` comes here where nothing else is installed.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actlab import registry
from actlab.core import Activation
from actlab.interpret import cpp
from actlab.kernels.built import (
    CSRC,
    MANIFEST,
    cache_folder,
    digest,
    fingerprint,
    kernels_folder,
    problem,
    read_manifest,
    shared_object,
)
from actlab.kernels.objects import (
    Unit,
    Watch,
    call,
    compile_units,
    csrc_digest,
    in_parallel,
    objects_folder,
    place,
)
from actlab.kernels.toolchain import (
    STABLE_ABI,
    BuildError,
    Compiler,
    Torch,
    compile_flags,
    find_compiler,
    find_torch,
    instruction_sets,
    missing,
    sanitizer_flags,
)

__all__ = [
    "BuildError",
    "build",
    "build_definition",
    "definition_folder",
    "fingerprint",
    "kernels_folder",
    "missing",
    "problem",
    "read_manifest",
    "shared_object",
]

NAMESPACE = "actlab"
"""Of the shipped kernels' operations; an underscore and the instruction set follow."""

LIBRARY = "library.cpp"
"""The unit in csrc that makes operations of a table of functions, the only one to know torch."""


@dataclass(frozen=True)
class Order:
    """What to build and where.

    Args:
        folder: of the shared objects.
        definitions: what they hold, in this order.
        namespace: of their operations.
        fingerprint: of what the definitions' C++ is made from.
        sanitize: sanitizers to build in.
        force: build what is there already.
    """

    folder: Path
    definitions: tuple[Activation, ...]
    namespace: str
    fingerprint: str
    sanitize: str = ""
    force: bool = False


def build(
    folder: Path | None = None,
    *,
    force: bool = False,
    sanitize: str = "",
    watch: Watch | None = None,
) -> Path:
    """Compile the shipped definitions, unless what would come out is there.

    Meant for a process of its own: definitions are taken as imported, and a process that
    imported them before a file was changed would compile the old ones.

    Args:
        folder: where the shared objects go. Default: :func:`kernels_folder`.
        force: compile in any case.
        sanitize: sanitizers to build in, such as ``address,undefined``.
        watch: called as the work goes on.

    Returns:
        The folder.

    Raises:
        BuildError: the compiler or torch is missing, compiling failed, or the folder cannot
            be written.
    """
    definitions = tuple(registry.shipped().values())
    folder = folder or kernels_folder()
    order = Order(folder, definitions, NAMESPACE, fingerprint(), sanitize, force)
    return _carry_out(order, watch)


def build_definition(
    definition: Activation, *, force: bool = False, watch: Watch | None = None
) -> Path:
    """Compile one definition into the user's cache, unless it is there.

    Args:
        definition: any definition whose formulas can be printed as C++.
        force: compile in any case.
        watch: called as the work goes on.

    Returns:
        The folder with the shared objects and their manifest.

    Raises:
        BuildError: the compiler or torch is missing, compiling failed, or the cache cannot
            be written.
        ValueError: a formula uses what has no C++ form.
    """
    folder = definition_folder(definition)
    if not force and read_manifest(folder) is not None:
        return folder
    content = folder.name
    order = Order(folder, (definition,), f"{NAMESPACE}_{content[:16]}", content, force=force)
    return _carry_out(order, watch)


def definition_folder(definition: Activation) -> Path:
    """Where the kernels of a definition lie once built, named after a hash of their content.

    The compiler is no part of it: what was compiled serves where there is none.
    """
    words = [
        cpp.functions_source(definition),
        cpp.table_source((definition,), NAMESPACE),
        csrc_digest("*"),
        STABLE_ABI,
        *(f"{name} {' '.join(compile_flags(name))}" for name in instruction_sets()),
    ]
    return cache_folder() / "native" / digest(word.encode() for word in words)


def _carry_out(order: Order, watch: Watch | None) -> Path:
    began = time.perf_counter()
    compiler, torch = find_compiler(), find_torch()
    sets = instruction_sets()
    stamp: dict[str, Any] = {
        "namespace": order.namespace,
        "fingerprint": order.fingerprint,
        "definitions": [definition.name for definition in order.definitions],
        "instruction_sets": list(sets),
        "flags": {name: list(compile_flags(name, order.sanitize)) for name in sets},
        "compiler": {"command": list(compiler.command), "version": compiler.version},
        "torch": torch.version,
    }
    with _alone_in(order.folder):
        found = read_manifest(order.folder)
        if not order.force and found is not None and stamp.items() <= found.items():
            return order.folder
        with objects_folder() as cache:
            units = {name: _units(order, name, torch) for name in sets}
            made = iter(
                compile_units(
                    [unit for of_set in units.values() for unit in of_set],
                    compiler,
                    cache,
                    force=order.force,
                    watch=watch,
                )
            )
            objects = {name: [next(made) for _ in of_set] for name, of_set in units.items()}
            linked = _link(order, objects, compiler, torch)
        stamp["seconds"] = round(time.perf_counter() - began, 2)
        _install(order.folder, linked, stamp)
    return order.folder


def _units(order: Order, name: str, torch: Torch) -> list[Unit]:
    """The units of one shared object: those in csrc, one per definition, and the table."""
    flags = compile_flags(name, order.sanitize)
    units = []
    for path in sorted(CSRC.glob("*.cpp")):
        knows_torch = path.name == LIBRARY
        own = (STABLE_ABI, "-I", str(torch.include)) if knows_torch else ()
        depends = torch.version if knows_torch else ""
        text = path.read_text(encoding="utf-8")
        title, prefix = f"{path.name} for {name}", f"{path.stem}-{name}"
        units.append(Unit(title, prefix, text, (*flags, *own), depends))
    for definition in order.definitions:
        text = cpp.functions_source(definition)
        units.append(
            Unit(f"{definition.name} for {name}", f"{definition.name}-{name}", text, flags)
        )
    table = cpp.table_source(order.definitions, f"{order.namespace}_{name}")
    units.append(Unit(f"the table for {name}", f"table-{name}", table, flags))
    return units


def _link(
    order: Order, objects: Mapping[str, Sequence[Path]], compiler: Compiler, torch: Torch
) -> dict[Path, Path]:
    """Link each instruction set's objects; by the final path, the path of what was linked."""
    passing = {
        name: (place := shared_object(order.folder, name)).with_name(f".{place.name}")
        for name in objects
    }
    options = ["-shared", *sanitizer_flags(order.sanitize)]
    if sys.platform == "linux" and not order.sanitize:
        # What is misspelt shows here and not when it is loaded; sanitizers come at run time.
        options.append("-Wl,-z,defs")

    def link(name: str) -> Path:
        # No run path: torch is in the process already when this is loaded.
        libraries = [f"-L{torch.lib}", "-ltorch_cpu"]
        paths = [str(path) for path in objects[name]]
        words = [*options, "-o", str(passing[name]), *paths, *libraries]
        call([*compiler.command, *words], f"linking the kernels for {name}")
        return passing[name]

    in_parallel(link, list(objects))
    return {shared_object(order.folder, name): path for name, path in passing.items()}


def _install(folder: Path, linked: Mapping[Path, Path], stamp: Mapping[str, Any]) -> None:
    """Put shared objects in place; the manifest, which vouches for them, goes first and last.

    Processes that have an old one loaded keep it: its file is replaced, not written to.
    """
    manifest = folder / MANIFEST
    manifest.unlink(missing_ok=True)
    for final, path in linked.items():
        os.replace(path, final)
    for left in folder.glob("*.so"):
        if left not in linked:
            left.unlink()
    sizes = {final.name: final.stat().st_size for final in linked}
    text = json.dumps({**stamp, "sizes": sizes}, indent=1) + "\n"
    place(manifest, lambda passing: passing.write_text(text, encoding="utf-8"))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Make a folder and let no other process build in it meanwhile.

    Raises:
        BuildError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise BuildError(_unwritable(folder, error.strerror or str(error))) from error
    try:
        if not os.access(folder, os.W_OK):
            raise BuildError(_unwritable(folder, "no permission"))
        with suppress(OSError):  # some network folders have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        for left in folder.glob(".actlab_*"):
            left.unlink(missing_ok=True)
        os.close(handle)


def _unwritable(folder: Path, why: str) -> str:
    return (
        f"{folder} cannot be written ({why}); name a folder of yours in ACTLAB_KERNELS for the "
        "kernels that come with actlab, in ACTLAB_CACHE for others, whenever you use actlab"
    )
