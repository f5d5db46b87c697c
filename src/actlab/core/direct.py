"""Formulas that are accurate in the dtype's own precision, for the fastest kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False, slots=True)
class Direct:
    """How an activation is computed without wider arithmetic, and for which parameters.

    Kernels compute a narrow dtype in double and round once, which is right for every formula
    and twice the work. Where a formula is accurate in its dtype's own precision already, it says
    so here. A formula that is None is the definition's own. Its primitives are then those of the
    dtype: powers only as squares, divisors that are parameters only as powers of two.

    Args:
        usable: ``usable(m, *, params)``: a condition on the parameters, ``m.exact`` included.
        forward: the value, ``forward(m, x, *, params)``.
        derivative: the slope from the input.
        derivative_from_output: the slope from the output.
        slopes_usable: the condition for the slopes, where it differs.
        traced: the value as compilers are shown it, where the definition's own formula will not
            do: they have no fused multiply-add, and differentiate by the chain rule, which has to
            be as accurate. ``m.widened`` gives ``x`` in a precision that forgives roundings.
    """

    usable: Callable[..., Any]
    forward: Callable[..., Any] | None = None
    derivative: Callable[..., Any] | None = None
    derivative_from_output: Callable[..., Any] | None = None
    slopes_usable: Callable[..., Any] | None = None
    traced: Callable[..., Any] | None = None
