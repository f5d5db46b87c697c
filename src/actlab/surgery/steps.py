"""What a swap has done, step by step, each with what takes it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import nn

from actlab.surgery.redirect import install

Undo = Callable[[], object]


class Steps:
    """What has been done, and how it is taken back; ``check`` tells whether it still stands."""

    def __init__(self) -> None:
        self.undo: list[Undo] = []
        self.standing: list[Callable[[], bool]] = []

    def install(self, module: nn.Module, name: str, methods: Iterable[str]) -> None:
        """Give a module a scope; see ``redirect.install``."""
        remove = install(module, name, methods)
        self.undo.append(remove)
        self.standing.append(remove.stands)  # type: ignore[attr-defined]

    def back(self) -> None:
        """Take everything back, the last step first."""
        while self.undo:
            self.undo.pop()()
        self.standing.clear()

    def stands(self) -> bool:
        """Whether nothing has been put over what was done."""
        return all(check() for check in self.standing)
