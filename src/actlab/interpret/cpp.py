"""Definitions printed as C++: the text that the native kernels are compiled from.

Every formula becomes a functor. ``prepare`` computes what depends on parameters alone, once per
call and channel; ``at`` is what runs for every element, free of branches so that compilers
vectorise the loop around it. The loops are written once, in ``kernels/csrc``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.cpp_statements import Writer
from actlab.interpret.forms import direct_formulas, formulas
from actlab.interpret.graph import Node, UnprintableError, printing, traced, traced_condition

__all__ = ["UnprintableError", "functions_source", "table_source"]

SLOPES = ("slope", "slope_from_output")

HEADER = """\
// Printed from the definition of {name}; edit that instead.
#include "map.h"

namespace actlab {{
namespace {{
namespace kernels_of_{name} {{

"""

STRUCT = """\
struct {name} {{
  static constexpr int constants = {count};
  static constexpr bool frequent = {frequent};
  static constexpr bool is_slope = {is_slope};
  static constexpr bool elementary = {elementary};
  static constexpr bool angles = {angles};
  static constexpr std::array<int, {exponent_count}> exponents{{{exponents}}};
  static void prepare(
      [[maybe_unused]] const double* p, [[maybe_unused]] Storage storage,
      [[maybe_unused]] double* k) {{
{prepare}
  }}
  template <class T, class K>
  ACTLAB_INLINE typename T::Value at(typename T::Value x, [[maybe_unused]] const K& k{far}) {{
    using V = typename T::Value;
{body}
  }}
}};

"""

CONDITION = """\
bool {name}([[maybe_unused]] const double* p, [[maybe_unused]] bool single) {{
{prepare}
}}

"""


def functions_source(definition: Activation) -> str:
    """The C++ unit that computes one definition: value, slopes and parameter derivatives.

    Raises:
        UnprintableError: a formula uses what kernels have no form for.
    """
    with printing(definition.name, "kernels have"):
        return _unit(definition)


def _unit(definition: Activation) -> str:
    names = tuple(param.name for param in definition.params)
    text = HEADER.format(name=definition.name)
    forms = formulas(definition)
    direct = direct_formulas(definition)
    for key, formula in forms.items():
        text += _struct(key, formula, names, frequent="partial" not in key)
    for key, formula in direct.items():
        if formula is not forms[key]:
            text += _struct(f"direct_{key}", formula, names, frequent=True)
    conditions = _conditions(definition)
    for key, usable in conditions.items():
        text += _condition(key, usable, names)

    def form(key: str) -> str:
        if key not in forms:
            return "Form{}"
        if key not in direct:
            return f"general_form<{key}>()"
        own = key if direct[key] is forms[key] else f"direct_{key}"
        condition = "usable" if key == "forward" else list(conditions)[-1]
        return f"direct_form<{key}, {own}>({condition})"

    partials = [form(f"{name}_partial") for name in names]
    from_output = [form(f"{name}_partial_from_output") for name in names]
    arrays = ""
    for array, entries in (("partials", partials), ("partials_from_output", from_output)):
        if entries:
            arrays += f"constexpr Form {array}[] = {{{', '.join(entries)}}};\n"
        else:
            arrays += f"constexpr const Form* {array} = nullptr;\n"
    return (
        text
        + arrays
        + f"\n}}  // namespace kernels_of_{definition.name}\n}}  // namespace\n\n"
        + f"extern const Function function_{definition.name};\n"
        + f"const Function function_{definition.name} = [] {{\n"
        + f"  using namespace kernels_of_{definition.name};\n"
        + f'  return Function{{"{definition.name}", {len(names)}, {form("forward")},\n'
        + f"                  {form('slope')}, {form('slope_from_output')},\n"
        + "                  partials, partials_from_output};\n}();\n\n}  // namespace actlab\n"
    )


def table_source(definitions: Sequence[Activation], namespace: str) -> str:
    """The C++ unit that lists the functions of a library, and names its operators.

    Args:
        definitions: in the order of their numbers.
        namespace: what the operators are registered under, ``torch.ops.<namespace>``.
    """
    declared = "".join(f"extern const Function function_{d.name};\n" for d in definitions)
    listed = "".join(f"    &function_{d.name},\n" for d in definitions)
    return (
        '#include "map.h"\n\nnamespace actlab {\n\n'
        + declared
        + "\nconst Function* const functions[] = {\n"
        + listed
        + f"}};\nconst int function_count = {len(definitions)};\n"
        + f'const char* const operator_namespace = "{namespace}";\n\n'
        + "}  // namespace actlab\n"
    )


def _struct(key: str, formula: Formula, names: tuple[str, ...], *, frequent: bool) -> str:
    result = traced(formula, names)
    writer = Writer(names)
    value = writer.element(result)
    if not _passes_nan(result):
        value = f"(x != x) ? x : {value}"
    writer.lines.append(f"return {value};")
    exponents = sorted({writer.constant(p) for p in writer.exponents})
    prepare = [*writer.uniform_lines, *writer.stores()]
    return STRUCT.format(
        name=key,
        count=len(writer.constants),
        frequent=str(frequent).lower(),
        elementary=str(writer.elementary).lower(),
        angles=str(writer.angles).lower(),
        far=", typename T::Value& far" if writer.angles else "",
        is_slope=str(key.removeprefix("direct_") in SLOPES).lower(),
        exponent_count=len(exponents),
        exponents=", ".join(map(str, exponents)),
        prepare=_indented(prepare),
        body=_indented(writer.lines),
    )


def _conditions(definition: Activation) -> dict[str, Callable[..., Any]]:
    """The conditions for direct formulas: for the value, and for the slopes where it differs."""
    direct = definition.direct
    if direct is None:
        return {}
    conditions = {"usable": direct.usable}
    if direct.slopes_usable is not None:
        conditions["slopes_usable"] = direct.slopes_usable
    return conditions


def _condition(key: str, usable: Callable[..., Any], names: tuple[str, ...]) -> str:
    condition = traced_condition(usable, names)
    writer = Writer(names)
    answer = writer.uniform(condition) if isinstance(condition, Node) else str(condition).lower()
    lines = [*writer.uniform_lines, f"return {answer};"]
    return CONDITION.format(name=key, prepare=_indented(lines, "  "))


def _passes_nan(result: Any) -> bool:
    """Whether the last case, which NaN takes, is x itself."""
    while isinstance(result, Node) and result.operation == "where":
        if not result.operands[0].varies:
            return False
        result = result.operands[2]
    return isinstance(result, Node) and result.operation == "x"


def _indented(lines: Sequence[str], margin: str = "    ") -> str:
    return "\n".join(margin + line for line in lines)
