"""Rational functions of any degree: errors, accuracy, limits, and definitions that travel."""

from __future__ import annotations

import copy
import math
import pickle
import random
import sys
from typing import Any

import mpmath
import pytest
import torch
from mpmath import mpf

from actlab import functional, registry
from actlab.defs import rational as module
from actlab.defs.ralu import RALU
from actlab.defs.rational import RATIONAL, RATIONAL_3_2, rational

DEGREES = [(1, 1), (2, 1), (4, 3), (1, 2), (3, 3), (2, 5), (6, 0), (7, 6), (17, 16), (3, 16)]
PLACES = (
    -1e300, -3e120, -2e19, -40.0, -2.5, -1.0, -0.6, -1e-3, -1e-200,
    1e-200, 0.02, 0.7, 1.0, 1.5, 9.0, 700.0, 1e15, 1e80, 1e308,
)  # fmt: skip


def drawn(activation, seed: int) -> dict[str, Any]:
    """Coefficients without pattern, of either sign where that is allowed."""
    generator = random.Random(seed)
    found = {p.name: generator.uniform(-2, 2) for p in activation.params}
    return {p.name: found[p.name] if p.domain.contains(found[p.name]) else -found[p.name]
            for p in activation.params}  # fmt: skip


def exactly(degrees, params, x):
    """Value, slope and the magnitudes of their terms, by powers of 200-digit numbers."""
    upper, lower = degrees
    with mpmath.workdps(200):
        x, a = mpf(x), [mpf(params[f"a{i}"]) for i in range(upper + 1)]
        b = [mpf(1), *(abs(mpf(params[f"b{j}"])) for j in range(1, lower + 1))]
        top = mpmath.fsum(c * x**i for i, c in enumerate(a))
        tops = mpmath.fsum(abs(c * x**i) for i, c in enumerate(a))
        rise = mpmath.fsum(i * c * x ** (i - 1) for i, c in enumerate(a) if i)
        rises = mpmath.fsum(abs(i * c * x ** (i - 1)) for i, c in enumerate(a) if i)
        bottom = mpmath.fsum(c * abs(x) ** j for j, c in enumerate(b))
        growth = mpmath.fsum(j * c * abs(x) ** (j - 1) for j, c in enumerate(b) if j)
        slope = (rise * bottom - top * mpmath.sign(x) * growth) / bottom**2
        return top / bottom, slope, tops / bottom, (rises * bottom + tops * growth) / bottom**2


