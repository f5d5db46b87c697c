"""Shapes: the whole catalogue against its declared traits, and functions away from defaults."""

from __future__ import annotations

import math

import pytest

import actlab
from actlab.analysis import shape, under_law


@pytest.mark.parametrize("name", actlab.names())
def test_what_is_found_at_the_defaults_is_what_is_declared(name):
    traits, found = actlab.get(name).traits, shape(name)
    assert found.is_monotone == traits.monotone
    assert (found.bend in ("convex", "straight")) == traits.convex
    assert (found.parity == "odd") == traits.odd
    assert found.smoothness == traits.smoothness
    assert found.lipschitz == pytest.approx(traits.lipschitz, rel=1e-6)
    assert found.low == pytest.approx(traits.low, rel=1e-6, abs=1e-9)
    assert found.high == pytest.approx(traits.high, rel=1e-6, abs=1e-9)
    if traits.dead is None:
        assert not found.flat
    else:
        assert any(stretch == pytest.approx(traits.dead, abs=1e-9) for stretch in found.flat)


@pytest.mark.parametrize(
    ("p", "at_start", "lipschitz", "curvature"),
    [
        (0.5, 0, math.inf, math.inf),
        (1.0, 0, 1.0, 0.0),
        (1.5, 1, 1.0, math.inf),
        (2.0, 1, 1.0, 0.5),
        (2.5, 2, 1.25, 0.9375),
        (7.0, 6, 3.5, 10.5),
    ],
)
def test_powerlu_at_any_exponent(p, at_start, lipschitz, curvature):
    found = shape("powerlu", p=p)
    assert found.joints[0].smoothness == at_start
    assert found.lipschitz == pytest.approx(lipschitz, rel=1e-9)
    assert found.curvature == pytest.approx(curvature, rel=1e-8)
    assert found.smoothness == (1 if p == 2 else 0)
    assert (found.bend == "convex") == (1 <= p <= 2)


@pytest.mark.parametrize(
    ("alpha", "monotone"),
    [(-1e-9, False), (0.0, True), (9.0, True), (9.0 + 1e-9, False), (-4.0, False), (100.0, False)],
)
def test_ralu_is_monotone_from_0_to_9_exactly(alpha, monotone):
    found = shape("ralu", alpha=alpha)
    assert found.is_monotone == monotone
    assert found.parity == "odd"
    assert found.lipschitz == pytest.approx(max(abs(alpha), abs(9 - alpha) / 8), rel=1e-9)
    assert found.curvature == pytest.approx(1.457106781186548 * abs(alpha - 1), rel=1e-8)
    assert bool(found.extrema) == (not monotone)


def test_the_identity_is_straight():
    found = shape("ralu", alpha=1.0)
    assert (found.monotone, found.bend, found.curvature) == ("increasing", "straight", 0.0)


def test_expolu_with_a_sharp_ramp():
    found = shape("expolu", b=1e-3, p=3.0, a=1e-9)
    assert found.lipschitz == pytest.approx(3 * (2e-3) ** 2 / 1e-9, rel=1e-9)
    assert found.curvature == pytest.approx(6 * 2e-3 / 1e-9, rel=1e-6)
    assert found.asymptotes[1] == pytest.approx((1.0, 8 - 1e-3))


def test_inverses():
    assert shape("ralu").inverse.kind == "bijection"
    powerlu = shape("powerlu").inverse
    assert (powerlu.kind, powerlu.where) == ("outside flat pieces", ((0.0, math.inf),))
    gelu = shape("gelu").inverse
    assert (gelu.kind, gelu.branches, gelu.bits) == ("branches", 2, 1)
    assert gelu.where == ((0.0, math.inf),)
    assert shape("sine").inverse.kind == "none"
    assert shape("elu").inverse.where == ((-1.0, math.inf),)


def test_places():
    assert shape("gelu").extrema == pytest.approx([-0.751791524693564], rel=1e-12)
    assert shape("silu").extrema == pytest.approx([-1.278464542761074], rel=1e-12)
    assert shape("gelu").roots == (0.0,)
    assert shape("relu").roots == ()
    assert shape("relu").zero == ((-math.inf, 0.0),)
    assert shape("absolute").extrema == (0.0,)


def test_underflow_is_no_dead_interval():
    # In doubles the slope of ELU is 0 below -745, that of PowerLU with p = 100 just above -1.
    assert shape("elu").flat == ()
    assert shape("powerlu", p=100.0).flat == ((-math.inf, -1.0),)


def test_ranges_know_what_is_reached():
    elu, gelu = shape("elu"), shape("gelu")
    assert (elu.low, elu.low_reached) == (-1.0, False)
    assert gelu.low == pytest.approx(-0.16997120747990369, rel=1e-12)
    assert gelu.low_reached
    assert shape("relu").low_reached
    assert not shape("tanh").high_reached
    assert shape("hard_tanh").high_reached
    assert shape("sigmoid").bounded


def test_dead_mass_under_other_laws():
    assert under_law("powerlu").dead == pytest.approx(0.5 * math.erfc(1 / math.sqrt(2)), rel=1e-14)
    assert under_law("relu", 1 / 3, law="uniform").sparsity == pytest.approx(0.5, rel=1e-14)
    assert under_law("relu", mean=-8.0).sparsity == pytest.approx(1, rel=1e-14)
    assert under_law("relu", mean=8.0).dead == pytest.approx(6.220960574271786e-16, rel=1e-9)
    assert under_law("expolu", b=0.25).dead == pytest.approx(0.4012936743, rel=1e-9)


def test_a_line_has_no_nonlinearity():
    found = under_law("ralu", 4.0, mean=1.0, alpha=1.0)
    assert found.nonlinearity == pytest.approx(0, abs=1e-14)
    assert found.linear_snr == pytest.approx(1, rel=1e-13)
