"""Formulas as text and LaTeX: the exact strings of the four functions, and the rules behind."""

from __future__ import annotations

import pytest

import actlab
from actlab.interpret.printed import (
    Expression,
    derivative_latex,
    derivative_text,
    formula_latex,
    formula_text,
    latex,
    text,
)

FORMULA = {
    "powerlu": """\
0              for x < -1
((x + 1)/2)^p  for x <= 1
x              otherwise""",
    "expolu": """\
0                  for x < -b
(x + b)^p/a        for x <= b
x - b + (2 b)^p/a  otherwise""",
    "ralu": "x (x^2 + alpha)/(x^2 + 1)",
    "elu": """\
x                   for x > 0
alpha (exp(x) - 1)  otherwise""",
}

DERIVATIVE = {
    "powerlu": """\
0                        for x <= -1
p/2 ((x + 1)/2)^(p - 1)  for x <= 1
1                        otherwise""",
    "expolu": """\
0                    for x <= -b
p/a (x + b)^(p - 1)  for x <= b
1                    otherwise""",
    "ralu": "1 + (alpha - 1) (1 - x^2)/(1 + x^2)^2",
    "elu": """\
1             for x > 0
alpha exp(x)  otherwise""",
}

LATEX = {
    "powerlu": r"\begin{cases} 0 & \text{for } x < -1 \\ "
    r"\left(\frac{x + 1}{2}\right)^{p} & \text{for } x \le 1 \\ "
    r"x & \text{otherwise} \end{cases}",
    "expolu": r"\begin{cases} 0 & \text{for } x < -b \\ "
    r"\frac{\left(x + b\right)^{p}}{a} & \text{for } x \le b \\ "
    r"x - b + \frac{\left(2 \, b\right)^{p}}{a} & \text{otherwise} \end{cases}",
    "ralu": r"\frac{x \, \left(x^{2} + \alpha\right)}{x^{2} + 1}",
    "elu": r"\begin{cases} x & \text{for } x > 0 \\ "
    r"\alpha \, \left(e^{x} - 1\right) & \text{otherwise} \end{cases}",
}

DERIVATIVE_LATEX = {
    "powerlu": r"\begin{cases} 0 & \text{for } x \le -1 \\ "
    r"\frac{p}{2} \, \left(\frac{x + 1}{2}\right)^{p - 1} & \text{for } x \le 1 \\ "
    r"1 & \text{otherwise} \end{cases}",
    "expolu": r"\begin{cases} 0 & \text{for } x \le -b \\ "
    r"\frac{p}{a} \, \left(x + b\right)^{p - 1} & \text{for } x \le b \\ "
    r"1 & \text{otherwise} \end{cases}",
    "ralu": r"1 + \frac{\left(\alpha - 1\right) \, \left(1 - x^{2}\right)}"
    r"{\left(1 + x^{2}\right)^{2}}",
    "elu": r"\begin{cases} 1 & \text{for } x > 0 \\ "
    r"\alpha \, e^{x} & \text{otherwise} \end{cases}",
}


@pytest.mark.parametrize("name", FORMULA)
def test_the_four_functions(name: str) -> None:
    activation = actlab.get(name)
    assert formula_text(activation) == FORMULA[name]
    assert formula_latex(activation) == LATEX[name]


@pytest.mark.parametrize("name", DERIVATIVE)
def test_their_derivatives(name: str) -> None:
    activation = actlab.get(name)
    assert derivative_text(activation) == DERIVATIVE[name]
    assert derivative_latex(activation) == DERIVATIVE_LATEX[name]


@pytest.mark.parametrize("name", actlab.names())
def test_every_definition_prints(name: str) -> None:
    activation = actlab.get(name)
    for write in (formula_text, derivative_text, formula_latex, derivative_latex):
        written = write(activation)
        assert written
        assert "Expression" not in written
        assert "object at" not in written
        assert written.count("(") == written.count(")")
        assert written.count("{") == written.count("}")


X, Y = Expression("name", ("x",)), Expression("name", ("y",))


@pytest.mark.parametrize(
    ("value", "plain", "tex"),
    [
        (X - (Y - 1), "x - (y - 1)", r"x - \left(y - 1\right)"),
        ((X - Y) - 1, "x - y - 1", "x - y - 1"),
        (X * (Y + 1), "x (y + 1)", r"x \, \left(y + 1\right)"),
        ((X * Y) ** 2, "(x y)^2", r"\left(x \, y\right)^{2}"),
        (-(X**2), "-x^2", "-x^{2}"),
        ((-X) ** 2, "(-x)^2", r"\left(-x\right)^{2}"),
        (X / (Y / 2), "x/(y/2)", r"\frac{x}{\frac{y}{2}}"),
        (1 - X, "1 - x", "1 - x"),
        (X * -2, "x (-2)", r"x \, (-2)"),
        ((X > 0) & (X <= 1), "x > 0 and x <= 1", r"x > 0 \wedge x \le 1"),
    ],
)
def test_brackets_stand_where_they_are_needed(value: Expression, plain: str, tex: str) -> None:
    assert text(value) == plain
    assert latex(value) == tex


def test_greek_names_and_long_ones() -> None:
    assert latex(Expression("name", ("alpha",))) == r"\alpha"
    assert latex(Expression("name", ("negative_slope",))) == r"\mathrm{negative\_slope}"
