"""What modules refuse among their arguments."""

from __future__ import annotations

from typing import Any

from actlab.nn.constraint import Constraint


def check_learned(
    owner: str, learned: tuple[str, ...], learnable: Any, count: int, constraint: Constraint
) -> None:
    """Refuse what only learned parameters can have, where none are learned."""
    if learnable not in (None, True, False):
        raise TypeError(f"{owner}: learnable must be True, False or None, got {learnable!r}")
    if learned:
        return
    if learnable:
        raise ValueError(f"{owner}: learnable=True, but it has no parameters")
    for name, value, idle in (
        ("num_parameters", count, 1),
        ("constraint", constraint, None),
    ):
        if value != idle:
            raise ValueError(
                f"{owner}: {name}={value!r} needs learnable parameters; pass learnable=True"
            )


def check_integer(owner: str, name: str, value: Any) -> None:
    """Refuse what is no integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{owner}: {name} must be an integer, got {value!r}")


def check_count(owner: str, count: Any) -> None:
    """Refuse a number of parameters below 1."""
    check_integer(owner, "num_parameters", count)
    if count < 1:
        raise ValueError(f"{owner}: num_parameters must be at least 1, got {count}")
