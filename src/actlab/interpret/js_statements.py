"""The statements of one JavaScript function, written from the graph of its formula."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from actlab.interpret.graph import EXPONENT, Loop, Node

INFIX = frozenset({"+", "-", "*", "/", "<", "<=", ">", ">=", "&"})


class Writer:
    """Statements for the nodes of one graph; what is used once is written where it is used.

    So a branch of ``where`` that shares nothing with the rest is computed only when it is
    chosen.
    """

    def __init__(self, result: Any) -> None:
        self.lines: list[str] = []
        self.uniform_lines: list[str] = []
        self._uses = _uses(result)
        self._written: dict[Any, str] = {}
        self._uniform: dict[Node, str] = {}
        self._count = 0

    def uniform(self, node: Any) -> str:
        """A name or literal for what depends on parameters alone."""
        if not isinstance(node, Node):
            return literal(node)
        if node.operation == "parameter":
            return parameter(node.operands[0])
        if node not in self._uniform:
            text = _text(node, [self.uniform(a) for a in node.operands])
            name = f"u{len(self._uniform)}"
            self.uniform_lines.append(f"const {name} = {text};")
            self._uniform[node] = name
        return self._uniform[node]

    def element(self, node: Any) -> str:
        """A name, a literal or the bracketed operation for a value that varies with x."""
        if not isinstance(node, Node) or not node.varies:
            return self.uniform(node)
        if node.operation == "x":
            return "x"
        if node.operation == "state":
            return node.operands[0]
        if node.operation == "after":
            return self._loop(*node.operands)
        if node not in self._written:
            text = _text(node, [self.element(a) for a in node.operands])
            if self._uses[node] == 1:
                return f"({text})"
            name = f"t{self._count}"
            self._count += 1
            self.lines.append(f"const {name} = {text};")
            self._written[node] = name
        return self._written[node]

    def _loop(self, loop: Loop, place: int) -> str:
        if loop not in self._written:
            self._written[loop] = loop.state[0].operands[0]
            for state, initial in zip(loop.state, loop.initial, strict=True):
                self.lines.append(f"let {state.operands[0]} = {self.element(initial)};")
            self.lines.append(f"for (let n = 0; n < {loop.times}; n++) {{")
            known = dict(self._written)
            following = [self.element(node) for node in loop.following]
            names = [state.operands[0] for state in loop.state]
            after = [f"next_{name}" for name in names]
            for name, text in zip(after, following, strict=True):
                self.lines.append(f"const {name} = {text};")
            # A state that no longer changes is final: the rounds left would change nothing.
            same = " && ".join(f"{n} === {a}" for n, a in zip(names, after, strict=True))
            self.lines.append(f"if ({same}) break;")
            self.lines += [f"{n} = {a};" for n, a in zip(names, after, strict=True)]
            self.lines.append("}")
            # Constants of the block are not known outside it.
            self._written = known | {loop: names[0]}
        return loop.state[place].operands[0]


def _text(node: Node, operands: list[str]) -> str:
    operation = node.operation
    if operation in INFIX:
        sign = "&&" if operation == "&" else operation
        return f"{operands[0]} {sign} {operands[1]}"
    if operation == "neg":
        return f"-{operands[0]}"
    if operation == "where":
        return f"{operands[0]} ? {operands[1]} : {operands[2]}"
    if operation == "divide":
        return f"{operands[0]} / {operands[1]}"
    if operation in EXPONENT and operation != "lower_power":
        operands = operands[:-1]  # the divisor's reciprocal is for kernels
    return f"M.{operation}({', '.join(operands)})"


def _uses(result: Any) -> Counter[Node]:
    """How often each node is an operand."""
    uses: Counter[Node] = Counter()
    pending = [result]
    while pending:
        node = pending.pop()
        if isinstance(node, Loop):
            # What a loop uses is counted twice: its body is no place to compute it in.
            pending += [*node.initial, *node.initial, *node.following]
        elif isinstance(node, Node):
            uses[node] += 1
            if uses[node] == 1:
                pending += node.operands
    return uses


def parameter(name: str) -> str:
    """A parameter's name, which no word of JavaScript can be."""
    return f"${name}"


def literal(number: Any) -> str:
    """A Python number as JavaScript."""
    if isinstance(number, bool):
        return str(number).lower()
    number = float(number)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "(-Infinity)"
    text = repr(number).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text
