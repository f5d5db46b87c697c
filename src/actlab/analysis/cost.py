"""What an activation costs, counted in the operations of its traced formula."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from actlab.analysis.case import Analysed, Case, case
from actlab.core.spec import Formula
from actlab.interpret.graph import EXPONENT, Loop, Node, UnprintableError, traced

CostClass: TypeAlias = Literal[
    "comparisons only",
    "arithmetic",
    "division or root",
    "one transcendental",
    "several transcendentals",
    "unknown",
]

ARITHMETIC = frozenset({"+", "-", "*", "neg", "fma", "divide", "absolute"})
COMPARISONS = frozenset({"<", "<=", ">", ">=", "&", "where"})
SLOW = frozenset({"/", "sqrt"})
TRANSCENDENTAL = frozenset(
    {"arctan", "cos", "erf", "exp", "expm1", "log", "log1p", "normal_cdf", "normal_density"}
    | {"scaled_exp", "scaled_expm1", "sigmoid", "sin", "tanh"}
)
WHOLE = frozenset({0.0, 1.0, 2.0, 3.0, 4.0})
"""Exponents that a kernel multiplies out."""

FREE = frozenset({"x", "parameter", "stored", "lost", "exact", "state", "after"})


@dataclass(frozen=True, slots=True)
class Count:
    """The operations on one element.

    Attributes:
        kind: the cost class, by the dearest operations.
        comparisons: comparisons and selections. arithmetic: additions, multiplications and
            divisions by parameters, which kernels turn into multiplications. slow: divisions
            and roots. transcendental: exponentials, logarithms, general powers and the like.
    """

    kind: CostClass
    comparisons: int = 0
    arithmetic: int = 0
    slow: int = 0
    transcendental: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What an activation costs.

    Attributes:
        value: for f. slope: for f' from the input.
        saved: what a training step keeps, ``"input"`` or ``"output"``.
        bytes_saved: its bytes per element in float32. What it keeps as output costs nothing
            where the next layer keeps the same tensor as its input.
    """

    value: Count
    slope: Count
    saved: str
    bytes_saved: int

    @property
    def kind(self) -> CostClass:
        """The cost class of the value."""
        return self.value.kind


def cost(activation: Analysed, **params: float) -> Cost:
    """The cost class of a function, its operations and the bytes it keeps.

    Equal operations count once. Both branches of a selection count, as vectorised kernels
    compute both.

    Args:
        activation: a name, a definition, or a case.
        **params: its parameters; exponents of 1 to 4 are multiplied out.

    Returns:
        The counts; their class is ``"unknown"`` for a formula that cannot be traced.

    Raises:
        ValueError: a parameter is outside its domain.

    Example:
        >>> from actlab.analysis.cost import cost
        >>> cost("relu").kind, cost("ralu").kind, cost("elu").kind, cost("mish").kind
        ('comparisons only', 'division or root', 'one transcendental', 'several transcendentals')
    """
    return _cost(case(activation, params))


@functools.lru_cache(maxsize=256)
def _cost(subject: Case) -> Cost:
    definition = subject.definition
    return Cost(
        value=_count(definition.forward, subject),
        slope=_count(definition.derivative, subject),
        saved=definition.saves,
        bytes_saved=4,
    )


def _count(formula: Formula, subject: Case) -> Count:
    params = subject.params
    try:
        root = traced(formula, tuple(params))
    except (UnprintableError, TypeError, AttributeError):
        # What a user's formula may do beyond the vocabulary is not known here.
        return Count("unknown")
    comparisons = arithmetic = slow = transcendental = 0
    for node in _nodes(root):
        name = node.operation
        if not node.varies or name in FREE:
            continue
        if name in COMPARISONS:
            comparisons += 1
        elif name in ARITHMETIC:
            arithmetic += 1
        elif name in SLOW:
            slow += 1
        elif name in TRANSCENDENTAL:
            transcendental += 1
        elif name in EXPONENT:
            exponent = _number(node.operands[EXPONENT[name]], params)
            lowered = name in ("power_slope", "slope_of_power")
            exponent = exponent - 1 if lowered and exponent is not None else exponent
            if exponent in WHOLE and name not in ("power_times_log", "lower_power"):
                arithmetic += int(exponent or 0) + 1
            elif exponent == 0.5:
                slow += 1
            else:
                transcendental += 1
        else:
            return Count("unknown")
    return Count(
        _kind(arithmetic, slow, transcendental), comparisons, arithmetic, slow, transcendental
    )


def _kind(arithmetic: int, slow: int, transcendental: int) -> CostClass:
    if transcendental:
        return "one transcendental" if transcendental == 1 else "several transcendentals"
    if slow:
        return "division or root"
    return "arithmetic" if arithmetic else "comparisons only"


def _number(operand: Any, params: dict[str, float]) -> float | None:
    if not isinstance(operand, Node):
        return float(operand)
    if operand.operation == "parameter":
        return params[operand.operands[0]]
    return None


def _nodes(root: Any) -> Iterator[Node]:
    """Every node below and at the root, each once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Loop):
            waiting += [*item.initial, *item.following]
        elif isinstance(item, Node) and id(item) not in seen:
            seen.add(id(item))
            waiting += item.operands
            yield item