@pytest.mark.parametrize("degrees", DEGREES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_any_degree_is_accurate(degrees, seed: int) -> None:
    activation = rational(*degrees)
    params = drawn(activation, seed)
    x = torch.tensor(PLACES, dtype=torch.float64, requires_grad=True)
    y = functional.call(activation, x, backend="formula", **params)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    units = 2.0**-52 * (2 + sum(degrees))
    for at, value, rise in zip(PLACES, y.tolist(), slope.tolist(), strict=True):
        want, want_slope, size, slope_size = exactly(degrees, params, at)
        for got, exact, scale in ((value, want, size), (rise, want_slope, slope_size)):
            if abs(exact) > sys.float_info.max:
                assert got == math.copysign(math.inf, float(exact))
            else:
                assert abs(got - exact) <= units * scale + 1e-307, (at, got, float(exact))


@pytest.mark.parametrize("degrees", DEGREES, ids=str)
def test_derivatives_by_torch_are_finite_everywhere(degrees) -> None:
    activation = rational(*degrees)
    leaves = {
        name: torch.full((len(PLACES),), value, dtype=torch.float32, requires_grad=True)
        for name, value in drawn(activation, 7).items()
    }
    places = [x for x in PLACES if abs(x) < 1e38]
    x = torch.tensor(places, dtype=torch.float32)
    kept = {name: leaf[: len(places)] for name, leaf in leaves.items()}
    pull = torch.func.vjp(lambda t, p: functional.call(activation, t[None], **p), x, kept)[1]
    in_x, in_params = pull(torch.ones(1, len(places)))
    grown = degrees[0] > degrees[1] + 1
    for grad in (in_x, *in_params.values()):
        assert not grad.isnan().any()
        assert grown or grad.isfinite().all()


LIMITS = [
    ((3, 2), {"a3": 2.0, "b2": 4.0}, math.inf, 0.5),
    ((3, 2), {"a3": -2.0, "b2": 4.0}, -math.inf, -0.5),
    ((3, 2), {"a3": 0.0, "a2": 2.0, "b2": 4.0}, 0.5, 0.0),
    ((3, 2), {"a3": 0.0, "a2": 0.0, "a1": 3.0, "b2": 4.0}, 0.0, 0.0),
    ((1, 1), {"a1": 3.0, "b1": 2.0}, 1.5, 0.0),
    ((1, 3), {"a1": 3.0, "b3": 2.0}, 0.0, 0.0),
    ((2, 0), {"a1": 3.0, "a2": 0.0}, math.inf, 3.0),
    ((2, 0), {"a1": 3.0, "a2": 0.5}, math.inf, math.inf),
    ((2, 0), {"a0": 3.0, "a1": 0.0, "a2": 0.0}, 3.0, 0.0),
]


@pytest.mark.parametrize(("degrees", "params", "limit", "slope"), LIMITS)
@pytest.mark.parametrize("traced", [False, True])
def test_limits_at_infinity(degrees, params, limit, slope, traced: bool) -> None:
    activation = rational(*degrees)
    plain = dict.fromkeys(activation.defaults, 0.0)
    x = torch.tensor([math.inf], dtype=torch.float64)

    def apply(t):
        return functional.call(activation, t, backend="formula", **(plain | params))

    if traced:
        y, pull = torch.func.vjp(apply, x)[:2]
        grad = pull(torch.ones_like(y))[0]
    else:
        leaf = x.requires_grad_()
        y = apply(leaf)
        (grad,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    assert (y.item(), grad.item()) == (limit, slope)


def test_an_odd_degree_below_keeps_the_sign_on_the_left() -> None:
    x = torch.tensor([-math.inf, -1e300, -50.0], dtype=torch.float64)
    y = functional.call(rational(1, 1), x, a0=0.0, a1=1.0, b1=1.0)
    torch.testing.assert_close(y, torch.nn.functional.softsign(x).nan_to_num(-1.0))


def test_ralu_is_a_rational_function() -> None:
    x = torch.linspace(-60, 60, 4001, dtype=torch.float64)
    for alpha in (3.0, 0.25, -40.0):
        got = functional.call(RATIONAL_3_2, x, a0=0.0, a1=alpha, a2=0.0, a3=1.0, b1=0.0, b2=1.0)
        want = functional.call(RALU, x, alpha=alpha)
        torch.testing.assert_close(got, want, rtol=1e-15, atol=1e-15 * abs(alpha))
    assert any("rational_3_2" in text for text in registry.equivalents(RALU))


def test_a_definition_for_each_pair_of_degrees() -> None:
    assert rational(4, 3) is rational(4, 3) is not rational(3, 4)
    assert rational(4, 3).name == "rational_4_3"
    assert list(rational(2, 1).defaults) == ["a0", "a1", "a2", "b1"]
    assert rational(5, 4) is RATIONAL is registry.get("pau") is registry.get("rational")
    assert rational(3, 2) is RATIONAL_3_2 is registry.get("rational_3_2")
    assert registry.get("actlab.defs.rational:rational_4_3") is rational(4, 3)


@pytest.mark.parametrize("degrees", [(5, 4), (3, 2), (4, 3), (2, 0), (17, 16)], ids=str)
def test_definitions_travel(degrees) -> None:
    activation = rational(*degrees)
    assert pickle.loads(pickle.dumps(activation)) is activation
    assert copy.deepcopy(activation) is activation
    assert registry.get(registry.address(activation)) is activation


@pytest.mark.parametrize(
    ("degrees", "words"),
    [
        ((0, 4), "numerator_degree must be from 1 to 5 .* degree 4, got 0"),
        ((6, 4), "numerator_degree must be from 1 to 5 .* degree 4, got 6"),
        ((17, 0), "numerator_degree must be from 1 to 16 .* degree 0, got 17"),
        ((3, -1), "denominator_degree must be from 0 to 16, got -1"),
        ((3, 17), "denominator_degree must be from 0 to 16, got 17"),
    ],
)
def test_degrees_out_of_range(degrees, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rational(*degrees)


@pytest.mark.parametrize("degrees", [(5.0, 4), ("5", 4), (True, 4), (None, 4)])
def test_degrees_that_are_no_integers(degrees) -> None:
    with pytest.raises(TypeError, match="numerator_degree must be an integer, got"):
        rational(*degrees)


@pytest.mark.parametrize("name", ["rational_6_4", "rational_0_2", "rational_05_4", "rational_2"])
def test_names_of_no_definition(name: str) -> None:
    assert not hasattr(module, name)


def test_the_last_coefficient_below_is_positive() -> None:
    with pytest.raises(ValueError, match=r"rational: b4 must be a finite number in \(0, inf\)"):
        functional.call(RATIONAL, torch.ones(3), b4=-1.0)


@pytest.mark.parametrize(("definition", "most"), [(RATIONAL, 0.0301), (RATIONAL_3_2, 0.1145)])
def test_starts_near_leaky_relu(definition, most: float) -> None:
    x = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    far = (functional.call(definition, x) - torch.nn.functional.leaky_relu(x)).abs().max()
    assert most - 0.001 < far < most
