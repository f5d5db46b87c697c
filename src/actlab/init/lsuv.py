"""Scaling weights until every layer's output has the variance it should have, from data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from actlab.init.arguments import call_with, check_choice, check_model
from actlab.init.graph import Node
from actlab.init.isolation import unchanged
from actlab.init.plan import Choice, Residual, Settings, embedding_weights, plan
from actlab.init.report import number, table
from actlab.init.trace import trace


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What became of one layer.

    Attributes:
        name: of the layer.
        target: the variance its output should have. before, after: the variance it had and has.
        factor: what its weight was multiplied by.
        iterations: how many times it was adjusted.
        action: ``"set"``, ``"left"``, or ``"missed"`` where the tolerance was not reached.
        note: why, in words.
    """

    name: str
    target: float
    before: float | None
    after: float | None
    factor: float
    iterations: int
    action: Literal["set", "left", "missed"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class LsuvReport:
    """What ``lsuv_`` did; ``print`` shows it as a table.

    Attributes:
        rows: one for every layer, in the order of execution.
    """

    rows: tuple[Adjustment, ...]

    def __str__(self) -> str:
        head = ("layer", "target", "before", "after", "factor", "steps", "", "note")
        lines = [
            (
                row.name or "(model)",
                number(row.target),
                number(row.before),
                number(row.after),
                number(row.factor),
                str(row.iterations),
                row.action,
                row.note,
            )
            for row in self.rows
        ]
        return table(head, lines)


def lsuv_(
    model: nn.Module,
    example_inputs: Any,
    *,
    target: float = 1.0,
    tolerance: float = 0.1,
    max_iterations: int = 10,
    residual: Residual = "scale",
) -> LsuvReport:
    """Scale each layer's weight, first to last, until its output's variance is ``target``.

    In one run, each layer's weight is multiplied by ``sqrt(target / Var y)`` until the variance
    over all entries of its output y is within the tolerance, before what follows is computed.
    A layer at the end of one of L residual branches in sequence aims at ``target / L``. Biases,
    gradients, buffers, training mode and random state are left as they are. Initialise first
    (``init_``, with ``distribution="orthogonal"`` as in the paper); this only scales.

    Args:
        model: any module, changed in place.
        example_inputs: a batch of real data: a tensor, a tuple of positional arguments or a dict
            of keyword arguments.
        target: the variance, positive. Default: 1.
        tolerance: the accepted relative deviation, in (0, 1). Default: 0.1.
        max_iterations: adjustments of one layer at most. Default: 10.
        residual: ``"scale"`` as above; ``"zero"`` leaves the ends of branches alone; ``"keep"``
            gives them the same target as all others. Default: ``"scale"``.

    Returns:
        The report. Frozen, parametrized and tied layers, and those inside torch's attention,
        are left, and reported.

    Raises:
        ValueError: an argument outside its range, or lazy or meta parameters.

    Reference:
        Mishkin, Matas 2015, arXiv:1511.06422.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab import init
        >>> model = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 32))
        >>> report = init.lsuv_(model, torch.randn(256, 32))
        >>> all(0.9 <= row.after <= 1.1 for row in report.rows)
        True
    """
    check_model(model)
    check_choice("residual", residual, get_args(Residual))
    _check_range("target", target, 0.0, math.inf)
    _check_range("tolerance", tolerance, 0.0, 1.0)
    if (
        isinstance(max_iterations, bool)
        or not isinstance(max_iterations, int)
        or max_iterations < 1
    ):
        raise ValueError(f"max_iterations must be an integer of at least 1, got {max_iterations!r}")
    args, kwargs = call_with(example_inputs)
    with torch.no_grad(), unchanged(model):
        graph, _ = trace(model, args, kwargs)
        settings = Settings(None, "forward", residual, "leave")
        tied = embedding_weights(model, graph)
        choices = {id(c.layer.weight): c for c in plan(graph, settings, tied)}
        adjuster = _Adjuster(choices, target, tolerance, max_iterations)
        trace(model, args, kwargs, adjuster)
    return LsuvReport(tuple(adjuster.rows))


class _Adjuster:
    """Rescales each layer at its first use, before its output goes on."""

    def __init__(
        self, choices: dict[int, Choice], target: float, tolerance: float, most: int
    ) -> None:
        self.choices = choices
        self.target = target
        self.tolerance = tolerance
        self.most = most
        self.rows: list[Adjustment] = []
        self._seen: set[int] = set()

    def __call__(self, node: Node, x: Tensor, compute: Callable[[], Tensor]) -> Tensor:
        layer = node.layer
        y = compute()
        if layer is None or id(layer.weight) in self._seen:
            return y
        self._seen.add(id(layer.weight))
        choice = self.choices.get(id(layer.weight))
        scale = 1.0 if choice is None or choice.norm is not None else choice.scale
        target = self.target * scale**2
        before = _variance(y)
        left = self._why_left(node, choice, target, before)
        if left:
            row = Adjustment(node.name, target, before, before, 1.0, 0, "left", left)
            self.rows.append(row)
            return y
        factor, steps, now = 1.0, 0, before
        while abs(now / target - 1) > self.tolerance and steps < self.most:
            step = math.sqrt(target / now)
            layer.weight.mul_(step)
            factor, steps = factor * step, steps + 1
            y = compute()
            now = _variance(y)
        reached = abs(now / target - 1) <= self.tolerance
        note = (
            "" if reached else "its biases alone vary too much" if factor < 0.1 else "not reached"
        )
        action: Literal["set", "missed"] = "set" if reached else "missed"
        self.rows.append(Adjustment(node.name, target, before, now, factor, steps, action, note))
        return y

    def _why_left(self, node: Node, choice: Choice | None, target: float, before: float) -> str:
        layer = node.layer
        if layer is None or not layer.adjustable:
            return "inside attention"
        if layer.owner is not None:
            return "parametrized"
        if choice is None or choice.left:
            return layer.problem or (choice.left if choice else "")
        if target == 0:
            return "the end of a residual branch"
        if not 0 < before < math.inf:
            return f"the variance of its output is {before:g}"
        return ""


def _variance(y: Tensor) -> float:
    return float(y.detach().double().var(correction=0))


def _check_range(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
        raise ValueError(f"{name} must be a number in ({low:g}, {high:g}), got {value!r}")
