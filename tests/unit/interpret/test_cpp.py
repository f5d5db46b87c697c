"""Definitions printed as C++: literals, what is computed when, loops, and what has no form."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from actlab import registry
from actlab.core import Activation, Direct, Param, Traits
from actlab.interpret.cpp import UnprintableError, functions_source, table_source
from actlab.interpret.cpp_statements import literal

SHIPPED = registry.shipped()

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


def functor(forward: Any, *names: str, of: str = "forward", **options: Any) -> str:
    """The text of one functor, its white space made single spaces."""
    text = " ".join(functions_source(definition(forward, *names, **options)).split())
    found = re.search(rf"struct {of} {{.*?}} }};", text)
    assert found is not None, text
    return found[0]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "V(0.0)"),
        (-0.0, "V(-0.0)"),
        (1, "V(1.0)"),
        (-3, "V(-3.0)"),
        (0.1, "V(0.1)"),
        (-2.5e-310, "V(-2.5e-310)"),
        (1e300, "V(1e+300)"),
        (10**20, "V(1e+20)"),
        (math.pi, "V(3.141592653589793)"),
        (math.inf, "std::numeric_limits<V>::infinity()"),
        (-math.inf, "-std::numeric_limits<V>::infinity()"),
        (math.nan, "std::numeric_limits<V>::quiet_NaN()"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_literals(number: float, text: str) -> None:
    assert literal(number, "V") == text


def test_every_literal_reads_back_as_it_was() -> None:
    for number in (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -math.e):
        text = literal(number, "double")
        assert float(text.removeprefix("double(").removesuffix(")")) == number


def test_literals_have_the_type_of_the_arithmetic() -> None:
    text = functor(lambda m, x: m.where(x > -2, 0.1 * x, -math.inf))
    assert "= x > V(-2.0);" in text
    assert "= V(0.1) * x;" in text
    assert "-std::numeric_limits<V>::infinity()" in text


def test_parameters_are_computed_once_per_call() -> None:
    text = functor(lambda m, x, *, a, b: (x + m.exp(b)) * (2 * m.exp(b) - a), "a", "b")
    prepare, _, at = text.partition("template <class T")
    assert prepare.count("Exact::exp(p[1])") == 1
    assert "exp" not in at
    assert "constants = 2;" in text
    assert "p[0]" in prepare
    assert "p[" not in at


def test_equal_operations_are_printed_once() -> None:
    text = functor(lambda m, x: m.exp(-x) / (1 + m.exp(-x)) + m.exp(-x))
    assert text.count("T::exp(") == 1


def test_exponents_are_found_among_the_constants() -> None:
    text = functor(lambda m, x, *, a, p: a * m.power(x, p) + m.power(x, 3), "a", "p")
    # Of the constants a, p, divisor and its inverse, 3 ...: those that p and 3 became.
    (places,) = re.findall(r"std::array<int, 2> exponents{(.*?)};", text)
    stored = dict(re.findall(r"k\[(\d+)\] = (.*?);", text))
    assert sorted(stored[place.strip()] for place in places.split(",")) == ["double(3.0)", "p[1]"]
    none = functor(lambda m, x, *, a: a * x, "a")
    assert "std::array<int, 0> exponents{};" in none


def test_conditions_on_parameters_are_constants_too() -> None:
    text = functor(lambda m, x, *, a: m.where(a > 1, x, -x), "a")
    assert "const bool u0 = p[0] > double(1.0);" in text
    assert re.search(r"\(k\[\d\] != 0\) \? x : t\d", text)


def test_dividing_by_a_parameter_offers_its_reciprocal() -> None:
    text = functor(lambda m, x, *, a: x / a, "a")
    assert "double(1.0) / p[0]" in text
    assert re.search(r"T::divide\(x, {k\[\d\], k\[\d\]}\)", text)


def test_nan_is_passed_on() -> None:
    # The last case is what NaN takes; where that is not x itself, NaN is sent round it.
    guarded = "return (x != x) ? x : "
    assert guarded in functor(lambda m, x: m.where(x > 0, x, 0))
    assert guarded in functor(lambda m, x: m.exp(x))
    assert guarded not in functor(lambda m, x: m.where(x <= 0, m.expm1(x), x))
    assert guarded in functor(lambda m, x, *, a: m.where(a > 0, 0, x), "a")


def test_a_loop_is_a_loop_that_ends_when_nothing_changes() -> None:
    def root(m: Any, x: Any) -> Any:
        middle = 1 + x
        return m.iterate(lambda r: (0.5 * (r + middle / r),), (x,), 40)[0]

    text = functor(root)
    before, _, inside = text.partition("for (int n = 0; n < 40; ++n) {")
    assert "V s1_0 = x;" in before
    assert "V(1.0) + x" in before  # outside, since it does not change inside
    assert "if (settled) break; }" in inside
    assert inside.count("s1_0 = next_s1_0;") == 1
    assert text.count("V(1.0) + x") == 1


def test_two_states_change_together() -> None:
    # A statement must not see the other's new value: Fibonacci numbers, not powers of two.
    text = functor(lambda m, x: m.iterate(lambda a, b: (b, a + b), (x, x), 5)[0])
    inside = text[text.index("for (") :]
    assert inside.index("const V next_s1_1") < inside.index(" s1_0 = next_s1_0;")


def test_constants_without_x() -> None:
    text = functor(lambda m, x: 3)
    assert "return (x != x) ? x : V(3.0);" in text
    assert "std::array<int, 0>" in text
    assert "constants = 1;" in functor(lambda m, x, *, a: 2 * a, "a")


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda m, x, *, a: x * a if a > 0 else x, r"mine: a formula branches in Python"),
        (lambda m, x, *, a: m.gamma(x), r"mine: m\.gamma is not known to the printers of kernels"),
        (lambda m, x, *, a: m.power(a, x), "mine: an exponent varies with x"),
        (lambda m, x, *, a: x**2, r"mine: .*unsupported operand type\(s\) for \*\*"),
        (lambda m, x, *, a: abs(x), r"mine: .*bad operand type for abs\(\)"),
        (lambda m, x, *, a: x * math.exp(a), "mine: .*must be real number, not Node"),
        (lambda m, x, *, a: x.clamp(0), "mine: .*has no attribute 'clamp'"),
    ],
)
def test_what_has_no_form_is_named(forward: Any, message: str) -> None:
    # Whatever a formula does to the values of a printer, users get one kind of error: calls
    # without a backend by name then go on by formula.
    with pytest.raises(UnprintableError, match=message):
        functions_source(definition(forward, "a"))


def test_an_unprintable_slope_is_named_too() -> None:
    wrong = definition(lambda m, x: x, derivative=lambda m, x: m.zeta(x))
    with pytest.raises(UnprintableError, match=r"mine: m\.zeta"):
        functions_source(wrong)
    with pytest.raises(UnprintableError, match=r"mine: .*branches in Python"):
        functions_source(
            definition(lambda m, x, *, a: x, "a", direct=Direct(lambda m, *, a: a > 0 or a < -1))
        )


@pytest.mark.parametrize("name", ["double", "register", "forward", "functions", "f"])
def test_a_name_that_means_something_else_in_cpp(name: str) -> None:
    text = functions_source(replace(SHIPPED["relu"], name=name))
    assert not re.search(rf"(Function|namespace) {name}\b", text)
    assert f"const Function function_{name} = " in text
    assert f'"{name}"' in text


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_definition_is_printed(name: str) -> None:
    text = functions_source(SHIPPED[name])
    assert text == functions_source(SHIPPED[name])
    assert text == functions_source(replace(SHIPPED[name]))
    assert text.count("{") == text.count("}")
    for struct in ("forward", "slope", *(f"{p.name}_partial" for p in SHIPPED[name].params)):
        assert f"struct {struct} {{" in text
    # No Python has slipped through as text.
    assert "object at 0x" not in text
    assert not re.search(r"\b(None|True|False|nan|inf)\b", text)


def test_a_table_lists_in_the_order_given() -> None:
    chosen = [SHIPPED["relu"], SHIPPED["elu"]]
    text = table_source(chosen, "actlab_avx2")
    # A prefix keeps names apart from words of C++ and of the headers.
    assert re.findall(r"&function_(\w+),", text) == ["relu", "elu"]
    assert "function_count = 2;" in text
    assert 'operator_namespace = "actlab_avx2"' in text


PRINT = """
import sys
from actlab import registry
from actlab.interpret.cpp import functions_source, table_source
texts = [functions_source(d) for d in registry.shipped().values()]
texts.append(table_source(tuple(registry.shipped().values()), "space"))
import hashlib
print(hashlib.sha256("".join(texts).encode()).hexdigest())
print([m for m in ("torch", "numpy", "mpmath", "scipy") if m in sys.modules])
"""


def test_text_is_the_same_in_every_process_and_imports_nothing_heavy() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1
    assert said.pop().splitlines()[1] == "[]"
