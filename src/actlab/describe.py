"""Descriptions of an activation made from its definition, so that they cannot drift from it."""

from __future__ import annotations

import inspect
import textwrap

from actlab.core import Activation
from actlab.interpret.printed import formula_text

INFINITE = float("inf")


def parameters(activation: Activation) -> str:
    """The parameters with defaults and domains, such as ``p=2 in (0, inf)``."""
    return ", ".join(f"{p.name}={p.default:g} in {p.domain}" for p in activation.params) or "none"


def smoothness(activation: Activation) -> str:
    """``C^k`` or ``smooth``."""
    k = activation.traits.smoothness
    return "smooth" if k == INFINITE else f"C^{k:g}"


def value_range(activation: Activation) -> str:
    """The closure of the range, such as ``[0, inf)``."""
    low, high = activation.traits.low, activation.traits.high
    return _interval(low, high)


def _interval(low: float, high: float) -> str:
    """A closed interval, such as ``[0, inf)``."""
    left = f"[{low:.6g}" if low > -INFINITE else "(-inf"
    right = f"{high:.6g}]" if high < INFINITE else "inf)"
    return f"{left}, {right}"


def properties(activation: Activation) -> list[str]:
    """Facts at the default parameters, a few words each."""
    traits = activation.traits
    facts = [
        "monotone" if traits.monotone else "not monotone",
        *(["convex"] if traits.convex else []),
        *(["odd"] if traits.odd else []),
        smoothness(activation),
        f"range {value_range(activation)}",
        f"Lipschitz constant {traits.lipschitz:.6g}",
    ]
    dead = [_interval(*ends) for ends in (traits.dead, traits.dead_above) if ends is not None]
    if dead:
        facts.append(f"slope exactly 0 on {' and '.join(dead)}")
    return facts


def joints(activation: Activation) -> list[str]:
    """The joints with the slope taken there."""
    return [f"slope {joint.slope} at x = {joint.at}" for joint in activation.joints]


def signature(activation: Activation, **keywords: object) -> inspect.Signature:
    """``(x, PARAMETERS=DEFAULTS, *, KEYWORDS=DEFAULTS)``."""
    kind = inspect.Parameter
    return inspect.Signature(
        [
            kind("x", kind.POSITIONAL_OR_KEYWORD),
            *(
                kind(p.name, kind.POSITIONAL_OR_KEYWORD, default=p.default)
                for p in activation.params
            ),
            *(kind(name, kind.KEYWORD_ONLY, default=value) for name, value in keywords.items()),
        ]
    )


def docstring(activation: Activation) -> str:
    """A docstring for the torch function of an activation."""
    return docstring_of(
        activation,
        "    channel_dim: dimension along which 1-D parameters lie. Default: 1.\n"
        "    backend: None for the best available; a name runs it or raises. Default: None.\n"
        f"    save: what backward works from. Default: {activation.saves!r}.\n",
        "(*) to (*), same dtype, and same strides when x is dense.",
        "    >>> import torch, actlab.functional as F\n"
        f"    >>> F.{activation.name}(torch.zeros(2, 3)).shape\n"
        "    torch.Size([2, 3])\n",
    )


def docstring_of(activation: Activation, options: str, shape: str, example: str) -> str:
    """A docstring for the function of an activation in some library.

    Args:
        activation: the definition.
        options: the lines of arguments beside ``x`` and the parameters.
        shape: of what goes in and comes out.
        example: its lines.
    """
    keywords = "".join(
        f"    {p.name}: {p.meaning or 'parameter'}, in {p.domain}. Default: {p.default:g}.\n"
        for p in activation.params
    )
    formula = textwrap.indent(formula_text(activation), "    ")
    joined = "\n".join(f"- {note}" for note in [*joints(activation), *activation.notes])
    references = "\n".join(f"    {reference}." for reference in activation.references)
    return (
        f"{activation.title}.\n\n"
        f"Formula::\n\n{formula}\n\n"
        "Args:\n"
        "    x: any shape; float64, float32, float16 or bfloat16.\n"
        f"{keywords}"
        f"{options}\n"
        f"Shape:\n    {shape}\n\n"
        "Raises:\n"
        "    ValueError: a parameter is NaN, infinite or outside its domain.\n"
        "    TypeError: a dtype or parameter type that is not accepted.\n\n"
        f"Properties: {'; '.join(properties(activation))}.\n\n"
        + (f"Notes:\n{textwrap.indent(joined, '    ')}\n\n" if joined else "")
        + f"Reference:\n{references}\n\n"
        f"Example:\n{example}"
    )
