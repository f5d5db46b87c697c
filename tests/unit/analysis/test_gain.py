"""Gains against the golden numbers of the literature and closed forms."""

import math

import pytest

from actlab.analysis.gain import backward_gain, critical, forward_gain, own_init
from actlab.analysis.moments import moments

GOLDEN = [
    ("powerlu", {}, 1.38034, 1.62432),
    ("powerlu", {"p": 3.0}, 1.43531, 1.51075),
    ("powerlu", {"p": 4.0}, 1.46733, 1.41736),
    ("expolu", {}, 0.43570, 0.52097),
    ("expolu", {"a": 2.0}, 0.80580, 0.98054),
    ("ralu", {"alpha": 0.0}, 1.46327, 1.29881),
    ("ralu", {"alpha": 0.25}, 1.32327, 1.24822),
    ("ralu", {"alpha": 2.0}, 0.73635, 0.71246),
    ("ralu", {"alpha": 3.0}, 0.57735, 0.53429),
    ("ralu", {"alpha": 5.0}, 0.40015, 0.34799),
    ("ralu", {"alpha": 9.0}, 0.24639, 0.20194),
    ("elu", {}, 1.24520, 1.22343),
    ("elu", {"alpha": 0.5}, 1.36559, 1.35828),
    ("relu", {}, 1.41421, 1.41421),
    ("leaky_relu", {}, 1.41414, 1.41414),
    ("selu", {}, 1.0, 0.96603),
    ("gelu", {}, 1.53353, 1.48111),
    ("silu", {}, 1.67653, 1.62332),
    ("mish", {}, 1.48685, 1.44476),
    ("softplus", {}, 1.04187, 1.84623),
    ("tanh", {}, 1.59254, 1.46741),
    ("sigmoid", {}, 1.84623, 4.72265),
]


@pytest.mark.parametrize(("name", "params", "forward", "backward"), GOLDEN)
def test_gains_have_their_golden_values(name, params, forward, backward):
    assert forward_gain(name, **params) == pytest.approx(forward, abs=6e-6)
    assert backward_gain(name, **params) == pytest.approx(backward, abs=6e-6)


@pytest.mark.parametrize("alpha", [-2.0, 0.0, 1.0, 3.0, 9.0])
def test_ralu_moments_equal_their_closed_forms(alpha):
    c = math.sqrt(math.pi / 2) * math.exp(0.5) * math.erfc(1 / math.sqrt(2))
    beta = alpha - 1
    found = moments("ralu", alpha=alpha)
    assert found.mean == pytest.approx(0, abs=1e-13)
    assert found.slope == pytest.approx(1 + beta * (1 - c), rel=1e-12)
    assert found.square == pytest.approx(1 + 2 * beta * (1 - c) + beta**2 * (c - 0.5), rel=1e-12)
    assert found.slope_square == pytest.approx(
        1 + 2 * beta * (1 - c) + beta**2 * (0.5 - c / 3), rel=1e-12
    )


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.6732632423543772])
def test_elu_moments_equal_their_closed_forms(alpha):
    def cdf(x):
        return 0.5 * math.erfc(-x / math.sqrt(2))

    found = moments("elu", alpha=alpha)
    mean = 1 / math.sqrt(2 * math.pi) - alpha * (0.5 - math.exp(0.5) * cdf(-1))
    assert found.mean == pytest.approx(mean, abs=1e-14)
    assert found.slope == pytest.approx(0.5 + math.exp(0.5) * cdf(-1) * alpha, rel=1e-13)
    assert found.slope_square == pytest.approx(0.5 + math.exp(2) * cdf(-2) * alpha**2, rel=1e-13)


def test_relu_moments_scale_with_the_variance():
    assert moments("relu", 9.0).square == pytest.approx(4.5, rel=1e-13)
    assert moments("relu", 1e-4).slope_square == pytest.approx(0.5, rel=1e-13)


@pytest.mark.parametrize(
    ("name", "params", "point"),
    [
        ("elu", {}, (1.2234, 0.1862)),
        ("elu", {"alpha": 0.5}, (1.3583, 0.1033)),
        ("powerlu", {"p": 4.0}, (1.4174, 0.2588)),
        ("ralu", {"alpha": 2.0}, (0.7125, 0.2527)),
        ("relu", {}, (1.4142, 0.0)),
        ("expolu", {}, (0.7254, 0.0)),
    ],
)
def test_critical_points(name, params, point):
    assert critical(name, **params) == pytest.approx(point, abs=6e-5)
    assert own_init(name, **params) == critical(name, **params)


@pytest.mark.parametrize(
    ("name", "params"),
    [("powerlu", {}), ("powerlu", {"p": 3.0}), ("expolu", {"a": 2.0}), ("softplus", {})],
)
def test_functions_without_a_critical_point_start_at_their_forward_gain(name, params):
    assert critical(name, **params) is None
    assert own_init(name, **params) == (forward_gain(name, **params), 0.0)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"q must be a finite number in \(0, inf\), got 0"):
        moments("relu", 0)
    with pytest.raises(ValueError, match=r"powerlu: p must be a finite number in \(0, inf\)"):
        forward_gain("powerlu", p=-1.0)
