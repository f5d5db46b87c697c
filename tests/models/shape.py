"""What is known of a model whose shape breaks tools: where its activations are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True, slots=True)
class Shape:
    """A small model and where it applies activations.

    Attributes:
        name: what is special about it.
        build: makes it, in training mode, the same one every time.
        example: its inputs: a tensor, a tuple of positional or a dict of keyword arguments.
        sites: the names of all sites that run in training or in evaluation, in the order of
            execution; layers and code that cannot be looked into have fields of their own.
        swappable: those of them that a rule for ``function`` replaces.
        function: the activation the rule is about, by its name in the catalogue.
        gates: the sites that are gates.
        recurrent: paths of torch's recurrent layers, whose own functions are not in ``sites``.
        hidden: paths of modules whose operations cannot be seen; likewise.
        unreached: activation modules in the tree that never run; likewise.
        train_only, eval_only: sites that run in that mode only.
        in_place: sites that overwrite their input. needs_in_place: and whose input is used later.
        calls: how often a site runs in one pass of the model, where that is not once.
        channels: of some sites, the dimension along which units lie, counted from the front, and
            how many there are.
        places: of modules in several places of the tree, all of these, by the first.
        note: what in these expectations is a matter of taste.
    """

    name: str
    build: Callable[[], nn.Module]
    example: Callable[[], Any]
    sites: tuple[str, ...]
    swappable: tuple[str, ...]
    function: str = "relu"
    gates: tuple[str, ...] = ()
    recurrent: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ()
    eval_only: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()
    needs_in_place: tuple[str, ...] = ()
    calls: tuple[tuple[str, int], ...] = ()
    channels: tuple[tuple[str, int, int], ...] = ()
    places: tuple[tuple[str, ...], ...] = ()
    note: str = ""

    def __str__(self) -> str:
        return self.name
