"""Second derivatives by dual numbers over the slope, against differences of 90 digits."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
from mpmath import mpf

from actlab import registry
from actlab.interpret import mp
from actlab.interpret.dual import Dual, DualMaths, slope_formula

PLACES = (-3.7, -1.3, -0.45, 0.3, 0.55, 1.7, 4.4)

M = mp.MpMaths()
STEP = mpf(10) ** -25

PRIMITIVES = {
    "slope_of_power": lambda m, x: m.slope_of_power(x, 1, mpf("2.7"), 2, 3),
    "slope of a small power": lambda m, x: m.slope_of_power(x, 1, mpf("0.3"), 2, 3),
    "slope of a square": lambda m, x: m.slope_of_power(x, 1, 2, 2, 3),
    "power_times_log": lambda m, x: m.power_times_log(x, 1, mpf("1.6"), 2, 3),
    "power_slope": lambda m, x: m.power_slope(x, mpf("2.7"), 3),
    "power_slope of the identity": lambda m, x: m.power_slope(x, 1, 3),
    "lower_power": lambda m, x: m.lower_power(x, mpf("1.5")),
    "fma": lambda m, x: m.fma(x, x, x),
    "iterate": lambda m, x: m.iterate(lambda a, b: (b * x, a + b), (x, 1), 5)[0],
    "stored": lambda m, x: x * m.stored(mpf(2)),
}


@pytest.mark.parametrize("name", PRIMITIVES)
def test_each_primitive_is_differentiated(name: str) -> None:
    formula = PRIMITIVES[name]
    with mpmath.workdps(90):
        for place in ("0.3", "1.9"):
            x = mpf(place)
            got = slope_formula(formula)(M, x)
            want = (formula(M, x + STEP) - formula(M, x - STEP)) / (2 * STEP)
            assert abs(got - want) <= mpf(10) ** -40 * (1 + abs(want))


def test_an_exponent_that_varies_is_refused() -> None:
    x = Dual(M, mpf(1), mpf(1))
    with pytest.raises(NotImplementedError, match="in x only"):
        DualMaths(M).slope_of_power(x, 1, Dual(M, mpf(2), mpf(1)))


def _far_from_joints(activation: Any, x: float) -> bool:
    return all(abs(j.where(**activation.defaults) - x) > 1e-6 for j in activation.joints)


@pytest.mark.parametrize("name", sorted(registry.shipped()))
def test_second_derivatives_are_those_of_the_slope(name: str) -> None:
    activation = registry.get(name)
    exact = {key: mpf(value) for key, value in activation.defaults.items()}
    with mpmath.workdps(mp.WORKING_DIGITS):
        for x in filter(lambda x: _far_from_joints(activation, x), PLACES):
            got = mp.curvature(activation, x, activation.defaults)
            above, below = (activation.derivative(M, mpf(x) + s, **exact) for s in (STEP, -STEP))
            want = (above - below) / (2 * STEP)
            assert abs(got - want) <= mpf(10) ** -35 * (1 + abs(want)), x
