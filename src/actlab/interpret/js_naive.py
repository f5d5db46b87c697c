"""The printed formula as a careless programmer computes it: every operation rounded.

The page shows with it what a narrow dtype does to a textbook formula. The slope is what
automatic differentiation makes of it: the chain rule backwards, every operation rounded, and a
branch that was not chosen gets the gradient 0, which times infinity is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actlab.interpret.graph import UnprintableError
from actlab.interpret.js_statements import literal, parameter
from actlab.interpret.printed import Expression

INFIX = {"+": "+", "-": "-", "*": "*", "/": "/", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

CALLS = {
    "absolute": "Math.abs({})", "exp": "Math.exp({})", "log": "Math.log({})",
    "sqrt": "Math.sqrt({})", "tanh": "Math.tanh({})", "sin": "Math.sin({})",
    "cos": "Math.cos({})", "arctan": "Math.atan({})", "erf": "M.erf({})",
    "sigmoid": "M.sigmoid({})", "normal_cdf": "M.normal_cdf({})",
    "normal_density": "M.normal_density({})", "**": "Math.pow({}, {})", "neg": "-{}",
    "and": "{} && {}", "cases": "{} ? {} : {}",
}  # fmt: skip

UNROUNDED = frozenset({"neg", "and", "cases", "absolute", "<", "<=", ">", ">="})
"""Operations whose result is a number of the format, or a condition, without rounding."""

CHAIN: dict[str, tuple[str, ...]] = {
    "+": ("{g}", "{g}"),
    "-": ("{g}", "-{g}"),
    "*": ("r({g} * {1})", "r({g} * {0})"),
    "/": ("r({g} / {1})", "r(-{g} * r({y} / {1}))"),
    "neg": ("-{g}",),
    "absolute": ("{g} * Math.sign({0})",),
    "exp": ("r({g} * {y})",),
    "log": ("r({g} / {0})",),
    "sqrt": ("r({g} / (2 * {y}))",),
    "tanh": ("r({g} * r(1 - r({y} * {y})))",),
    "sigmoid": ("r({g} * r({y} * r(1 - {y})))",),
    "sin": ("r({g} * r(Math.cos({0})))",),
    "cos": ("r({g} * r(-Math.sin({0})))",),
    "arctan": ("r({g} / r(1 + r({0} * {0})))",),
    "erf": ("r({g} * r(1.1283791670955126 * r(Math.exp(-r({0} * {0})))))",),
    "normal_cdf": ("r({g} * r(M.normal_density({0})))",),
    "normal_density": ("r({g} * r(-{0} * {y}))",),
    "**": (
        "({1} === 0 ? 0 : r({g} * r({1} * r(Math.pow({0}, {1} - 1)))))",
        "r({g} * r({y} * r(Math.log({0}))))",
    ),
}
"""The gradient that each operand gets from that of the result: {g}; {y} is the result."""


def naive_function(tree: Any, names: Sequence[str]) -> str:
    """``(p) => (x, r) => [value, slope]`` for an expression tree.

    Args:
        tree: from ``printed.expression``.
        names: of the parameters, in the order of ``p``.

    Raises:
        UnprintableError: an operation has no form here.
    """
    tree = _spelt_out(tree, {})
    writer = _Writer()
    value = writer.name(tree)
    slope = writer.backward(tree)
    unpacked = [f"const [{', '.join(map(parameter, names))}] = p;"] if names else []
    return "\n".join(
        [
            "(p) => {",
            *unpacked,
            "return (x, r) => {",
            *writer.lines,
            f"return [{value}, {slope}];",
            "};",
            "}",
        ]
    )


def plain_function(tree: Any, names: Sequence[str]) -> str:
    """``(p) => number`` for an expression of parameters alone, nothing rounded."""
    tree = _spelt_out(tree, {})
    unpacked = f"([{', '.join(map(parameter, names))}])" if names else "()"
    return f"{unpacked} => {_constant(tree)}"


class _Writer:
    """Statements in the order of computation: forwards, then backwards."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[int, str] = {}
        self._order: list[Expression] = []

    def name(self, tree: Any) -> str:
        """The name of a value; what does not vary with x is a number that nothing rounds."""
        if not _varies(tree):
            return _constant(tree)
        if tree.operation == "name":
            return "x"
        if id(tree) not in self._names:
            text = _call(tree.operation, [self.name(operand) for operand in tree.operands])
            rounded = text if tree.operation in UNROUNDED else f"r({text})"
            self._names[id(tree)] = f"n{len(self._names)}"
            self.lines.append(f"const {self._names[id(tree)]} = {rounded};")
            self._order.append(tree)
        return self._names[id(tree)]

    def backward(self, tree: Any) -> str:
        """The slope's name, after the statements of the chain rule."""
        if not _varies(tree):
            return "0"
        parts: dict[str, list[str]] = {self.name(tree): ["1"]}
        for node in reversed(self._order):
            result = self.name(node)
            if result not in parts:
                continue  # a condition: it has no gradient
            gradient = f"g{result[1:]}"
            self.lines.append(f"const {gradient} = {_sum(parts[result])};")
            for operand, text in self._shares(node, gradient, result):
                if _varies(operand):
                    parts.setdefault(self.name(operand), []).append(text)
        return _sum(parts.get("x", ["0"]))

    def _shares(self, node: Expression, gradient: str, result: str) -> list[tuple[Any, str]]:
        names = [self.name(operand) for operand in node.operands]
        if node.operation == "cases":
            condition = names[0]
            return [
                (node.operands[1], f"({condition} ? {gradient} : 0)"),
                (node.operands[2], f"({condition} ? 0 : {gradient})"),
            ]
        rules = CHAIN[node.operation]
        return [
            (operand, rule.format(*names, g=gradient, y=result))
            for operand, rule in zip(node.operands, rules, strict=True)
        ]


def _spelt_out(tree: Any, known: dict[int, Any]) -> Any:
    """The tree with operations that are printed as several divided into these.

    What was one object stays one, as it is computed once.
    """
    if not isinstance(tree, Expression) or tree.operation == "name":
        return tree
    if id(tree) not in known:
        operands = tuple(_spelt_out(operand, known) for operand in tree.operands)
        if tree.operation == "expm1":
            known[id(tree)] = Expression("-", (Expression("exp", operands), 1))
        elif tree.operation == "log1p":
            known[id(tree)] = Expression("log", (Expression("+", (1, *operands)),))
        else:
            known[id(tree)] = Expression(tree.operation, operands)
    return known[id(tree)]


def _sum(texts: Sequence[str]) -> str:
    total = texts[0]
    for text in texts[1:]:
        total = f"r({total} + {text})"
    return total


def _varies(tree: Any) -> bool:
    if not isinstance(tree, Expression):
        return False
    if tree.operation == "name":
        return tree.operands[0] == "x"
    return any(_varies(operand) for operand in tree.operands)


def _constant(tree: Any) -> str:
    if not isinstance(tree, Expression):
        return literal(tree)
    if tree.operation == "name":
        return "Math.PI" if tree.operands[0] == "pi" else parameter(tree.operands[0])
    return f"({_call(tree.operation, [_constant(operand) for operand in tree.operands])})"


def _call(operation: str, operands: list[str]) -> str:
    if operation in INFIX:
        return f"{operands[0]} {INFIX[operation]} {operands[1]}"
    if operation not in CALLS:
        raise UnprintableError(f"a printed formula has {operation!r}, which has no rounded form")
    return CALLS[operation].format(*operands)
