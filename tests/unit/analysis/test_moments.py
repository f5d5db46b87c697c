"""Moments against mpmath's own quadrature, closed forms, and at the edge of what exists."""

from __future__ import annotations

import math

import mpmath
import pytest

import actlab
from actlab.analysis import AccuracyError, Case, case, moments
from actlab.interpret.mp import MpMaths
from unit.analysis.made_up import gate, made_up, wave


def by_mpmath(subject: Case, sigma: float, mean: float, cuts: list[float]) -> list[float]:
    """E f, E f^2, E f' and E f'^2 by tanh-sinh quadrature in 30 digits."""
    ends = sorted({mean - 14 * sigma, *cuts, *subject.joints, mean, mean + 14 * sigma})
    results = []
    with mpmath.workdps(30):
        params = {name: mpmath.mpf(value) for name, value in subject.values}

        def expected(formula, power):
            def integrand(x):
                z = (x - mean) / sigma
                density = mpmath.exp(-z * z / 2) / (sigma * mpmath.sqrt(2 * mpmath.pi))
                return mpmath.mpf(formula(MpMaths(), x, **params)) ** power * density

            return float(mpmath.quad(integrand, [mpmath.mpf(end) for end in ends]))

        for formula in (subject.definition.forward, subject.definition.derivative):
            results += [expected(formula, power) for power in (1, 2)]
    return results


@pytest.mark.parametrize(
    ("name", "params", "q", "mean", "cuts"),
    [
        ("powerlu", {"p": 3.7}, 1.0, 0.0, []),
        ("powerlu", {"p": 0.75}, 1.0, 0.0, [-0.9]),
        ("expolu", {"a": 0.1, "b": 1e-3, "p": 2.5}, 1.0, 0.0, []),
        ("expolu", {"a": 7.0, "b": 3.0, "p": 1.2}, 0.04, -2.9, []),
        ("ralu", {"alpha": -17.0}, 9.0, 1.0, [-1.0, 0.0, 3.0]),
        ("elu", {"alpha": 40.0}, 25.0, 0.0, [-20.0, -5.0]),
        ("gelu", {}, 1.0, 0.5, [0.0]),
        ("mish", {}, 4.0, -1.0, [-8.0, 0.0]),
        ("softplus", {}, 1e-4, 0.0, []),
        ("tanh", {}, 100.0, 0.0, [-20.0, -2.0, 0.0, 2.0, 20.0]),
    ],
)
def test_moments_equal_those_of_an_independent_quadrature(name, params, q, mean, cuts):
    subject = case(name, params)
    found = moments(subject, q, mean=mean)
    wanted = by_mpmath(subject, math.sqrt(q), mean, cuts)
    # A mean may cancel: its error is relative to the size of the function.
    assert found.mean == pytest.approx(wanted[0], rel=1e-10, abs=1e-13 * math.sqrt(wanted[1]))
    assert found.square == pytest.approx(wanted[1], rel=1e-10)
    assert found.slope == pytest.approx(wanted[2], rel=1e-10)
    assert found.slope_square == pytest.approx(wanted[3], rel=1e-10)


