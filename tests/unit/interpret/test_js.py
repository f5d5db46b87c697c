"""Definitions printed as JavaScript: what is computed when, literals, loops, careless formulas."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import actlab.explore
from actlab import registry
from actlab.core import Activation, Joint, Param, Traits
from actlab.interpret.graph import UnprintableError
from actlab.interpret.js import functions
from actlab.interpret.js_naive import naive_function, plain_function
from actlab.interpret.js_statements import literal
from actlab.interpret.printed import Expression, expression

SHIPPED = registry.shipped()
MATHS = Path(actlab.explore.__file__).parent / "templates" / "maths.js"

ANY = Traits(
    monotone=False,
    convex=False,
    odd=False,
    smoothness=0,
    low=-math.inf,
    high=math.inf,
    lipschitz=math.inf,
)


def definition(forward: Any, *names: str, **options: Any) -> Activation:
    """A definition of one formula, with parameters of these names."""
    return Activation(
        name="mine",
        title="Mine",
        forward=forward,
        derivative=options.pop("derivative", forward),
        params=tuple(Param(name, 1.0) for name in names),
        traits=ANY,
        references=(),
        **options,
    )


def value(forward: Any, *names: str) -> str:
    return " ".join(functions(definition(forward, *names)).value.split())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "(-0)"),
        (0.1, "0.1"),
        (-2.5e-310, "(-2.5e-310)"),
        (1e300, "1e+300"),
        (10**20, "1e+20"),
        (math.inf, "Infinity"),
        (-math.inf, "(-Infinity)"),
        (math.nan, "NaN"),
        (True, "true"),
    ],
)
def test_literals(number: float, text: str) -> None:
    assert literal(number) == text


def test_parameters_are_computed_once() -> None:
    text = value(lambda m, x, *, a: (x + m.exp(a)) * (2 * m.exp(a) - a), "a")
    outside, _, inside = text.partition("return (x) => {")
    assert outside.count("M.exp($a)") == 1
    assert "exp" not in inside


def test_equal_operations_are_computed_once() -> None:
    assert value(lambda m, x: m.exp(-x) / (1 + m.exp(-x))).count("M.exp(") == 1


def test_a_branch_of_its_own_is_computed_where_it_is_chosen() -> None:
    text = value(lambda m, x: m.where(x > 0, m.exp(x), m.log1p(-x)))
    assert "(x > 0) ? (M.exp(x)) : (M.log1p((-x)))" in text


def test_nan_is_passed_on() -> None:
    assert "if (x !== x) return x;" in value(lambda m, x: m.where(x > 0, x, 0))


def test_powers_leave_out_the_reciprocal_for_kernels() -> None:
    text = value(lambda m, x, *, a, p: m.power_of_sum(x, 1, p, unit=2, divisor=a), "a", "p")
    assert "M.power_of_sum(x, 1, $p, 2, $a)" in text


def test_words_of_javascript_may_be_parameters() -> None:
    text = value(lambda m, x, *, new, x0: x * new + x0, "new", "x0")
    assert "const [$new, $x0] = p;" in text


def test_two_states_of_a_loop_change_together() -> None:
    fibonacci = definition(
        lambda m, x: m.iterate(lambda a, b: (b, a + b), (x, x), 5)[0], textbook=lambda m, x: 8 * x
    )
    text = " ".join(functions(fibonacci).value.split())
    assert "for (let n = 0; n < 5; n++) {" in text
    assert text.index("const next_s1_1") < text.index(" s1_0 = next_s1_0;")


def test_joints_are_functions_of_the_parameters() -> None:
    joint = Joint("-b/2", lambda b: -b / 2, "0", lambda b: 0.0)
    printed = functions(definition(lambda m, x, *, b: x, "b", joints=(joint,)))
    assert printed.joints == ("([$b]) => ((-$b) / 2)",)
    assert printed.moving == (True,)


def test_a_joint_that_cannot_be_printed_is_known_at_the_defaults() -> None:
    joint = Joint("sqrt(b)", lambda b: math.sqrt(b), "0", lambda b: 0.0)
    printed = functions(definition(lambda m, x, *, b: x, "b", joints=(joint,)))
    assert printed.joints == ("(p) => 1",)
    assert printed.moving == (False,)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda m, x, *, a: x * a if a > 0 else x, "mine: a formula branches in Python"),
        (lambda m, x, *, a: m.zeta(x), r"mine: m\.zeta"),
        (lambda m, x, *, a: x * math.exp(a), "mine: .*more than JavaScript has a form for"),
        (lambda m, x, *, a: x.clamp(0), "mine: .*has no attribute 'clamp'"),
    ],
)
def test_what_has_no_form_is_named(forward: Any, message: str) -> None:
    with pytest.raises(UnprintableError, match=message):
        functions(definition(forward, "a"))


def test_the_careless_formula_rounds_every_operation() -> None:
    elu = SHIPPED["elu"]
    text = naive_function(expression(elu.textbook, elu), ["alpha"])
    assert "r(Math.exp(x))" in text
    assert text.count("r(") >= 4
    # The gradient of the branch that was not chosen is 0, and is multiplied all the same.
    assert "? 0 : g" in text


def test_what_depends_on_parameters_alone_is_not_rounded() -> None:
    a, x = Expression("name", ("a",)), Expression("name", ("x",))
    assert "r($a" not in naive_function(x + (a * a + 1), ["a"])
    assert plain_function(a * 2 - 1, ["a"]) == "([$a]) => (($a * 2) - 1)"


def test_an_operand_used_twice_gets_both_gradients() -> None:
    x = Expression("name", ("x",))
    assert "r(r(g0 * x) + r(g0 * x))" in naive_function(x * x, [])


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(UnprintableError, match="'besselj'"):
        naive_function(Expression("besselj", (Expression("name", ("x",)),)), [])


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_definition_is_printed(name: str) -> None:
    printed = functions(SHIPPED[name])
    texts = [printed.value, printed.slope, printed.curvature, printed.naive]
    texts += [*printed.partials.values(), *printed.joints]
    assert set(printed.partials) == set(SHIPPED[name].defaults)
    for text in texts:
        assert text.count("(") == text.count(")")
        assert text.count("{") == text.count("}")
        assert "object at 0x" not in text
        assert not re.search(r"\b(None|True|False|nan|inf)\b", text)
    assert functions(replace(SHIPPED[name])) == printed


def test_every_primitive_is_there() -> None:
    used = set()
    for one in SHIPPED.values():
        printed = functions(one)
        texts = (printed.value, printed.slope, printed.curvature, *printed.partials.values())
        used |= {name for text in texts for name in re.findall(r"\bM\.(\w+)\(", text)}
    source = MATHS.read_text("utf-8")
    returned = source[source.rindex("return {") :]
    assert used <= set(re.findall(r"\w+", returned))


def test_node_computes_what_is_printed() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    printed = functions(SHIPPED["powerlu"])
    code = MATHS.read_text("utf-8") + (
        f"\nconsole.log(JSON.stringify([-2, 0, 0.5, 3].map(({printed.value})([3]))));"
        f"\nconsole.log(JSON.stringify([-2, 0, 0.5, 3].map(({printed.curvature})([3]))));"
    )
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[0,0.125,0.421875,3]", "[0,0.75,1.125,0]"]
