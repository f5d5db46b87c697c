"""Engines by name, checked before anything runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from types import MappingProxyType
from typing import Any

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.lab.engines.interface import BuildEngine

ENGINES = ("local", "ray", "slurm")

LIBRARIES: Mapping[str, str] = MappingProxyType({"ray": "ray", "slurm": "submitit"})
"""What an engine needs beside the default installation; the extra has the engine's name."""


def engine_named(name: str, workers: int | None = None, **options: Any) -> BuildEngine:
    """What builds an engine, for :func:`actlab.lab.runner.run_plan`.

    Nothing is started yet, and nothing optional is imported that the engine does not need.

    Args:
        name: ``local``, ``ray`` or ``slurm``.
        workers: cells computed at once, at least 1. Slurm: jobs at once, 16 by default. Ray: every
            processor of the cluster by default. ``local`` has no default.
        options: those of the engine, all keywords. Ray: see
            :class:`~actlab.lab.engines.ray_cluster.RayOptions`; Slurm: see
            :class:`~actlab.lab.engines.slurm.SlurmOptions`; ``local`` has none.

    Raises:
        UnknownNameError: no such engine, or no such option of it.
        MissingExtraError: the engine's library is not installed.
        ValueError: a number out of range, or an option left out that the engine needs.

    Example:
        >>> build = engine_named("local", 2)
        >>> build(lambda cell, worker: None, lambda cell, share: None).workers
        2
    """
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    library = LIBRARIES.get(name)
    if library and importlib.util.find_spec(library) is None:
        raise MissingExtraError(f"the {name} engine", name)
    if name == "ray":
        from actlab.lab.engines.ray_cluster import RayEngine, RayOptions

        return partial(RayEngine, workers, _checked(name, RayOptions, options))
    if name == "slurm":
        from actlab.lab.engines.slurm import SlurmEngine, SlurmOptions

        if "folder" not in options:
            raise ValueError("the slurm engine needs a folder that every machine sees")
        return partial(SlurmEngine, workers or 16, _checked(name, SlurmOptions, options))
    from actlab.lab.engines.local import LocalEngine

    if options:
        raise UnknownNameError("option of the local engine", min(options), (), "it has none")
    if workers is None:
        raise ValueError("workers must be given for the local engine")
    return partial(LocalEngine, workers)


def _checked(engine: str, kind: Any, options: Mapping[str, Any]) -> Any:
    known = [field.name for field in fields(kind)]
    for option in options:
        if option not in known:
            raise UnknownNameError(f"option of the {engine} engine", option, known)
    return kind(**options)
