"""Where a Ray cluster is, and whether anything answers there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from actlab.lab.engines.interface import EngineError

ADDRESS = re.compile(r"auto|(ray://)?(?P<host>\[[0-9a-fA-F:]+\]|[^\s/:]+):(?P<port>\d{1,5})")

PATIENCE = 10.0
"""Seconds to wait for a connection."""


def check_reachable(address: str) -> None:
    """See that something listens at an address; Ray itself would try for minutes.

    Args:
        address: matches ``ADDRESS``.

    Raises:
        EngineError: nothing does.
    """
    place = _latest() if address == "auto" else address
    if place is None:
        raise EngineError(
            "this machine is part of no Ray cluster; `ray start --head` starts one, and without "
            "an address one is started for the run"
        )
    found = ADDRESS.fullmatch(place)
    if found is None or found["host"] is None:
        return  # whatever it is, Ray has named it itself
    try:
        host, port = found["host"].strip("[]"), int(found["port"])
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        where = place if address == place else f"{place}, where the last cluster here was"
        raise EngineError(f"no Ray cluster answers at {where}: {error}") from None


def _latest() -> str | None:
    """The cluster that ``auto`` stands for; None when there is none."""
    from ray._private.services import canonicalize_bootstrap_address

    return canonicalize_bootstrap_address("auto")


@contextmanager
def notices_hushed() -> Iterator[None]:
    """Keep Ray from printing on standard output whenever a worker or a machine is lost.

    It does so whatever ``log_to_driver`` says. The run tells of losses in its own way, and what
    it prints may be read by a program.
    """
    from ray._private import worker

    printed = getattr(worker, "print_to_stdstream", None)
    if printed is None:
        yield
        return
    worker.print_to_stdstream = lambda *args, **kwargs: None
    try:
        yield
    finally:
        worker.print_to_stdstream = printed
