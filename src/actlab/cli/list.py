"""``actlab list``: the activations, filtered by what they are."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

from cyclopts import Parameter

from actlab import registry
from actlab.core import Activation
from actlab.describe import parameters, smoothness, value_range
from actlab.interpret.printed import formula_text

MOST_SHOWN = 4
"""Parameters that the first column has room for."""

BESIDE_FORMULA = 50
"""Characters that the other columns need; the formulas have the rest of the terminal."""


def list_activations(
    *,
    monotone: bool | None = None,
    convex: bool | None = None,
    odd: bool | None = None,
    smooth: bool | None = None,
    bounded: bool | None = None,
    learnable: bool | None = None,
    dead: bool | None = None,
    family: str | None = None,
    since: int | None = None,
    until: int | None = None,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> None:
    """List the activations, filtered by what they are.

    Filters combine: --monotone --no-dead lists those that never decrease and have no interval
    of slope 0. Without a terminal (in a pipe), one tab-separated line for each.

    Args:
        monotone: never decreasing, or not.
        convex: convex on the whole line, or not.
        odd: f(-x) = -f(x), or not.
        smooth: infinitely differentiable, or not.
        bounded: bounded above and below, or not.
        learnable: with a parameter that its module learns by default, or without.
        dead: with an interval on which the slope is exactly 0, or without.
        family: of one family only: rectifier, "smooth rectifier", exponential, self-gated,
            sigmoid, shrinkage, power, rational, periodic, bump or other.
        since: first published in that year or later.
        until: first published in that year or earlier.
        json: print JSON, with all facts.
    """
    names = registry.names(
        monotone=monotone,
        convex=convex,
        odd=odd,
        smooth=smooth,
        bounded=bounded,
        learnable=learnable,
        dead=dead,
        family=family,
        since=since,
        until=until,
    )
    chosen = [registry.get(name) for name in names]
    if json:
        print(json_text.dumps([_facts(activation) for activation in chosen], indent=2))
    else:
        _print(chosen)


def _facts(activation: Activation) -> dict[str, Any]:
    return {
        "name": activation.name,
        "title": activation.title,
        "aliases": list(activation.aliases),
        "equivalents": registry.equivalents(activation),
        "family": activation.family,
        "year": activation.year,
        "use": activation.use,
        "formula": formula_text(activation),
        "parameters": {
            p.name: {"default": p.default, "domain": str(p.domain), "meaning": p.meaning}
            for p in activation.params
        },
        "range": value_range(activation),
        "smoothness": smoothness(activation),
        "lipschitz": activation.traits.lipschitz,
    } | registry.facts(activation)


def _print(chosen: list[Activation]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        for a in chosen:
            facts = ", ".join(_traits(a))
            print(a.name, formula_line(a), parameters(a), facts, a.family, a.year, sep="\t")
        return
    if not chosen:
        console.print("No activation is all of that.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("name and parameters", no_wrap=True)
    longest = max((len(line) for a in chosen for line in formula_text(a).splitlines()), default=0)
    room = max(12, console.width - BESIDE_FORMULA)
    table.add_column("formula", width=min(longest, room))
    table.add_column("properties")
    for a in chosen:
        defaults = ", ".join(f"{p.name}={p.default:g}" for p in a.params)
        if len(a.params) > MOST_SHOWN:
            defaults = f"{len(a.params)} parameters"
        name = Text.assemble((a.name, "bold cyan"), "\n" if defaults else "", (defaults, "dim"))
        table.add_row(name, Text(formula_text(a)), Text(_properties(a)))
    console.print(table)
    console.print(
        f"{len(chosen)} activations; actlab show NAME tells all about one.", highlight=False
    )


def formula_line(activation: Activation) -> str:
    """The formula on one line, its cases divided by semicolons."""
    return "; ".join(" ".join(line.split()) for line in formula_text(activation).splitlines())


def _properties(activation: Activation) -> str:
    return f"{activation.family}, {activation.year}: " + ", ".join(_traits(activation))


def _traits(activation: Activation) -> list[str]:
    yes = [fact for fact, holds in registry.facts(activation).items() if holds]
    smooth = [] if "smooth" in yes else [smoothness(activation)]
    dead = ["dead interval"] if "dead" in yes else []
    return [fact for fact in yes if fact != "dead"] + smooth + dead
