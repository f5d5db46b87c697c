"""The statements of one C++ functor, written from the graph of its formula."""

from __future__ import annotations

import math
from typing import Any

from actlab.interpret.graph import EXPONENT, FUNCTIONS, Loop, Node, outside

INFIX = frozenset({"+", "-", "*", "/", "<", "<=", ">", ">=", "&"})


TRANSCENDENTAL = FUNCTIONS - {"absolute", "fma"} | {"log"}

OF_ANGLES = frozenset({"sin", "cos"})
"""Note in ``far`` how far their angles reach: large ones are computed again outside the loop."""


class Writer:
    """Statements for the nodes of one graph, each written once, before its first use."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.lines: list[str] = []
        self.uniform_lines: list[str] = []
        self.constants: list[Any] = []
        self.exponents: list[Any] = []
        self.angles = False  # whether `at` takes a sine or cosine
        self.elementary = True  # whether `at` takes nothing but arithmetic and roots
        self._places: dict[Any, int] = {}
        self._written: dict[Any, str] = {}
        self._uniform: dict[Node, str] = {}
        self._margin = ""

    def stores(self) -> list[str]:
        """The statements that store the constants."""
        texts = (
            self.uniform(c) if isinstance(c, Node) else literal(c, "double") for c in self.constants
        )
        return [f"k[{place}] = {text};" for place, text in enumerate(texts)]

    def constant(self, value: Any) -> int:
        """The place of a number, or of what depends on parameters alone, among the constants."""
        key = value if isinstance(value, Node) else repr(float(value))
        if key not in self._places:
            self._places[key] = len(self.constants)
            self.constants.append(value)
            if isinstance(value, Node):
                self.uniform(value)
        return self._places[key]

    def uniform(self, node: Any) -> str:
        """A name or literal for what depends on parameters alone, inside ``prepare``."""
        if not isinstance(node, Node):
            return literal(node, "double")
        if node not in self._uniform:
            if node.operation == "parameter":
                return f"p[{self.names.index(node.operands[0])}]"
            text = self._text(node, [self.uniform(a) for a in node.operands], "Exact", "double")
            name = f"u{len(self._uniform)}"
            kind = "bool" if node.condition else "double"
            self.uniform_lines.append(f"const {kind} {name} = {text};")
            self._uniform[node] = name
        return self._uniform[node]

    def element(self, node: Any) -> str:
        """A name or literal for a value inside ``at``."""
        if not isinstance(node, Node):
            return literal(node, "V")
        if not node.varies:
            place = self.constant(node)
            return f"(k[{place}] != 0)" if node.condition else f"k[{place}]"
        if node.operation == "x":
            return "x"
        if node.operation == "state":
            return node.operands[0]
        if node.operation == "after":
            return self._loop(*node.operands)
        if node not in self._written:
            self.elementary &= node.operation not in TRANSCENDENTAL
            if node.operation in EXPONENT:
                self.exponents.append(node.operands[EXPONENT[node.operation]])
            operands = [self.element(a) for a in node.operands]
            if node.operation in OF_ANGLES:
                self.angles = True
                operands.append("far")
            text = self._text(node, operands, "T", "V")
            name = f"t{len(self._written)}"
            kind = "bool" if node.condition else "V"
            self.lines.append(f"{self._margin}const {kind} {name} = {text};")
            self._written[node] = name
        return self._written[node]

    def _text(self, node: Node, operands: list[str], arithmetic: str, value: str) -> str:
        operation = node.operation
        if operation in INFIX:
            return f"{operands[0]} {operation} {operands[1]}"
        if operation == "neg":
            return f"-{operands[0]}"
        if operation == "where":
            return f"{operands[0]} ? {operands[1]} : {operands[2]}"
        if operation in ("stored", "lost"):
            return f"{operation}({operands[0]}, storage)"
        if operation == "exact":
            return f"exact({operands[0]}, single)"
        if operation == "divide":
            return f"{arithmetic}::divide({operands[0]}, {{{operands[1]}, {operands[2]}}})"
        if operation in EXPONENT and operation != "lower_power":
            *rest, divisor, inverse = operands
            return f"{arithmetic}::{operation}({', '.join(rest)}, {{{divisor}, {inverse}}})"
        return f"{arithmetic}::{operation}({', '.join(operands)})"

    def _loop(self, loop: Loop, place: int) -> str:
        if loop not in self._written:
            self._written[loop] = loop.state[0].operands[0]
            outer = outside(loop)
            for node in outer:
                self.element(node)
            for state, initial in zip(loop.state, loop.initial, strict=True):
                self.lines.append(f"V {state.operands[0]} = {self.element(initial)};")
            # A state that no longer changes is final: the rounds that are left change nothing.
            self.lines.append(f"for (int n = 0; n < {loop.times}; ++n) {{")
            known, self._margin = dict(self._written), "  "
            following = [self.element(node) for node in loop.following]
            names = [state.operands[0] for state in loop.state]
            same = " & ".join(f"({n} == {f})" for n, f in zip(names, following, strict=True))
            self.lines.append(f"  const bool settled = {same};")
            temporary = [f"next_{name}" for name in names]
            for name, text in zip(temporary, following, strict=True):
                self.lines.append(f"  const V {name} = {text};")
            for name, text in zip(names, temporary, strict=True):
                self.lines.append(f"  {name} = {text};")
            self.lines += ["  if (settled) break;", "}"]
            self._written, self._margin = known | {loop: names[0]}, ""
        return loop.state[place].operands[0]


def literal(number: Any, value: str) -> str:
    """A Python number as C++ text of the type named ``value``."""
    if isinstance(number, bool):
        return str(number).lower()
    number = float(number)
    if math.isinf(number):
        sign = "-" if number < 0 else ""
        return f"{sign}std::numeric_limits<{value}>::infinity()"
    if math.isnan(number):
        return f"std::numeric_limits<{value}>::quiet_NaN()"
    return f"{value}({number!r})"
