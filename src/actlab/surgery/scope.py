"""What the code of one module runs instead of its activations, call by call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import torch
from torch import nn

from actlab.surgery.location import Location, compiled, location

Where = tuple[Location, int]
"""A place in the code, and the how-manieth time it is passed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call as the example had it, and the key of what replaces it; None for nothing."""

    key: Any
    where: Where


Table = Mapping[str, tuple[Entry, ...]]
"""The calls of each function, in the order of the example."""


BY_NUMBER = "told by number"
"""Counted in a pass in which calls could not be told by their places in the code."""


class Run:
    """One pass through the module's code.

    Attributes:
        depth: how many other modules the code is inside of, for compilers. held: how many
            functions kept in attributes. What happens in either is theirs.
        counts: calls so far, of each function and at each place.
        whole: whether the pass began with ``forward``, so that calls can be told apart.
    """

    __slots__ = ("counts", "depth", "held", "training", "whole")

    def __init__(self, training: bool, whole: bool) -> None:
        self.depth = self.held = 0
        self.counts: dict[Hashable, int] = {}
        self.training = training
        self.whole = whole

    def count(self, what: Hashable) -> int:
        """Count one more, and say how many there are now."""
        self.counts[what] = number = self.counts.get(what, 0) + 1
        return number


class Scope:
    """The replacements in one module's code. Travels with the module into copies and files.

    Args:
        owner: the module's name, for messages.

    Attributes:
        tables: for training and evaluation, the replacements of functions by call.
        functions: those of which any call is replaced.
        alike: functions of which all calls are replaced by equal modules without state; further
            calls, and those outside ``forward``, are replaced by that of this key too.
        written: keys whose result has to be written into the input as well.
        loose: classes of modules that no module holds, so that what they do counts as the
            owner's code; some are made anew for every call.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.tables: Mapping[bool, Table] = {True: {}, False: {}}
        self.alike: Mapping[str, str] = {}
        self.written: frozenset[str] = frozenset()
        self.functions: frozenset[str] = frozenset()
        self.loose: tuple[type[nn.Module], ...] = ()
        self.python = sys.version_info[:2]
        self._prepare()

    def replace(
        self, tables: Mapping[bool, Table], alike: Mapping[str, str], written: frozenset[str]
    ) -> None:
        """Set the replacements of functions."""
        self.tables, self.alike, self.written = tables, alike, written
        self.functions = frozenset(name for table in tables.values() for name in table)

    def _prepare(self) -> None:
        self._local = threading.local()
        self._traced: Run | None = None

    @property
    def run(self) -> Run | None:
        """The pass that is under way in this thread."""
        if torch.compiler.is_compiling():  # compilers know no thread-local values
            return self._traced
        return getattr(self._local, "run", None)

    @run.setter
    def run(self, run: Run | None) -> None:
        if torch.compiler.is_compiling():
            self._traced = run
        else:
            self._local.run = run

    def has(self, training: bool, function: str, call: int) -> bool:
        """Whether a call of a function is replaced."""
        entries = self.tables.get(training, {}).get(function, ())
        return call <= len(entries) and entries[call - 1].key is not None

    def enter(self, module: nn.Module, args: Any) -> None:
        """A hook: the code calls another module."""
        if (run := self.run) is not None:
            run.depth += 1

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        """A hook: the other module is done."""
        if (run := self.run) is not None:
            run.depth -= 1

    def key(self, run: Run, function: str, frame: FrameType | None) -> str | None:
        """The replacement of a call of a function; None for the function itself.

        Args:
            run: the pass. function: its name. frame: from where it is called; None in compilers.

        Raises:
            RuntimeError: the example did not come by this call, so that it is not known what is
                to become of it.
        """
        if not run.whole and function not in self.alike:
            raise RuntimeError(
                f"{self.place} applies {function} outside forward, but its calls were swapped one "
                "by one, which holds in forward only; call the module, or swap all calls alike"
            )
        number = run.count(function)
        if function in self.alike:
            return self.alike[function]
        tables = (self.tables[run.training], self.tables[not run.training])
        entries = [table.get(function, ()) for table in tables]
        found = self.find(run, function, entries, number, frame)
        if found is None:
            self.refuse(run, f"applies {function}", number, len(entries[0]))
        return found.key

    def find(
        self,
        run: Run,
        what: str,
        entries: Sequence[tuple[Entry, ...]],
        number: int,
        frame: FrameType | None,
        own_call: bool = False,
    ) -> Entry | None:
        """The entry of a call: by its place in the code, or where that cannot be seen its number.

        Compilers see no places, change the code between two of their graphs, and another version
        of Python numbers instructions in another way.
        """
        if frame is not None and self.python == sys.version_info[:2]:
            steps, _ = location(frame, own_call)
            where = (steps, run.count((what, steps)))
            found = next((e for table in entries for e in table if e.where == where), None)
            if found is not None or not compiled(frame):
                return found
        run.counts[BY_NUMBER] = 1
        return entries[0][number - 1] if number <= len(entries[0]) else None

    def refuse(self, run: Run, what: str, number: int, known: int) -> NoReturn:
        """Raise the error for a call that the example did not have."""
        mode = "training" if run.training else "evaluation"
        raise RuntimeError(
            f"{self.place} {what} for the {number}. time in one pass in {mode} mode, in a way that "
            f"the example activations were swapped with did not have (it had {known} such calls). "
            "Undo the swap, and swap with an example that goes through all of the code, or with "
            "share_calls=True"
        )

    def finish(self, run: Run) -> None:
        """In compilers calls are told by number, so none may be missing at the end of a pass."""
        if BY_NUMBER not in run.counts or not run.whole:
            return
        for function, entries in self.tables[run.training].items():
            if function not in self.alike and run.counts.get(function, 0) != len(entries):
                raise RuntimeError(
                    f"{self.place} applies {function} {run.counts.get(function, 0)} times in this "
                    f"pass and {len(entries)} times in the example activations were swapped with; "
                    "compiled code tells calls apart by their number: swap them all alike"
                )

    @property
    def place(self) -> str:
        """The module, for messages."""
        return repr(self.owner) if self.owner else "the model"

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_local", "_traced")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()
