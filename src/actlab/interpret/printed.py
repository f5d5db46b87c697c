"""The printing interpreter: formulas as LaTeX and as plain text.

Values are small expression trees; ``latex`` and ``text`` write them. Guards print as what they
guard, and nested ``where`` calls as a list of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actlab.core import Activation
from actlab.core.spec import Formula

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""Binding strength, loosest first; a looser operand of a tighter operator gets brackets."""

GREEK = frozenset({"alpha", "beta", "gamma", "delta", "lambda", "mu", "sigma"})


@dataclass(frozen=True, eq=False, slots=True)
class Expression:
    """An operation and its operands: a name, a number, ``+``, ``/``, a function, cases."""

    operation: str
    operands: tuple[Any, ...]

    def __add__(self, other: Any) -> Expression:
        return Expression("+", (self, other))

    def __radd__(self, other: Any) -> Expression:
        return Expression("+", (other, self))

    def __sub__(self, other: Any) -> Expression:
        return Expression("-", (self, other))

    def __rsub__(self, other: Any) -> Expression:
        return Expression("-", (other, self))

    def __mul__(self, other: Any) -> Expression:
        return Expression("*", (self, other))

    def __rmul__(self, other: Any) -> Expression:
        return Expression("*", (other, self))

    def __truediv__(self, other: Any) -> Expression:
        return Expression("/", (self, other))

    def __rtruediv__(self, other: Any) -> Expression:
        return Expression("/", (other, self))

    def __pow__(self, other: Any) -> Expression:
        return Expression("**", (self, other))

    def __neg__(self) -> Expression:
        return Expression("neg", (self,))

    def __lt__(self, other: Any) -> Expression:
        return Expression("<", (self, other))

    def __le__(self, other: Any) -> Expression:
        return Expression("<=", (self, other))

    def __gt__(self, other: Any) -> Expression:
        return Expression(">", (self, other))

    def __ge__(self, other: Any) -> Expression:
        return Expression(">=", (self, other))

    def __and__(self, other: Any) -> Expression:
        return Expression("and", (self, other))


class PrintedMaths:
    """``core.maths.Maths`` over expressions."""

    pi = Expression("name", ("pi",))

    def where(self, condition: Any, yes: Any, no: Any) -> Expression:
        return Expression("cases", (condition, yes, no))

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        return x

    def stored(self, x: Any) -> Any:
        return x

    def scaled_expm1(self, scale: Any, x: Any) -> Expression:
        return scale * Expression("expm1", (x,))

    def scaled_exp(self, scale: Any, x: Any) -> Expression:
        return scale * Expression("exp", (x,))

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Expression:
        return _over(Expression("**", (base, p)), divisor)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Expression:
        return _over(p * Expression("**", (base, p - 1)), divisor)

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Expression:
        return self.power(_over(x + b, unit), p, divisor)

    def slope_of_power(
        self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1
    ) -> Expression:
        return _over(p, unit, divisor) * Expression("**", (_over(x + b, unit), p - 1))

    def power_times_log(
        self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1
    ) -> Expression:
        return self.power_of_sum(x, b, p, unit, divisor) * self.log(_over(x + b, unit))

    def lower_power(self, y: Any, p: Any) -> Expression:
        return Expression("**", (y, 1 - 1 / p))

    def sin(self, x: Any, rate: Any = 1) -> Expression:
        return Expression("sin", (_times(rate, x),))

    def cos(self, x: Any, rate: Any = 1) -> Expression:
        return Expression("cos", (_times(rate, x),))

    def __getattr__(self, name: str) -> Callable[[Any], Expression]:
        if name not in FUNCTIONS:
            raise AttributeError(name)
        return lambda x: Expression(name, (x,))


def _times(rate: Any, x: Any) -> Any:
    return x if not isinstance(rate, Expression) and rate == 1 else rate * x


def _over(value: Any, *divisors: Any) -> Any:
    for divisor in divisors:
        if isinstance(divisor, Expression) or divisor != 1:
            value = value / divisor
    return value


FUNCTIONS = {
    "absolute": ("|{}|", r"\left|{}\right|"),
    "exp": ("exp({})", r"e^{{{}}}"),
    "expm1": ("(exp({}) - 1)", r"\left(e^{{{}}} - 1\right)"),
    "log": ("log({})", r"\ln\left({}\right)"),
    "log1p": ("log(1 + {})", r"\ln\left(1 + {}\right)"),
    "sqrt": ("sqrt({})", r"\sqrt{{{}}}"),
    "sin": ("sin({})", r"\sin\left({}\right)"),
    "cos": ("cos({})", r"\cos\left({}\right)"),
    "arctan": ("arctan({})", r"\arctan\left({}\right)"),
    "erf": ("erf({})", r"\operatorname{{erf}}\left({}\right)"),
    "tanh": ("tanh({})", r"\tanh\left({}\right)"),
    "sigmoid": ("sigmoid({})", r"\sigma\left({}\right)"),
    "normal_cdf": ("Phi({})", r"\Phi\left({}\right)"),
    "normal_density": ("phi({})", r"\varphi\left({}\right)"),
}
"""Plain text and LaTeX of each function."""

