"""Formulas as MathML: well formed, brackets where they are needed, nothing left as plain text."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from actlab import registry
from actlab.interpret.graph import UnprintableError
from actlab.interpret.mathml import derivative_mathml, formula_mathml, mathml, name_mathml
from actlab.interpret.printed import Expression, PrintedMaths

SHIPPED = registry.shipped()
M = PrintedMaths()
X, A = Expression("name", ("x",)), Expression("name", ("alpha",))

CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "msup", "msub", "mtable", "mtr",
    "mtd",
}  # fmt: skip


def words(markup: str) -> str:
    """What is seen, on one line; fractions as (a)/(b), powers as a^(b)."""

    def write(element: ET.Element) -> str:
        parts = [write(child) for child in element]
        if element.tag == "mfrac":
            return f"[{parts[0]}/{parts[1]}]"
        if element.tag == "msup":
            return f"{parts[0]}^{{{parts[1]}}}"
        if element.tag == "msqrt":
            return f"sqrt{{{''.join(parts)}}}"
        return (element.text or "") + "".join(parts)

    return write(ET.fromstring(html.unescape(f"<mrow>{markup.replace('&lt;', '‹')}</mrow>")))


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        (X + 1, "x+1"),
        (X - (A - 1), "x−(α−1)"),
        ((X + 1) * A, "(x+1)\u2062α"),
        (2 * X, "2\u2062x"),
        (X * 2 * 3, "x\u20622·3"),
        ((X + 1) / 2, "[x+1/2]"),
        (((X + 1) / 2) ** A, "([x+1/2])^{α}"),
        (X**2, "x^{2}"),
        ((-X) ** 2, "(−x)^{2}"),
        (-(X + 1), "−(x+1)"),
        (M.exp(-X), "e^{−x}"),
        (M.expm1(X) * A, "(e^{x}−1)\u2062α"),
        (M.log1p(M.exp(X)), "ln\u2061(1+e^{x})"),
        (M.tanh(X) ** 2, "(tanh\u2061(x))^{2}"),
        (M.sqrt(X + 1), "sqrt{x+1}"),
        (M.absolute(X), "|x|"),
        (M.sigmoid(A * X), "σ\u2061(α\u2062x)"),
        (X * 1e-6, "x\u206210^{−6}"),
        (X * 2.5e-7, "x\u20622.5×10^{−7}"),
        (X * -0.5, "x\u2062(−0.5)"),
        (M.pi * X, "π\u2062x"),
    ],
)
def test_brackets_and_signs(tree: Any, seen: str) -> None:
    assert words(mathml(tree)) == seen


def test_cases_are_a_table() -> None:
    markup = mathml(M.where(X < 0, 0, M.where(X <= 1, X, 1)))
    rows = re.findall(r"<mtr>(.*?)</mtr>", markup)
    assert [words(row) for row in rows] == ["0for\xa0x‹0", "xfor\xa0x≤1", "1otherwise"]


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("alpha", "<mi>α</mi>"),
        ("b", "<mi>b</mi>"),
        ("a0", "<msub><mi>a</mi><mn>0</mn></msub>"),
        ("alpha_p", "<msub><mi>α</mi><mi>p</mi></msub>"),
        ("negative_slope", "<mi>negative slope</mi>"),
    ],
)
def test_names(name: str, markup: str) -> None:
    assert name_mathml(name) == markup


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(UnprintableError, match="'besselj'"):
        mathml(Expression("besselj", (X,)))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_formula_is_well_formed(name: str) -> None:
    for write in (formula_mathml, derivative_mathml):
        markup = write(SHIPPED[name])
        tree = ET.fromstring(markup)
        assert tree.tag == "math"
        assert {element.tag for element in tree.iter()} <= CORE
        assert "<" not in "".join(tree.itertext()).replace("<", "", 9)
        for element in tree.iter():
            if element.tag in ("mfrac", "msup", "msub"):
                assert len(element) == 2
        assert not re.search(r"\*\*|None|object at", markup)
