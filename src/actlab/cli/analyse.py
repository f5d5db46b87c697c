"""``actlab analyse``: what an activation does to signal and gradient, before any training."""

from __future__ import annotations

import json as json_text
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from actlab import registry
from actlab.cli.show import parameters

if TYPE_CHECKING:
    from rich.console import Console

    from actlab.analysis.formats import Edges, Measured
    from actlab.analysis.summary import Analysis

Row = tuple[str, str, str]
"""What, how much, and what that means."""

WIDE = 72
"""Columns from which the meaning stands beside the number rather than below it."""


def analyse(
    name: str,
    /,
    *,
    assignments: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-p"], negative=(), show_default=False)
    ] = (),
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> None:
    """Analyse what an activation does to signal and gradient, before any training.

    Moments, gains, 30 layers of depth, shape, number formats and cost, all at the parameters
    given.

    Args:
        name: a name or alias (see actlab list), or module:object for one of your own.
        assignments: a parameter's value, such as p=4; repeat it for several.
        json: print everything as JSON.
    """
    activation = registry.get(name)
    params = parameters(activation, assignments)

    from actlab.analysis import analyse as analysis_of
    from actlab.analysis import case

    found = analysis_of(case(activation, params))
    if json:
        print(json_text.dumps(found.to_dict(), indent=2))
        return

    from rich.console import Console

    console = Console()
    values = ", ".join(f"{key} = {value:g}" for key, value in params.items())
    console.print(f"\n[bold]{activation.title}[/]", highlight=False)
    if values:
        console.print(f"at {values}", highlight=False)
    for part, heading, rows in SECTIONS:
        console.print(f"\n[bold]{heading}[/]", highlight=False)
        if any(one in found.missing for one in part.split()):
            reasons = [found.missing[one] for one in part.split() if one in found.missing]
            console.print(f"not found: {reasons[0]}", highlight=False, markup=False)
        else:
            _print(console, list(rows(found)))


