"""Exact results, computed once per process and remembered."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import mpmath

from actlab.core import Activation
from actlab.interpret import mp

NOTHING = mpmath.mpf(10) ** -38
"""Second derivatives below this are what the difference leaves of 0."""

Bound = tuple[tuple[str, float], ...]


@functools.lru_cache(maxsize=400_000)
def _exact(activation: Activation, what: str, x: float, params: Bound) -> Any:
    values = dict(params)
    if what == "value":
        return mp.value(activation, x, values)
    if what == "slope":
        return mp.slope(activation, x, values)
    if what == "curvature":
        return _curvature(activation, x, values)
    return mp.partial(activation, x, values, what.removeprefix("d/d"))


def _curvature(activation: Activation, x: float, params: Mapping[str, float]) -> Any:
    """The second derivative by a central difference, good to about 40 digits off the joints."""
    with mpmath.workdps(mp.WORKING_DIGITS):
        step = mpmath.mpf(10) ** -22
        above, below = (mp.slope(activation, x + side, params) for side in (step, -step))
        curvature = (above - below) / (2 * step)
        return curvature if abs(curvature) > NOTHING else mpmath.mpf(0)


def exact(activation: Activation, what: str, x: float, params: Mapping[str, float]) -> Any:
    """An exact result as an ``mpf``.

    Args:
        activation: the definition.
        what: ``"value"``, ``"slope"``, ``"curvature"``, or ``"d/dNAME"`` for a parameter.
        x: the input.
        params: every parameter.
    """
    return _exact(activation, what, x, tuple(params.items()))
