"""Correlation maps against closed forms, and what propagation says where it cannot go on."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from actlab.analysis import case, moments, propagate, weights
from actlab.analysis.correlation import drop


def relu_drop(q: float, d: float) -> float:
    with mpmath.workdps(60):
        c = 1 - mpmath.mpf(d)
        same = (mpmath.sqrt(1 - c * c) + c * (mpmath.pi - mpmath.acos(c))) / (2 * mpmath.pi)
        return float(q * (mpmath.mpf(1) / 2 - same))


@pytest.mark.parametrize("q", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("d", [1e-30, 1e-23, 1e-12, 3e-9, 1e-7, 1e-4, 0.1, 0.5, 0.99, 1, 1.5, 2])
def test_relu(q, d):
    assert drop(case("relu"), q, d) == pytest.approx(relu_drop(q, d), rel=1e-9)


@pytest.mark.parametrize("q", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("d", [1e-20, 1e-11, 1e-6, 0.01, 0.3, 1.0, 1.7])
def test_sine(q, d):
    # E sin(u) sin(v) = e^-q sinh(q c)
    with mpmath.workdps(60):
        wanted = mpmath.exp(-q) * (mpmath.sinh(q) - mpmath.sinh(q * (1 - mpmath.mpf(d))))
    assert drop(case("sine"), q, d) == pytest.approx(float(wanted), rel=1e-9)


@pytest.mark.parametrize("q", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("d", [1e-20, 1e-9, 1e-5, 0.01, 0.3, 1.0, 1.7])
def test_error_function(q, d):
    # E erf(u) erf(v) = 2/pi asin(2 q c / (1 + 2 q))
    with mpmath.workdps(60):
        top = 2 * mpmath.mpf(q) / (1 + 2 * mpmath.mpf(q))
        wanted = (2 / mpmath.pi) * (mpmath.asin(top) - mpmath.asin(top * (1 - mpmath.mpf(d))))
    assert drop(case("error_function"), q, d) == pytest.approx(float(wanted), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "params"), [("expolu", {"b": 1e-3}), ("elu", {"alpha": 3.0}), ("powerlu", {"p": 1.3})]
)
@pytest.mark.parametrize("d", [pytest.param(0.02, marks=pytest.mark.slow), 0.4, 1.3])
def test_kinks_against_an_integral_over_the_quadrants(name, params, d):
    # Half the square of a difference, over s = (u + v)/2 and t = (u - v)/2, split at the joints.
    subject = case(name, params)
    spread, gap = math.sqrt(1 - d / 2), math.sqrt(d / 2)
    nodes, node_weights = np.polynomial.legendre.leggauss(16)

    def rule(cuts):
        left, right = np.array(cuts[:-1])[:, None], np.array(cuts[1:])[:, None]
        x = 0.5 * (left + right) + 0.5 * (right - left) * nodes
        return x.ravel(), (0.5 * (right - left) * node_weights).ravel()

    total = 0.0
    t, weight_t = rule(sorted({k * gap / 6 for k in range(54)}))
    for one, weight in zip(t, weight_t, strict=True):
        breaks = {joint + sign * one for joint in subject.joints for sign in (-1, 1)}
        # Around each break the powers start steeply: panels shrink towards it.
        near = {b + sign * 4.0**-k for b in breaks for k in range(1, 14) for sign in (-1, 1)}
        s, weight_s = rule(sorted({k * spread / 2 for k in range(-17, 18)} | breaks | near))
        change = subject.value(s + one) - subject.value(s - one)
        inner = (change**2 * np.exp(-0.5 * (s / spread) ** 2) * weight_s).sum()
        total += inner * math.exp(-0.5 * (one / gap) ** 2) * weight
    wanted = total / (2 * math.pi * spread * gap)  # t < 0 doubles it, the half takes that back
    assert drop(subject, 1.0, d) == pytest.approx(wanted, rel=1e-7)


def test_layer_normalisation_after_the_activation():
    run = propagate("relu", "he", 10, norm="after", distance=None)
    assert run.variance == (2.0000000000000004,) * 11
    assert run.gradient[-1] == pytest.approx(
        10 * math.log10(0.5 / (0.5 - 0.5 / math.pi)), rel=1e-12
    )


def test_layer_normalisation_before_the_activation_undoes_any_scale():
    runs = [propagate("elu", (weight, 0.0), 12, norm="before") for weight in (0.1, 30.0)]
    assert runs[0].gradient == pytest.approx(runs[1].gradient, rel=1e-9)
    assert runs[0].distance == pytest.approx(runs[1].distance, rel=1e-9)
    at = moments("elu")
    assert runs[0].gradient[1] == pytest.approx(math.log10(at.slope_square / at.square))


def test_it_ends_where_the_signal_does():
    dies = propagate("ralu", "he", 100, alpha=0.0)
    assert dies.depth < 20
    assert "nothing" in dies.ended or "variance is 0" in dies.ended
    grows = propagate("relu_squared", (3.0, 0.0), 100)
    assert grows.depth < 20
    assert grows.ended


def test_weights():
    assert weights("relu", "pytorch", width=100) == pytest.approx((3**-0.5, 300**-0.5))
    assert weights("ralu", "own") == pytest.approx((3**-0.5, 0))
    assert weights("elu", "critical") == pytest.approx((1.2234, 0.1862), abs=5e-5)
    assert weights("elu", (1, 2)) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("relu", "xavier"), {}, "init must be one of pytorch, he, own, critical or a pair"),
        (("softplus", "critical"), {}, r"softplus\(\) has no edge of chaos"),
        (("relu", (0.0, 1.0)), {}, "init must be"),
        (("relu", "he", 0), {}, "depth must be at least 1, got 0"),
        (("relu",), {"norm": "both"}, "norm must be 'after', 'before' or None, got 'both'"),
        (("relu",), {"variance": -1.0}, "variance must be in"),
        (("relu",), {"distance": 3.0}, r"distance must be in \[0, 2\], got 3.0"),
        (("relu",), {"width": 0}, "width must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, keywords, message):
    with pytest.raises(ValueError, match=message):
        propagate(*arguments, **keywords)


def test_a_function_that_begins_far_out_is_not_taken_for_0():
    # Soft shrinkage at variance 1/1536 begins 19.6 deviations from the mean.
    q = 1 / 1536
    z = 0.5 / math.sqrt(q)
    assert moments("soft_shrink", q).slope_square == pytest.approx(
        math.erfc(z / math.sqrt(2)), rel=1e-10
    )
    run = propagate("soft_shrink")
    assert run.depth == 30
    assert run.gradient[-1] < -1000
    assert all(0 <= d <= 2 for d in run.distance)
