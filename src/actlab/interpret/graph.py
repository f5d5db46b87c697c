"""The graph interpreter: a formula traced once into its operations, for printers of kernels.

Equal operations are one node, and each node knows whether it varies with x: a kernel computes
what depends on parameters alone once per call. Nothing here imports torch, since the package
build runs it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from actlab.core.spec import Formula


class UnprintableError(ValueError):
    """A formula uses something that is not known to the printers of kernels."""


@contextmanager
def printing(name: str, language: str) -> Iterator[None]:
    """Whatever goes wrong inside is an UnprintableError that names the definition."""
    try:
        yield
    except UnprintableError as error:
        raise UnprintableError(f"{name}: {error}") from None
    except Exception as error:
        # A formula may do anything to its argument that numbers and tensors can take.
        raise UnprintableError(
            f"{name}: a formula does more than {language} a form for "
            f"({type(error).__name__}: {error})"
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operation, its operands, and whether it varies with x or is a condition."""

    graph: Graph
    operation: str
    operands: tuple[Any, ...]
    varies: bool
    condition: bool = False

    def __add__(self, other: Any) -> Any:
        return self.graph.operator("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.graph.operator("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.graph.operator("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.graph.operator("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.graph.operator("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.graph.operator("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.graph.operator("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.graph.operator("/", other, self)

    def __neg__(self) -> Node:
        return self.graph.node("neg", self)

    def __lt__(self, other: Any) -> Any:
        return self.graph.operator("<", self, other, condition=True)

    def __le__(self, other: Any) -> Any:
        return self.graph.operator("<=", self, other, condition=True)

    def __gt__(self, other: Any) -> Any:
        return self.graph.operator(">", self, other, condition=True)

    def __ge__(self, other: Any) -> Any:
        return self.graph.operator(">=", self, other, condition=True)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise UnprintableError("a formula compares with == or !=; use <= and >=")

    __hash__ = object.__hash__

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return self.graph.operator("&", self, other, condition=True)

    __rand__ = __and__

    def __bool__(self) -> bool:
        raise UnprintableError(
            "a formula branches in Python on a value that is known only later; use m.where"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """``times`` rounds of ``state = following(state)``."""

    state: tuple[Node, ...]
    initial: tuple[Any, ...]
    following: tuple[Any, ...]
    times: int


class Graph:
    """``core.maths.Maths`` over nodes; equal operations on equal operands are one node."""

    pi = math.pi

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Node] = {}
        self._loops = 0

    def node(self, operation: str, *operands: Any, condition: bool = False, **facts: bool) -> Node:
        """The node of an operation; it varies if an operand does."""
        varies = facts.get("varies", any(isinstance(a, Node) and a.varies for a in operands))
        # Nodes and loops live as long as their graph, so their addresses tell them apart.
        key = (
            operation,
            *(id(a) if isinstance(a, (Node, Loop)) else (type(a), repr(a)) for a in operands),
        )
        if key not in self._known:
            self._known[key] = Node(self, operation, operands, varies, condition)
        return self._known[key]

    def operator(self, sign: str, left: Any, right: Any, condition: bool = False) -> Any:
        """The node of an infix operator; ``NotImplemented`` for operands of another kind."""
        if not all(isinstance(side, (Node, int, float)) for side in (left, right)):
            return NotImplemented
        if sign == "/":
            return self.quotient(left, right)
        if sign == "*" and 1 in [side for side in (left, right) if not isinstance(side, Node)]:
            return left if isinstance(left, Node) else right
        return self.node(sign, left, right, condition=condition)

    def quotient(self, left: Any, right: Any) -> Node:
        """A quotient; dividing by parameters alone is told apart, as kernels may multiply."""
        left_varies = isinstance(left, Node) and left.varies
        if left_varies and not (isinstance(right, Node) and right.varies):
            return self.node("divide", left, right, 1 / right)
        return self.node("/", left, right)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if isinstance(condition, bool):
            return yes if condition else no
        return self.node("where", condition, yes, no)

    def guard(self, x: Any, meant: Any, otherwise: Any) -> Any:
        return x

    def stored(self, x: Any) -> Node:
        return self._of_parameters("stored", x)

    def lost(self, x: Any) -> Node:
        return self._of_parameters("lost", x)

    def exact(self, x: Any) -> Node:
        return self._of_parameters("exact", x, condition=True)

    def _of_parameters(self, name: str, x: Any, condition: bool = False) -> Node:
        if isinstance(x, Node) and x.varies:
            raise UnprintableError(f"m.{name} takes what depends on parameters alone")
        return self.node(name, x, condition=condition)

    def power(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        return self._power("power", (base,), p, (), divisor)

    def power_slope(self, base: Any, p: Any, divisor: Any = 1) -> Any:
        return self._power("power_slope", (base,), p, (), divisor)

    def power_of_sum(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        return self._power("power_of_sum", (x, b), p, (float(unit),), divisor)

    def slope_of_power(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        return self._power("slope_of_power", (x, b), p, (float(unit),), divisor)

    def power_times_log(self, x: Any, b: Any, p: Any, unit: float = 1, divisor: Any = 1) -> Any:
        return self._power("power_times_log", (x, b), p, (float(unit),), divisor)

    def lower_power(self, y: Any, p: Any) -> Node:
        _check_exponent(p)
        return self.node("lower_power", y, p)

    def _power(self, name: str, base: Any, p: Any, unit: Any, divisor: Any) -> Any:
        _check_exponent(p)
        if isinstance(divisor, Node) and divisor.varies:
            return self.node(name, *base, p, *unit, 1.0, 1.0) / divisor
        return self.node(name, *base, p, *unit, divisor, 1 / divisor)

    def iterate(
        self, step: Callable[..., tuple[Any, ...]], state: tuple[Any, ...], times: int
    ) -> tuple[Any, ...]:
        self._loops += 1
        names = [f"s{self._loops}_{place}" for place in range(len(state))]
        variables = tuple(self.node("state", name, varies=True) for name in names)
        loop = Loop(variables, state, step(*variables), times)
        return tuple(self.node("after", loop, place, varies=True) for place in range(len(state)))

    def sin(self, x: Any, rate: Any = 1) -> Any:
        return self.node("sin", x, rate)

    def cos(self, x: Any, rate: Any = 1) -> Any:
        return self.node("cos", x, rate)

    def log(self, x: Any) -> Any:
        return self.node("log", x) if isinstance(x, Node) else math.log(x)

    def sqrt(self, x: Any) -> Any:
        return self.node("sqrt", x) if isinstance(x, Node) else math.sqrt(x)

    def __getattr__(self, name: str) -> Callable[..., Node]:
        if name not in FUNCTIONS:
            raise UnprintableError(f"m.{name} is not known to the printers of kernels")
        return lambda *operands: self.node(name, *operands)


FUNCTIONS = frozenset(
    {
        "absolute",
        "arctan",
        "cos",
        "erf",
        "exp",
        "expm1",
        "fma",
        "log1p",
        "normal_cdf",
        "normal_density",
        "scaled_exp",
        "scaled_expm1",
        "sigmoid",
        "sin",
        "tanh",
    }
)
"""Primitives that are printed as a call of the same name."""

EXPONENT = {
    "power": 1,
    "power_slope": 1,
    "power_of_sum": 2,
    "slope_of_power": 2,
    "power_times_log": 2,
    "lower_power": 1,
}
"""The place of the exponent among the operands of each power."""


def _check_exponent(p: Any) -> None:
    if isinstance(p, Node) and p.varies:
        raise UnprintableError("an exponent varies with x")


def traced(formula: Formula, names: Iterable[str]) -> Any:
    """The graph of a formula: a node, or a number."""
    graph = Graph()
    x = graph.node("x", varies=True)
    return formula(graph, x, **{name: graph.node("parameter", name) for name in names})


def traced_condition(usable: Callable[..., Any], names: Iterable[str]) -> Any:
    """The graph of a condition on parameters: a node, or a bool."""
    graph = Graph()
    return usable(graph, **{name: graph.node("parameter", name) for name in names})


def outside(loop: Loop) -> list[Node]:
    """The varying operands of a loop's body that do not depend on its state."""
    inside: dict[Node, bool] = {}
    states = set(loop.state)

    def depends(node: Any) -> bool:
        if not isinstance(node, Node) or not node.varies:
            return False
        if node in states:
            return True
        if node not in inside:
            operands = node.operands if node.operation != "after" else ()
            answers = [depends(operand) for operand in operands]  # all of them, to know each
            inside[node] = any(answers)
        return inside[node]

    for node in loop.following:
        depends(node)
    return [node for node, answer in inside.items() if not answer]