@pytest.mark.parametrize("rate", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("mean", [0.0, 0.3])
def test_waves_have_their_closed_forms(rate, mean):
    found = moments(wave(rate), mean=mean)
    fades = math.exp(-(rate**2) / 2)
    twice = math.exp(-2 * rate**2) * math.cos(2 * rate * mean)
    assert found.mean == pytest.approx(math.sin(rate * mean) * fades, abs=1e-12)
    assert found.square == pytest.approx((1 - twice) / 2, rel=1e-11)
    assert found.slope_square == pytest.approx(rate**2 * (1 + twice) / 2, rel=1e-11)


@pytest.mark.parametrize("beta", [50.0, 1e6])
def test_a_narrow_bend_is_seen(beta):
    # E f' = 1/2 by symmetry. What the bend adds to E f'^2 is of order 1/beta: with u = beta x and
    # g(u) = s + u s (1 - s), the integral of (g^2 - step) phi(u / beta) / beta.
    found = moments(gate(beta))
    with mpmath.workdps(30):

        def extra(u):
            s = 1 / (1 + mpmath.exp(-u))
            rest = (s + u * s * (1 - s)) ** 2 - (1 if u > 0 else 0)
            return rest * mpmath.exp(-((u / beta) ** 2) / 2)

        part = mpmath.quad(extra, [-80, -10, 0, 10, 80]) / mpmath.sqrt(2 * mpmath.pi) / beta
    assert found.slope == pytest.approx(0.5, rel=1e-13)
    assert found.slope_square == pytest.approx(0.5 + float(part), rel=1e-12)


@pytest.mark.parametrize("a", [0.1, 1.0, math.sqrt(3), 4.0])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_elu_under_a_uniform_law(a, alpha):
    mean = a / 4 - alpha * (math.expm1(-a) + a) / (2 * a)
    found = moments("elu", a * a / 3, law="uniform", alpha=alpha)
    assert found.mean == pytest.approx(mean, rel=1e-11)


@pytest.mark.parametrize("p", [2.0, 5.0, 40.0])
def test_functions_that_grow_fast_have_their_tails_counted(p):
    definition = made_up(
        lambda m, x: m.power(m.where(x > 0, x, 0), p),
        lambda m, x: m.power_slope(m.where(x > 0, x, 0), p),
    )
    wanted = 2 ** (p - 1) * math.gamma(p + 0.5) / math.sqrt(math.pi)
    assert moments(definition).square == pytest.approx(wanted, rel=1e-12)


def test_a_slope_that_is_too_steep_has_no_second_moment():
    assert moments("powerlu", p=0.5).slope_square == math.inf
    # (p/2) t^(p-1), t = (1 + x)/2: next to the joint p^2/2 phi(-1) / (2 p - 1).
    p = 0.501
    found = moments("powerlu", p=p).slope_square
    leading = p**2 / 2 * math.exp(-0.5) / math.sqrt(2 * math.pi) / (2 * p - 1)
    assert found == pytest.approx(leading, rel=0.02)


def test_an_expectation_that_does_not_exist_is_refused():
    grows = made_up(lambda m, x: m.exp(x * x), lambda m, x: 2 * x * m.exp(x * x))
    with pytest.raises(AccuracyError, match="not finite|too heavy"):
        moments(grows)


@pytest.mark.full
def test_what_varies_too_fast_is_refused():
    with pytest.raises(AccuracyError, match="varies too fast"):
        moments(wave(1e7))


@pytest.mark.parametrize("name", actlab.names())
def test_the_variance_and_the_growth_agree_with_differences(name):
    found = moments(name)
    assert found.variance == pytest.approx(found.square - found.mean**2, rel=1e-9, abs=1e-14)
    step = 1e-4
    above, below = (moments(name, 1 + sign * step).square for sign in (1, -1))
    assert found.growth == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-7)


def test_the_variance_does_not_cancel():
    shifted = made_up(lambda m, x: x + 1e7, lambda m, x: x * 0 + 1)
    assert moments(shifted).variance == pytest.approx(1, rel=1e-8)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"q": math.nan}, "q must be a finite number"),
        ({"mean": math.inf}, "mean must be a finite number, got inf"),
        ({"law": "cauchy"}, "law must be 'normal' or 'uniform', got 'cauchy'"),
    ],
)
def test_bad_laws_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        moments("relu", **keywords)


def test_a_case_carries_parameters():
    subject = case("expolu", {"a": 2.0})
    assert moments(subject) == moments("expolu", a=2.0)
    assert case(subject, {"b": 0.5}).params == {"a": 2.0, "b": 0.5, "p": 2.0}
    with pytest.raises(TypeError, match="has no parameter 'c'"):
        case("expolu", {"c": 1.0})
