"""Formulas traced into their operations: what is shared, what varies, what cannot be traced."""

from __future__ import annotations

import math

import pytest

from actlab import registry
from actlab.interpret.graph import Graph, Node, UnprintableError, traced, traced_condition


def operations(node: object) -> list[str]:
    """The operations of a graph, operands first, each node once."""
    seen: dict[Node, None] = {}

    def visit(at: object) -> None:
        if isinstance(at, Node) and at not in seen:
            for operand in at.operands:
                visit(operand)
            seen[at] = None

    visit(node)
    return [found.operation for found in seen]


def test_equal_operations_are_one_node() -> None:
    def formula(m, x, *, alpha):
        return m.exp(alpha * x) + m.exp(alpha * x) * m.exp(alpha * x)

    assert operations(traced(formula, ["alpha"])).count("exp") == 1


def test_operands_in_another_order_or_of_another_kind_are_other_nodes() -> None:
    graph = Graph()
    x, y = graph.node("x", varies=True), graph.node("parameter", "y")
    assert x - y is x - y
    assert x - y is not y - x
    assert x + 2 is not x + 2.0  # 2 and 2.0 are printed alike, -0.0 and 0 are not
    assert x + 0.0 is not x + -0.0


def test_what_depends_on_parameters_alone_does_not_vary() -> None:
    graph = Graph()
    x, p = graph.node("x", varies=True), graph.node("parameter", "p")
    assert not (2 * p / (1 - p)).varies
    assert not graph.where(p > 0, p, -p).varies
    assert (x * p).varies
    assert (x <= p).condition
    assert graph.where(p > 0, x, p).varies


def test_operators_on_both_sides() -> None:
    graph = Graph()
    x = graph.node("x", varies=True)
    shown = [
        (node.operation, ["x" if operand is x else operand for operand in node.operands])
        for node in (1 + x, 3 - x, 2 * x, 1 / x, x + 1, x - 3, x * 2, -x, x > 2, x >= 2)
    ]
    assert shown == [
        ("+", [1, "x"]), ("-", [3, "x"]), ("*", [2, "x"]), ("/", [1, "x"]), ("+", ["x", 1]),
        ("-", ["x", 3]), ("*", ["x", 2]), ("neg", ["x"]), (">", ["x", 2]), (">=", ["x", 2]),
    ]  # fmt: skip


def test_what_a_condition_decides_beforehand_is_gone() -> None:
    graph = Graph()
    x = graph.node("x", varies=True)
    assert graph.where(True, x, 1) is x
    assert graph.where(1 > 2, x, 1) == 1
    assert ((x < 1) & True) is (x < 1)
    assert (True & (x < 1)) is (x < 1)
    assert ((x < 1) & False) is False
    assert x * 1 is x
    assert 1.0 * x is x
    assert graph.guard(x, x > 0, 1) is x


def test_dividing_by_parameters_is_told_apart() -> None:
    graph = Graph()
    x, p = graph.node("x", varies=True), graph.node("parameter", "p")
    by_parameter, by_number = x / p, x / 3
    assert by_parameter.operation == by_number.operation == "divide"
    assert by_parameter.operands[2] is 1 / p
    assert by_number.operands[1:] == (3, 1 / 3)
    assert (p / 2).operation == (x / x).operation == (p / x).operation == "/"


def test_a_divisor_of_a_power_that_varies_divides_afterwards() -> None:
    graph = Graph()
    x, p = graph.node("x", varies=True), graph.node("parameter", "p")
    assert graph.power(x, p, p).operands == (x, p, p, 1 / p)
    divided = graph.power(x, p, 1 + x)
    assert divided.operation == "/"
    assert divided.operands[0].operands == (x, p, 1.0, 1.0)


def test_numbers_stay_numbers() -> None:
    graph = Graph()
    assert graph.log(2.0) == math.log(2)
    assert graph.sqrt(2.0) == math.sqrt(2)
    assert graph.pi == math.pi
    assert traced(lambda m, x: 3, ()) == 3
    assert traced_condition(lambda m: True, ()) is True


def test_rounds_of_a_loop_are_traced_once() -> None:
    def formula(m, x):
        root, _ = m.iterate(lambda r, n: (0.5 * (r + x / r), n + 1), (x, 0.0), 40)
        return root

    result = traced(formula, ())
    assert result.operation == "after"
    loop, place = result.operands
    assert (loop.times, place) == (40, 0)
    assert loop.initial[1] == 0.0
    assert operations(loop.following[0]).count("/") == 1


def test_two_loops_have_states_of_their_own() -> None:
    graph = Graph()
    x = graph.node("x", varies=True)
    (one,) = graph.iterate(lambda r: (r + 1,), (x,), 3)
    (two,) = graph.iterate(lambda r: (r + 1,), (x,), 3)
    assert one is not two
    assert one.operands[0].state[0] is not two.operands[0].state[0]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda m, x, a: x if a > 0 else -x, "branches in Python"),
        (lambda m, x, a: max(x, 0), "branches in Python"),
        (lambda m, x, a: x if x > 0 and x < a else -x, "branches in Python"),
        (lambda m, x, a: m.where(not x > 0, x, a), "branches in Python"),
        (lambda m, x, a: m.gamma(x), "m.gamma is not known to the printers of kernels"),
        (lambda m, x, a: m.power(a, x), "an exponent varies with x"),
        (lambda m, x, a: m.power_of_sum(x, 1, x), "an exponent varies with x"),
        (lambda m, x, a: m.lower_power(x, x + a), "an exponent varies with x"),
        (lambda m, x, a: m.stored(x), "m.stored takes what depends on parameters alone"),
        (lambda m, x, a: m.lost(x + a), "m.lost takes what depends on parameters alone"),
        (lambda m, x, a: m.where(m.exact(x), x, a), "m.exact takes what depends on param"),
    ],
)
def test_what_kernels_have_no_form_for_is_named(formula, message: str) -> None:
    with pytest.raises(UnprintableError, match=message):
        traced(lambda m, x, *, a: formula(m, x, a), ["a"])


@pytest.mark.parametrize("compare", [lambda x: x == 0, lambda x: x != 0])
def test_equality_is_never_decided_by_the_identity_of_nodes(compare) -> None:
    # On numbers `x == 0` depends on x: folding it to False would print a wrong kernel.
    with pytest.raises(UnprintableError, match="=="):
        traced(lambda m, x: m.where(compare(x), 5, x), ())


def test_operands_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        traced(lambda m, x: x + "1", ())
    with pytest.raises(TypeError, match="not supported between"):
        traced(lambda m, x: m.where(x < "1", x, 0), ())


@pytest.mark.parametrize("name", sorted(registry.shipped()))
def test_every_shipped_formula_varies_with_x(name: str) -> None:
    definition = registry.shipped()[name]
    names = [param.name for param in definition.params]
    assert traced(definition.forward, names).varies
    assert traced(definition.derivative, names).varies