def _print(console: Console, rows: list[Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    if console.width >= WIDE:
        table.add_column(no_wrap=True, min_width=15)
        table.add_column(min_width=10)
        table.add_column(style="dim")
        for what, number, meaning in rows:
            table.add_row(what, Text(number, style="cyan"), Text(meaning))
    else:
        table.add_column()
        for what, number, meaning in rows:
            table.add_row(Text.assemble(f"{what}: ", (number, "cyan")))
            if meaning:
                table.add_row(Text(f"  {meaning}", style="dim"))
    console.print(table)


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:.6g}" if math.isfinite(value) else ("unbounded" if value > 0 else f"{value}")


def _moments(found: Analysis) -> Iterator[Row]:
    at = found.moments
    yield "E f", _number(at.mean if abs(at.mean) > 1e-12 else 0.0), "mean output; 0 is centred"
    yield "E f²", _number(at.square), "mean squared output: the signal that is left"
    yield "Var f", _number(at.variance), "the part of it that tells inputs apart"
    yield "E f'", _number(at.slope), "mean slope: the linear part of the function"
    yield "E f'²", _number(at.slope_square), "mean squared slope: the gradient that is left"


def _gains(found: Analysis) -> Iterator[Row]:
    at = found.gains
    yield "forward", _number(at.forward), "1/sqrt(E f²): weights of this scale keep the signal"
    yield "backward", _number(at.backward), "1/sqrt(E f'²): weights of this scale keep the gradient"
    yield (
        "centred",
        _number(at.centred),
        "1/sqrt(Var f): the same for layers that subtract the mean",
    )
    yield "chi", _number(at.chi), "gradient² kept per layer at the forward gain; 1 is ideal"
    yield (
        "chi, normalised",
        _number(at.chi_normalised),
        "the same with a LayerNorm after every activation",
    )
    pair = at.critical
    if pair is None:
        yield "critical", "none", "no weights keep signal and gradient both: normalise instead"
    else:
        meaning = "weight and bias scales at which signal and gradient both last"
        yield "critical", f"{pair[0]:.4f}, {pair[1]:.4f}", meaning
    meaning = {
        "stable": "a signal that is too strong or too weak returns to scale 1",
        "marginal": "the signal keeps whatever scale it has",
        "unstable": "a signal that leaves scale 1 shrinks or grows for ever",
    }[at.verdict]
    yield "stability", f"{at.verdict} ({at.slope:.3f})", meaning


INITS = {
    "pytorch": "PyTorch",
    "he": "He",
    "own": "own gain",
    "critical": "critical",
    "pytorch, normalised": "with LayerNorm",
}


def _depth(found: Analysis) -> Iterator[Row]:
    for key, run in found.propagation.items():
        # A factor within rounding of 1 is 1: no sign before its 0.0.
        gradient = run.gradient[-1] if abs(run.gradient[-1]) >= 0.05 else 0.0
        power = f"10^{gradient:+.1f}" if math.isfinite(gradient) else "0"
        kept = f"signal {_number(run.variance[-1])}, two inputs {run.distance[-1]:.2g} apart"
        if run.ended:
            kept = f"ends after {run.depth} layers: {run.ended}"
        yield INITS[key], power, kept


def _shape(found: Analysis) -> Iterator[Row]:
    at, law = found.shape, found.law
    yield "direction", {"no": "turns"}.get(at.monotone, at.monotone), _turns(found)
    parity = f", {at.parity}" if at.parity else ""
    yield "bend", at.bend + parity, "convex: the slope never falls; odd: f(-x) = -f(x)"
    smooth = "smooth" if math.isinf(at.smoothness) else f"C^{at.smoothness:g}"
    yield "smoothness", smooth, "how many derivatives are continuous"
    left, right = "[("[not at.low_reached], "])"[not at.high_reached]
    ends = (f"{end:.6g}" for end in (at.low, at.high))
    yield "range", left + ", ".join(ends) + right, "the values it takes"
    yield "Lipschitz", _number(at.lipschitz), "the steepest slope: how much it can stretch"
    yield "sup |f''|", _number(at.curvature), "the sharpest bend between joints"
    for joint in at.jumps:
        change = f"{joint.left:.4g} to {joint.right:.4g}"
        yield f"kink at {joint.at:.4g}", change, "the slope jumps there"
    yield "dead", f"{law.dead:.1%}", "of standard normal inputs have slope exactly 0"
    yield "silent", f"{law.sparsity:.1%}", "of them have output exactly 0"
    yield "nonlinearity", f"{law.nonlinearity:.3f}", "part of the output no line explains"
    yield "linear SNR", f"{law.linear_snr:.3f}", "Var f / E f'²; 1 for a line, less for any other"
    yield "inverse", _inverse(found), "what the output tells of the input"


def _turns(found: Analysis) -> str:
    at = found.shape
    if at.oscillates:
        return "rises and falls without end"
    if at.extrema:
        return "turns at x = " + ", ".join(f"{x:.5g}" for x in at.extrema[:6])
    return "never falls" if at.is_monotone else "never rises"


def _inverse(found: Analysis) -> str:
    at = found.shape.inverse
    if at.kind == "bijection":
        return "bijection"
    where = " or ".join(f"({low:.4g}, {high:.4g})" for low, high in at.where)
    bits = f", else {at.bits} bit{'s' * (at.bits > 1)} more" if at.bits else ""
    return f"for y in {where}{bits}" if where else f"nowhere{bits}"


def _formats(found: Analysis) -> Iterator[Row]:
    for one in found.precision:
        yield one.dtype, _gone(one.ours), _met(one.ours)
        if one.torch is not None and one.torch != one.ours:
            yield "  torch's own", _gone(one.torch), _met(one.torch)


def _gone(at: Measured) -> str:
    text = _places(at.gradient_gone)
    return f"gradient 0 {text}" if text else "gradient never lost"


def _met(at: Measured) -> str:
    parts = []
    if text := _places(at.asymptote_met):
        parts.append(f"equals its asymptote {text}")
    if text := _places(at.value_lost):
        parts.append(f"overflows {text}")
    if text := _places(at.slope_lost):
        parts.append(f"slope overflows {text}")
    return "; ".join(parts)


def _places(edges: Edges) -> str:
    left = f"x <= {edges.left:.6g}" if edges.left is not None else ""
    right = f"x >= {edges.right:.6g}" if edges.right is not None else ""
    return " and ".join(part for part in (left, right) if part)


def _cost(found: Analysis) -> Iterator[Row]:
    at = found.cost
    for what, count in (("value", at.value), ("slope", at.slope)):
        detail = (
            f"{count.arithmetic} + - ×, {count.comparisons} comparisons, {count.slow} ÷ √, "
            f"{count.transcendental} exp and the like"
        )
        yield (
            what,
            count.kind,
            detail if count.kind != "unknown" else "the formula is not traceable",
        )
    free = "; free where the next layer keeps it too" if at.saved == "output" else ""
    yield "kept", f"{at.bytes_saved} bytes", f"per element in float32: the {at.saved}{free}"


SECTIONS = (
    ("moments", "Moments, for standard normal inputs", _moments),
    ("gains", "Gains, the scale to initialise weights with", _gains),
    ("propagation", "After 30 layers: gradient², signal, distance of two inputs", _depth),
    ("shape law", "Shape", _shape),
    ("precision", "Number formats", _formats),
    ("cost", "Cost of one element", _cost),
)
