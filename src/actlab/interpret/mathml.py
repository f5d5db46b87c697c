"""Formulas as MathML, which browsers draw without any library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from actlab.core import Activation
from actlab.interpret.graph import UnprintableError
from actlab.interpret.printed import (
    ATOM,
    POWER,
    PRODUCT,
    RELATIONS,
    SIGN,
    STRENGTH,
    SUM,
    Expression,
    cases,
    expression,
)

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "lambd": "λ", "mu": "μ", "nu": "ν", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "pi": "π",
}  # fmt: skip

NAMES = {
    "log": "ln", "tanh": "tanh", "sin": "sin", "cos": "cos", "arctan": "arctan", "erf": "erf",
    "sigmoid": "σ", "normal_cdf": "Φ", "normal_density": "φ",
}  # fmt: skip
"""Functions that are written as a name and brackets."""

SIGNS = {"<": "&lt;", "<=": "≤", ">": "&gt;", ">=": "≥"}


def formula_mathml(activation: Activation) -> str:
    """``f(x) = ...`` as a ``math`` element."""
    tree = expression(activation.textbook or activation.forward, activation)
    return _equation("<mi>f</mi>", tree)


def derivative_mathml(activation: Activation) -> str:
    """``f'(x) = ...`` as a ``math`` element."""
    tree = expression(activation.textbook_derivative or activation.derivative, activation)
    return _equation("<msup><mi>f</mi><mo>′</mo></msup>", tree)


def mathml(value: Any) -> str:
    """An expression's elements, without the ``math`` element around them.

    Raises:
        UnprintableError: an operation that has no form here.
    """
    pieces = cases(value)
    return _write(value, SUM) if len(pieces) == 1 else _cases(pieces)


def name_mathml(name: str) -> str:
    """A parameter's name: Greek letters as such; what follows a letter is its index."""
    found = re.fullmatch(r"([A-Za-z]+?)_?(\d+)|([A-Za-z]+)_([a-z]+)", name)
    stem, index = (part for part in found.groups() if part) if found else (name, "")
    if not index or not (len(stem) == 1 or stem in GREEK):
        return f"<mi>{escape(GREEK.get(name, name.replace('_', ' ')))}</mi>"
    written = f"<mn>{index}</mn>" if index.isdigit() else f"<mi>{escape(index)}</mi>"
    return f"<msub><mi>{escape(GREEK.get(stem, stem))}</mi>{written}</msub>"


def _equation(function: str, tree: Any) -> str:
    left = _row([function, _bracketed("<mi>x</mi>")])
    return f'<math display="block">{_row([left, _operator("="), mathml(tree)])}</math>'


def _cases(pieces: Sequence[tuple[Any, Any]]) -> str:
    rows = []
    for value, condition in pieces:
        word = (
            _row(["<mtext>for&#160;</mtext>", _write(condition, SUM)])
            if condition is not None
            else "<mtext>otherwise</mtext>"
        )
        rows.append(f"<mtr><mtd>{mathml(value)}</mtd><mtd>{word}</mtd></mtr>")
    table = f'<mtable class="cases">{"".join(rows)}</mtable>'
    return _row(['<mo class="brace">{</mo>', table])


def _write(value: Any, outer: int) -> str:
    if not isinstance(value, Expression):
        written = _number(float(value))
        return _bracketed(written) if value < 0 and outer > SUM else written
    operation, operands = value.operation, value.operands
    if operation == "name":
        return name_mathml(operands[0])
    if operation == "cases":
        return _bracketed(_cases(cases(value)))
    if operation in RELATIONS:
        left, right = (_write(operand, SUM) for operand in operands)
        return _row([left, _operator(SIGNS[operation]), right])
    if operation == "and":
        left, right = (_write(operand, SUM) for operand in operands)
        return _row([left, "<mtext>&#160;and&#160;</mtext>", right])
    if operation in STRENGTH:
        written = _infix(operation, operands)
        # A fraction's bar groups already, except below an exponent.
        strength = PRODUCT if operation == "/" else STRENGTH[operation]
        loose = outer >= POWER if operation == "/" else strength < outer
        return _bracketed(written) if loose else written
    return _function(operation, operands, outer)


def _infix(operation: str, operands: tuple[Any, ...]) -> str:
    if operation == "neg":
        return _row(['<mo form="prefix">−</mo>', _write(operands[0], POWER)])
    left, right = operands
    if operation == "**":
        return f"<msup>{_write(left, ATOM)}{_write(right, SUM)}</msup>"
    if operation == "/":
        return f"<mfrac>{_write(left, SUM)}{_write(right, SUM)}</mfrac>"
    if operation == "*":
        mark = "·" if _ends_in_digit(left) and _starts_with_digit(right) else "&#8290;"
        return _row([_write(left, PRODUCT), _operator(mark), _write(right, SIGN)])
    sign, tighter = ("−", PRODUCT) if operation == "-" else ("+", SUM)
    return _row([_write(left, SUM), _operator(sign), _write(right, tighter)])


def _function(operation: str, operands: tuple[Any, ...], outer: int) -> str:
    inside = mathml(operands[0])
    if operation == "absolute":
        left, right = (f'<mo fence="true" form="{form}">|</mo>' for form in ("prefix", "postfix"))
        return _row([left, inside, right])
    if operation == "sqrt":
        return f"<msqrt>{inside}</msqrt>"
    if operation in ("exp", "expm1"):
        power = f"<msup><mi>e</mi>{inside}</msup>"
        if operation == "exp":
            return _bracketed(power) if outer == ATOM else power
        return _bracketed(_row([power, _operator("−"), "<mn>1</mn>"]))
    if operation == "log1p":
        inside, operation = _row(["<mn>1</mn>", _operator("+"), inside]), "log"
    if operation not in NAMES:
        raise UnprintableError(f"a formula has {operation!r}, which MathML has no form for")
    written = _row([f"<mi>{NAMES[operation]}</mi>", "<mo>&#8289;</mo>", _bracketed(inside)])
    return _bracketed(written) if outer == ATOM else written


def _number(number: float) -> str:
    digits, _, exponent = f"{abs(number):.6g}".partition("e")
    written = f"<mn>{digits}</mn>" if digits != "inf" else "<mi>∞</mi>"
    if exponent:
        tens = f"<msup><mn>10</mn>{_number(int(exponent))}</msup>"
        written = tens if digits == "1" else _row([written, _operator("×"), tens])
    return _row(['<mo form="prefix">−</mo>', written]) if number < 0 else written


def _ends_in_digit(value: Any) -> bool:
    if isinstance(value, Expression) and value.operation in ("*", "/", "**"):
        return value.operation == "*" and _ends_in_digit(value.operands[1])
    return not isinstance(value, Expression)


def _starts_with_digit(value: Any) -> bool:
    if isinstance(value, Expression) and value.operation in ("*", "**"):
        return _starts_with_digit(value.operands[0])
    return not isinstance(value, Expression)


def _row(parts: Sequence[str]) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _operator(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _bracketed(inside: str) -> str:
    return _row([_operator("("), inside, _operator(")")])
