"""What the code of one module runs instead of its activations, call by call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

Table = Mapping[str, tuple[str | None, ...]]
"""For a function: of its first, second ... call, the key of the replacement or None for itself."""


class Run:
    """One pass through the module's code.

    Attributes:
        depth: how many other modules the code is inside of; what happens there is theirs.
        counts: calls of each function and of each divided module so far.
        whole: whether the pass began with ``forward``, so that calls can be told apart.
    """

    __slots__ = ("counts", "depth", "training", "whole")

    def __init__(self, training: bool, whole: bool) -> None:
        self.depth = 0
        self.counts: dict[str, int] = {}
        self.training = training
        self.whole = whole


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
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.tables: Mapping[bool, Table] = {True: {}, False: {}}
        self.alike: Mapping[str, str] = {}
        self.written: frozenset[str] = frozenset()
        self.functions: frozenset[str] = frozenset()
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
        keys = self.tables.get(training, {}).get(function, ())
        if call <= len(keys):
            return keys[call - 1] is not None
        return False

    def enter(self, module: nn.Module, args: Any) -> None:
        """A hook: the code calls another module."""
        if (run := self.run) is not None:
            run.depth += 1

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        """A hook: the other module is done."""
        if (run := self.run) is not None:
            run.depth -= 1

    def key(self, run: Run, function: str) -> str | None:
        """The replacement of the next call of a function; None for the function itself.

        Raises:
            RuntimeError: the call was not seen when activations were swapped, so that it is not
                known what is to become of it.
        """
        if not run.whole:
            if function in self.alike:
                return self.alike[function]
            raise RuntimeError(
                f"{self.where} applies {function} outside forward, but its calls were swapped one "
                "by one, which holds in forward only; call the module, or swap all calls alike"
            )
        call = run.counts.get(function, 0)
        run.counts[function] = call + 1
        keys = self.tables[run.training].get(function, ())
        if call < len(keys):
            return keys[call]
        if function in self.alike:
            return self.alike[function]
        mode = "training" if run.training else "evaluation"
        raise RuntimeError(
            f"{self.where} applies {function} for the {call + 1}. time in one pass in {mode} mode; "
            f"the example that activations were swapped with had {len(keys)}. Undo the swap, and "
            "swap with an example that goes through all of the code"
        )

    @property
    def where(self) -> str:
        """The module, for messages."""
        return repr(self.owner) if self.owner else "the model"

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_local", "_traced")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()
