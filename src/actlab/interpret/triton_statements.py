"""The statements of one function in the Triton language, from the graph of its formula.

Three kinds of operands meet: literals, which Triton would take for float32 wherever no tensor tells
their dtype; what depends on parameters alone (``k0``, ``k1``: one number, or one for each element);
and blocks, which vary with x.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from actlab.interpret.graph import EXPONENT, Loop, Node, UnprintableError, outside

INFIX = frozenset({"+", "-", "*", "<", "<=", ">", ">=", "&"})


class Double:
    """In double: accurate for every formula and every parameter."""

    CALLS: ClassVar[Mapping[str, str]] = {
        "arctan": "arctan64",
        "erf": "erf64",
        "exp": "exp64",
        "expm1": "expm1_64",
        "log": "log64",
        "log1p": "log1p_64",
        "normal_cdf": "normal_cdf64",
        "normal_density": "normal_density64",
        "sigmoid": "sigmoid64",
        "sqrt": "tl.sqrt",
        "tanh": "tanh64",
        "cos": "cos64",
        "sin": "sin64",
        "scaled_exp": "scaled_exp",
    }
    scaled_expm1 = "{0} * expm1_64({1})"
    quotient = "{0} / {1}"
    divide = "{0} / {1}"


class Single:
    """In float32, for formulas and parameters for which that is accurate: see ``core.Direct``."""

    CALLS: ClassVar[Mapping[str, str]] = {
        "expm1": "expm1_32",
        "sqrt": "tl.sqrt_rn",
    }
    scaled_expm1 = "{0} * expm1_32({1})"
    scaled_exp = "{0} * exp32({1})"
    quotient = "tl.div_rn({0}, {1})"
    divide = "{0} * {2}"


class Half:
    """In float32, for half types, to whose digits that is enough: see ``core.Activation``."""

    CALLS: ClassVar[Mapping[str, str]] = {
        "erf": "erf_h",
        "exp": "exp_h",
        "expm1": "expm1_h",
        "log": "log_h",
        "log1p": "log1p_h",
        "normal_cdf": "normal_cdf_h",
        "normal_density": "normal_density_h",
        "sigmoid": "sigmoid_h",
        "sqrt": "sqrt_h",
        "tanh": "tanh_h",
        "scaled_exp": "scaled_exp_h",
    }
    scaled_expm1 = "{0} * expm1_h({1})"
    quotient = "{0} / {1}"
    divide = "{0} * {2}"


class Writer:
    """Statements for the nodes of one graph, each written once, before its first use."""

    def __init__(self, names: tuple[str, ...], arithmetic: Any) -> None:
        self.names = names
        self.arithmetic = arithmetic
        self.lines: list[str] = []
        self.uniform_lines: list[str] = []
        self.constants: list[Any] = []
        self.exponents: set[int] = set()
        self._places: dict[Node, int] = {}
        self._written: dict[Any, str] = {}
        self._uniform: dict[Node, str] = {}
        self._margin = ""

    def constant(self, node: Node) -> str:
        """The argument that stands for what depends on parameters alone."""
        if node not in self._places:
            self._places[node] = len(self.constants)
            self.constants.append(node)
        return f"k{self._places[node]}"

    def uniform(self, node: Any) -> str:
        """A name or literal inside ``prepare``, where parameters are in double."""
        if not isinstance(node, Node):
            return literal(node)
        if node.operation == "parameter":
            return node.operands[0]
        if node not in self._uniform:
            operands = [self.uniform(a) for a in node.operands]
            text = _prepared(node, operands)
            name = f"u{len(self._uniform)}"
            self.uniform_lines.append(f"{name} = {text}")
            self._uniform[node] = name
        return self._uniform[node]

    def block(self, node: Any) -> str:
        """A value in the shape of x."""
        if not isinstance(node, Node):
            return _called("number(x, {})", node)
        text = self.element(node)
        return text if node.varies else f"spread(x, {text})"

    def element(self, node: Any) -> str:
        """A name or literal for a value inside the function."""
        if not isinstance(node, Node):
            return self._scalar(node) if _is_minus_zero(node) else literal(node)
        if not node.varies:
            name = self.constant(node)
            return f"({name} != 0.0)" if node.condition else name
        if node.operation == "x":
            return "x"
        if node.operation == "state":
            return node.operands[0]
        if node.operation == "after":
            return self._loop(*node.operands)
        if node not in self._written:
            text = self._text(node)
            name = f"t{len(self._written)}"
            self.lines.append(f"{self._margin}{name} = {text}")
            self._written[node] = name
        return self._written[node]

    def _text(self, node: Node) -> str:
        operation, given = node.operation, node.operands
        arithmetic = self.arithmetic
        if operation in EXPONENT:
            return self._power(node)
        if operation in INFIX:
            left, right = map(self.element, given)
            return f"{left} {operation} {right}"
        if operation == "neg":
            return f"{self.element(given[0])} * -1.0"  # 0 - x would lose the sign of a zero
        if operation == "where":
            condition, yes, no = given
            # Two literals would make a float32.
            first = self.element(yes) if isinstance(no, Node) else self.block(yes)
            return f"tl.where({self.element(condition)}, {first}, {self.element(no)})"
        if operation == "/":
            return arithmetic.quotient.format(*map(self.block, given))
        if operation == "divide":
            return arithmetic.divide.format(*map(self.element, given))
        if operation == "fma":
            return f"tl.fma({', '.join(map(self.block, given))})"
        if operation == "absolute":
            return f"tl.abs({self.element(given[0])})"
        if operation in ("scaled_exp", "scaled_expm1") and hasattr(arithmetic, operation):
            return getattr(arithmetic, operation).format(*map(self.element, given))
        if operation not in arithmetic.CALLS:
            raise UnprintableError(f"m.{operation} has no form in single precision")
        return f"{arithmetic.CALLS[operation]}({', '.join(map(self.block, given))})"

    def _power(self, node: Node) -> str:
        place = EXPONENT[node.operation]
        operands = list(node.operands)
        if node.operation == "lower_power":
            base, inverse = [operands[0]], None
            rest: list[Any] = []
        else:
            *operands, divisor, inverse = operands
            base, rest = operands[:place], [*operands[place + 1 :], divisor]
        texts = [self.block(base[0]), *(self.element(b) for b in base[1:])]
        if self.arithmetic is Single:
            # Squares alone, and the divisor a power of two: its reciprocal is exact.
            unit = literal(rest[0]) if len(rest) == 2 else "1.0"
            scale = "" if inverse is None else f", {unit}, {self.element(inverse)}"
            return f"{node.operation}_32({', '.join(texts)}{scale})"
        exponent = operands[place]
        texts.append(self._scalar(exponent))
        if len(rest) == 2:
            texts.append(literal(rest[0]))
        texts += [self._scalar(r) for r in rest[-1:]]
        if isinstance(exponent, Node):
            number = int(self.constant(exponent)[1:])
            self.exponents.add(number)
            texts.append(f"E{number}")
        else:
            texts.append(str(twice(exponent)))
        suffix = "_h" if self.arithmetic is Half else ""
        return f"{node.operation}{suffix}({', '.join(texts)})"

    def _scalar(self, node: Any) -> str:
        if isinstance(node, Node):
            return self.element(node)
        return _called("scalar_h({})" if self.arithmetic is not Double else "scalar({})", node)

    def _loop(self, loop: Loop, place: int) -> str:
        if loop not in self._written:
            self._written[loop] = loop.state[0].operands[0]
            for node in outside(loop):
                self.element(node)
            names = [state.operands[0] for state in loop.state]
            for name, initial in zip(names, loop.initial, strict=True):
                self.lines.append(f"{name} = {self.block(initial)}")
            self.lines.append(f"for n in range({loop.times}):")
            known, self._margin = dict(self._written), "    "
            following = [self.block(node) for node in loop.following]
            after = [f"next_{name}" for name in names]
            for name, text in zip([*after, *names], [*following, *after], strict=True):
                self.lines.append(f"    {name} = {text}")
            self._written, self._margin = known | {loop: names[0]}, ""
        return loop.state[place].operands[0]


def _prepared(node: Node, operands: list[str]) -> str:
    """An operation on parameters, which are single numbers or blocks of them."""
    operation = node.operation
    if operation in INFIX:
        return f"{operands[0]} {operation} {operands[1]}"
    if operation == "neg":
        return f"{operands[0]} * -1.0"
    if operation in ("/", "divide"):
        return f"{operands[0]} / {operands[1]}"
    if operation == "where":
        return f"tl.where({', '.join(_numbers(node, operands))})"
    if operation in ("stored", "lost", "exact"):
        return f"{operation}({operands[0]}, STORAGE)"
    if operation == "absolute":
        return f"tl.abs({operands[0]})"
    if operation in EXPONENT:
        place = EXPONENT[operation]
        kept = operands if operation == "lower_power" else operands[:-1]
        unit = place + 1 if len(kept) == 5 else None  # known at compile time, as `unit`
        plain = [
            text if isinstance(given, Node) or number == unit else _called("scalar({})", given)
            for number, (text, given) in enumerate(zip(kept, node.operands, strict=False))
        ]
        return f"{operation}({', '.join(plain)}, 0)"
    if operation == "scaled_expm1":
        return f"{operands[0]} * expm1_64({operands[1]})"
    if operation == "fma":
        raise UnprintableError("m.fma takes what varies with x")
    return f"{Double.CALLS[operation]}({', '.join(_numbers(node, operands))})"


def _numbers(node: Node, operands: list[str]) -> list[str]:
    return [
        text if isinstance(given, Node) else _called("scalar({})", given)
        for text, given in zip(operands, node.operands, strict=True)
    ]


MOST_TWICE = 31
"""Twice the largest exponent that is taken by products."""


def twice(exponent: float) -> int:
    """Twice an exponent that is taken by products, else 0."""
    doubled = 2 * float(exponent)
    return int(doubled) if 1 <= doubled <= MOST_TWICE and doubled.is_integer() else 0


def _is_minus_zero(number: Any) -> bool:
    return number == 0 and math.copysign(1, number) < 0


def _called(call: str, number: Any) -> str:
    """A literal that is handed to ``number`` or ``scalar``, for which Triton has no -0.0."""
    return (
        f"({call.format('0.0')} * -1.0)" if _is_minus_zero(number) else call.format(literal(number))
    )


def literal(number: Any) -> str:
    """A Python number in the Triton language."""
    if isinstance(number, bool):
        return str(number)
    number = float(number)
    return repr(number) if math.isfinite(number) else f'float("{number}")'