STRENGTH = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "neg": SIGN, "**": POWER}
RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}


def expression(formula: Formula, activation: Activation) -> Any:
    """The expression tree of one of an activation's formulas."""
    symbols = {p.name: Expression("name", (p.name,)) for p in activation.params}
    return formula(PrintedMaths(), Expression("name", ("x",)), **symbols)


def formula_text(activation: Activation) -> str:
    """The function's formula as plain text, one case a line."""
    return text(expression(activation.textbook or activation.forward, activation))


def formula_latex(activation: Activation) -> str:
    """The function's formula as LaTeX (no delimiters)."""
    return latex(expression(activation.textbook or activation.forward, activation))


def derivative_text(activation: Activation) -> str:
    """The derivative as plain text, one case a line."""
    return text(expression(activation.textbook_derivative or activation.derivative, activation))


def derivative_latex(activation: Activation) -> str:
    """The derivative as LaTeX (no delimiters)."""
    return latex(expression(activation.textbook_derivative or activation.derivative, activation))


def text(value: Any) -> str:
    """An expression as plain text."""
    pieces = cases(value)
    if len(pieces) == 1:
        return _write(value, SUM, False)
    written = [(_write(v, SUM, False), c and _write(c, SUM, False)) for v, c in pieces]
    width = max(len(v) for v, _ in written)
    return "\n".join(f"{v:<{width}}  " + (f"for {c}" if c else "otherwise") for v, c in written)


def latex(value: Any) -> str:
    """An expression as LaTeX."""
    pieces = cases(value)
    if len(pieces) == 1:
        return _write(value, SUM, True)
    rows = [
        _write(v, SUM, True)
        + " & "
        + (rf"\text{{for }} {_write(c, SUM, True)}" if c else r"\text{otherwise}")
        for v, c in pieces
    ]
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def cases(value: Any) -> list[tuple[Any, Any]]:
    """(value, condition) in order; the last condition is None."""
    pieces = []
    while isinstance(value, Expression) and value.operation == "cases":
        condition, yes, value = value.operands
        pieces.append((yes, condition))
    return [*pieces, (value, None)]


def _write(value: Any, outer: int, tex: bool) -> str:
    if not isinstance(value, Expression):
        written = f"{value:.6g}"
        return f"({written})" if value < 0 and outer > SUM else written
    operation, operands = value.operation, value.operands
    if operation == "name":
        return _name(operands[0], tex)
    if operation == "cases":
        return "(" + "; ".join(text(value).splitlines()) + ")"
    if operation in RELATIONS:
        left, right = (_write(v, SUM, tex) for v in operands)
        return f"{left} {RELATIONS[operation] if tex else operation} {right}"
    if operation == "and":
        return (r" \wedge " if tex else " and ").join(_write(v, SUM, tex) for v in operands)
    if operation in FUNCTIONS:
        return FUNCTIONS[operation][tex].format(_write(operands[0], SUM, tex))
    if operation == "/" and tex:
        top, bottom = (_write(v, SUM, tex) for v in operands)
        return (
            rf"\frac{{{top}}}{{{bottom}}}"
            if outer < POWER
            else rf"\left(\frac{{{top}}}{{{bottom}}}\right)"
        )
    written = _operator(operation, operands, tex)
    if STRENGTH[operation] >= outer:
        return written
    return rf"\left({written}\right)" if tex else f"({written})"


def _operator(operation: str, operands: tuple[Any, ...], tex: bool) -> str:
    if operation == "neg":
        return "-" + _write(operands[0], POWER, tex)
    left, right = operands
    if operation == "**":
        base = _write(left, ATOM, tex)
        if tex:
            return f"{base}^{{{_write(right, SUM, tex)}}}"
        return f"{base}^{_write(right, ATOM, tex)}"
    if operation == "*":
        sign = r" \, " if tex else " "
        return _write(left, PRODUCT, tex) + sign + _write(right, SIGN, tex)
    if operation == "/":
        return f"{_write(left, PRODUCT, tex)}/{_write(right, SIGN, tex)}"
    tighter = PRODUCT if operation == "-" else SUM
    return f"{_write(left, SUM, tex)} {operation} {_write(right, tighter, tex)}"


def _name(name: str, tex: bool) -> str:
    if not tex:
        return name
    if name in GREEK or name == "pi":
        return "\\" + name
    return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")
