"""Definitions printed as JavaScript, for pages that compute in the browser.

Every formula becomes ``(p) => (x) => number``: the outer function takes the parameters and
computes what depends on them alone, the inner one runs for every x. The primitives are those
of ``M``, which ``explore/templates/maths.js`` supplies in double precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actlab.core import Activation, Joint
from actlab.core.spec import Formula
from actlab.interpret.dual import partial_formula, slope_formula
from actlab.interpret.graph import printing, traced
from actlab.interpret.js_naive import naive_function, plain_function
from actlab.interpret.js_statements import Writer, literal, parameter
from actlab.interpret.printed import Expression, expression


@dataclass(frozen=True, slots=True)
class Functions:
    """JavaScript functions of one definition, each as an expression.

    Attributes:
        value, slope, curvature: ``(p) => (x) => number`` for f, its declared derivative, and
            the derivative of that.
        partials: the same for the derivative in each parameter, by name.
        joints: ``(p) => number`` for the place of each joint.
        moving: which joints are known as a function of the parameters; the others only at the
            defaults, for which ``joints`` then hold a constant.
        naive: ``(p) => (x, r) => [value, slope]``: the printed formula with ``r`` around every
            operation, and its gradient by the chain rule, likewise.
    """

    value: str
    slope: str
    curvature: str
    partials: Mapping[str, str]
    joints: tuple[str, ...]
    moving: tuple[bool, ...]
    naive: str


def functions(definition: Activation) -> Functions:
    """The JavaScript functions of a definition.

    Args:
        definition: one whose formulas the graph and the printing interpreter know.

    Raises:
        UnprintableError: a formula uses what printers have no form for.

    Example:
        >>> from actlab import registry
        >>> from actlab.interpret.js import functions
        >>> print(functions(registry.get("tanh")).value)
        (p) => {
        return (x) => {
        if (x !== x) return x;
        return M.tanh(x);
        };
        }
    """
    names = tuple(param.name for param in definition.params)
    with printing(definition.name, "JavaScript has"):
        value = _function(definition.forward, names)
        joints = [_joint(joint, definition) for joint in definition.joints]
        tree = expression(definition.textbook or definition.forward, definition)
        return Functions(
            value=value,
            slope=_function(definition.derivative, names),
            curvature=_function(slope_formula(definition.derivative), names),
            partials={
                name: _function(partial_formula(definition.forward, name), names) for name in names
            },
            joints=tuple(text for text, _ in joints),
            moving=tuple(moves for _, moves in joints),
            naive=naive_function(tree, names),
        )


def _function(formula: Formula, names: tuple[str, ...]) -> str:
    result = traced(formula, names)
    writer = Writer(result)
    text = writer.element(result)
    if text.startswith("(") and writer.lines == [] and _is_whole(text):
        text = text[1:-1]
    return "\n".join(
        [
            "(p) => {",
            *_unpacked(names),
            *writer.uniform_lines,
            "return (x) => {",
            "if (x !== x) return x;",
            *writer.lines,
            f"return {text};",
            "};",
            "}",
        ]
    )


def _is_whole(text: str) -> bool:
    """Whether the first bracket is closed by the last."""
    depth = 0
    for place, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _unpacked(names: tuple[str, ...]) -> list[str]:
    return [f"const [{', '.join(map(parameter, names))}] = p;"] if names else []


def _joint(joint: Joint, definition: Activation) -> tuple[str, bool]:
    """The place of a joint, and whether it is known for every value of the parameters."""
    names = tuple(param.name for param in definition.params)
    symbols: dict[str, Any] = {name: Expression("name", (name,)) for name in names}
    try:
        place = joint.where(**symbols)
    except Exception:
        # A place may be computed in any way: it is then known for the defaults.
        constant = literal(joint.where(**definition.defaults))
        return f"(p) => {constant}", False
    return plain_function(place, names), True
