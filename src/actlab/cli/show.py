"""``actlab show``: all there is to know about one activation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from actlab import registry
from actlab.core import Activation
from actlab.describe import properties
from actlab.interpret.printed import derivative_text, formula_text

if TYPE_CHECKING:
    from rich.console import RenderableType

NARROWEST = 24
WIDEST = 76
"""Limits of the plot's width."""


def show(
    name: str,
    /,
    *,
    assignments: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-p"], negative=(), show_default=False)
    ] = (),
) -> None:
    """Show all there is to know about one activation, with a plot of it and its slope.

    Args:
        name: a name or alias (see actlab list), or module:object for one of your own.
        assignments: a parameter's value, such as p=4; repeat it for several. The joints and
            the plot use it; the properties are those at the defaults.
    """
    from rich.console import Console

    activation = registry.get(name)
    params = parameters(activation, assignments)
    console = Console()
    console.print(f"\n[bold]{activation.title}[/]\n", highlight=False)
    console.print(_table(activation, params))
    width = min(console.width, WIDEST)
    if width >= NARROWEST:
        console.print()
        console.print(_plot(activation, params, width, console.options.ascii_only))


def parameters(activation: Activation, assignments: Sequence[str]) -> dict[str, float]:
    """Every parameter's value from words such as ``p=4``."""
    values: dict[str, float] = {}
    for assignment in assignments:
        key, equals, written = assignment.partition("=")
        if not equals:
            raise ValueError(f"a parameter is set as NAME=NUMBER, such as p=2; got {assignment!r}")
        param = activation.param(key)
        try:
            number = float(written)
        except ValueError:
            raise ValueError(
                f"{activation.name}: {key} must be a finite number in {param.domain}, "
                f"got {written!r}"
            ) from None
        values[key] = param.check(activation.name, number)
    return activation.bind((), values)


def _table(activation: Activation, params: dict[str, float]) -> RenderableType:
    """Headings with their lines; those with nothing to say are left out."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for heading, lines in _sections(activation, params):
        if lines:
            table.add_row(heading, Text("\n".join(lines)))
    return table


def _sections(
    activation: Activation, params: dict[str, float]
) -> Iterator[tuple[str, Sequence[str]]]:
    yield "f(x)", formula_text(activation).splitlines()
    yield "f'(x)", derivative_text(activation).splitlines()
    yield "parameters", [_parameter_line(activation, key, params) for key in params]
    yield "joints", list(_joint_lines(activation, params))
    others = params != activation.defaults
    yield "properties", ["; ".join(properties(activation)) + " (at the defaults)" * others]
    yield "backward", [_saved_line(activation)]
    yield "use", [activation.use] if activation.use else []
    yield "notes", activation.notes
    yield "from", [f"{reference}." for reference in activation.references]
    yield "names", [", ".join([registry.address(activation), *activation.aliases])]
    yield "same as", registry.equivalents(activation)


def _parameter_line(activation: Activation, key: str, params: dict[str, float]) -> str:
    param = activation.param(key)
    default = "" if params[key] == param.default else f" (default {param.default:g})"
    learned = "; learned by its module" if param.learnable else ""
    meaning = f": {param.meaning}" if param.meaning else ""
    return f"{key} = {params[key]:g}{default} in {param.domain}{meaning}{learned}"


def _joint_lines(activation: Activation, params: dict[str, float]) -> Iterator[str]:
    for joint in activation.joints:
        place = _with_value(joint.at, joint.where(**params))
        slope = _with_value(joint.slope, joint.slope_at(**params))
        yield f"at x = {place} the slope is taken as {slope}"


def _with_value(text: str, value: float) -> str:
    """``p/2 = 1``, or just ``1`` where text and value say the same."""
    number = f"{value:.6g}"
    return text if text == number else f"{text} = {number}"


def _saved_line(activation: Activation) -> str:
    other = activation.from_output
    if other is None:
        return "keeps the input"
    note = f": {other.note}" if other.note else ""
    if activation.saves == "output":
        return f"keeps the output, or the input on request. From the output{note}."
    return f"keeps the input, or the output on request. From the output{note}."


def _plot(
    activation: Activation, params: dict[str, float], width: int, ascii_only: bool
) -> RenderableType:
    from actlab.cli.plot import draw
    from actlab.interpret import mp

    return draw(
        lambda x: float(mp.value(activation, x, params)),
        lambda x: float(mp.slope(activation, x, params)),
        [joint.where(**params) for joint in activation.joints],
        width=width,
        ascii_only=ascii_only,
    )
