"""Definitions printed in the Triton language: the text that GPU kernels are compiled from.

Every formula becomes two functions: ``prepare_<form>`` computes what depends on parameters alone,
``<form>`` what runs for every element. The kernels around them are written once, in
``kernels/gpu/template.py``; the primitives in ``kernels/gpu``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.forms import direct_formulas, formulas, half_formulas
from actlab.interpret.graph import Node, printing, traced, traced_condition
from actlab.interpret.triton_statements import Double, Half, Single, Writer

FUNCTION = """\
@triton.jit
def {name}(x{arguments}):
{body}
    return {result}


"""

PREPARE = """\
@triton.jit
def prepare_{name}({parameters}STORAGE: tl.constexpr):
{body}
    return ({result})


"""

CONDITION = """\
@triton.jit
def {name}({parameters}STORAGE: tl.constexpr):
{body}
    return {result}


"""


@dataclass(frozen=True, slots=True)
class Form:
    """One formula of a definition as kernels know it.

    Attributes:
        name: of its function in the text.
        constants: nodes or numbers that depend on parameters alone, in the order of the
            function's arguments.
        exponents: places of those constants that are exponents.
    """

    name: str
    constants: tuple[Any, ...]
    exponents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A definition in the Triton language.

    Attributes:
        text: the functions, without the kernels.
        forms: by key: ``forward``, ``slope``, ``slope_from_output``, ``<name>_partial``,
            ``<name>_partial_from_output``; the first three also with ``direct_`` before them, all
            of them with ``half_``.
        usable: conditions on the parameters for these, by key, as graphs or bools.
    """

    text: str
    forms: Mapping[str, Form]
    usable: Mapping[str, Any]


def printed(definition: Activation) -> Printed:
    """The functions of one definition.

    Raises:
        UnprintableError: a formula uses what kernels have no form for.
    """
    with printing(definition.name, "kernels have"):
        return _printed(definition)


def _printed(definition: Activation) -> Printed:
    names = tuple(param.name for param in definition.params)
    text, forms = "", {}
    for key, formula in formulas(definition).items():
        written, forms[key] = _function(key, formula, names, Double)
        text += written
    for key, formula in direct_formulas(definition).items():
        written, forms[f"direct_{key}"] = _function(f"direct_{key}", formula, names, Single)
        text += written
    for key, formula in half_formulas(definition).items():
        written, forms[f"half_{key}"] = _function(f"half_{key}", formula, names, Half)
        text += written
    usable = {}
    for key, condition in conditions(definition).items():
        usable[key] = traced_condition(condition, names)
        text += _condition(key, usable[key], names)
    return Printed(text, forms, usable)


def conditions(definition: Activation) -> dict[str, Callable[..., Any]]:
    """The conditions for direct formulas, of value and slopes, and for half types in single."""
    known: dict[str, Callable[..., Any]] = {}
    direct = definition.direct
    if direct is not None:
        known["usable"] = direct.usable
        known["slopes_usable"] = direct.slopes_usable or direct.usable
    if definition.half_types is not None:
        known["half_usable"] = definition.half_types.usable
    return known


def _function(
    key: str, formula: Formula, names: tuple[str, ...], arithmetic: Any
) -> tuple[str, Form]:
    result = traced(formula, names)
    writer = Writer(names, arithmetic)
    value = writer.block(result)
    text = f"tl.where(x == x, {value}, x)"
    exponents = sorted(writer.exponents)
    arguments = [f"k{place}" for place in range(len(writer.constants))]
    arguments += [f"E{place}: tl.constexpr" for place in exponents]
    written = FUNCTION.format(
        name=key,
        arguments="".join(f", {argument}" for argument in arguments),
        body=_body(writer.lines),
        result=text,
    )
    constants = [
        f"({writer.uniform(c)}).to(tl.float64)" if c.condition else writer.uniform(c)
        for c in writer.constants
    ]
    if constants:
        written += PREPARE.format(
            name=key,
            parameters="".join(f"{name}, " for name in names),
            body=_body(writer.uniform_lines),
            result="".join(f"{text}, " for text in constants),
        )
    return written, Form(key, tuple(writer.constants), tuple(exponents))


def _condition(key: str, condition: Any, names: tuple[str, ...]) -> str:
    writer = Writer(names, Double)
    if isinstance(condition, Node):
        result = writer.uniform(condition)
    else:
        result = f"tl.full((), {bool(condition)}, tl.int1)"
    return CONDITION.format(
        name=key,
        parameters="".join(f"{name}, " for name in names),
        body=_body(writer.uniform_lines),
        result=result,
    )


def _body(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines) or "    pass"
