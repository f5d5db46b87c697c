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


def always(m: Any, **params: Any) -> bool:
    """The condition that every parameter fulfils."""
    return True


def moderate(m: Any, *params: Any) -> Any:
    """The condition that parameters are between 2^-8 and 2^8 in size, for ``usable``.

    Args:
        m: the namespace that the condition is given.
        params: parameters, negative ones too.

    Example:
        >>> from actlab.core import HalfTypes, moderate
        >>> half_types = HalfTypes(usable=lambda m, *, slope: moderate(m, slope))
    """
    holds: Any = True
    for param in params:
        size = m.absolute(param)
        holds = (size >= 2.0**-8) & (size <= 2.0**8) & holds
    return holds


def power_of_two(m: Any, param: Any) -> Any:
    """The condition that a positive parameter multiplies and divides without rounding.

    Args:
        m: the namespace that the condition is given.
        param: a parameter above 0.

    Example:
        >>> from actlab.core import HalfTypes, power_of_two
        >>> half_types = HalfTypes(usable=lambda m, *, beta: power_of_two(m, beta))
    """
    return m.exact(param) & m.exact(1 / param)


@dataclass(frozen=True, eq=False, slots=True)
class HalfTypes:
    """How float16 and bfloat16 are computed in single precision, and for which parameters.

    Single precision has 13 digits more than float16. Where a formula multiplies errors of 2^-23 in
    each of its operations by no more than about four, and nothing in it leaves the range, that
    is as good as double to a thousandth of the last place, and several times faster on GPUs.

    Args:
        usable: ``usable(m, *, params)``: a condition on the parameters. Default: all will do.
        forward: the value, where the definition's own formula will not do or takes longer.
        derivative: the slope from the input, likewise.
        derivative_from_output: the slope from the output, likewise.
        traced: the value as compilers are shown it, where the definition's own formula will not
            do: see ``Direct``, which comes first where a definition has both.
    """

    usable: Callable[..., Any] = always
    forward: Callable[..., Any] | None = None
    derivative: Callable[..., Any] | None = None
    derivative_from_output: Callable[..., Any] | None = None
    traced: Callable[..., Any] | None = None
