"""Gains, critical points and recommendations against published tables and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab import init
from actlab.analysis import gain as analysed

FORWARD = {
    ("relu", ()): 1.41421,
    ("leaky_relu", (("negative_slope", 0.1),)): 1.40720,
    ("elu", ()): 1.24520,
    ("elu", (("alpha", 0.5),)): 1.36559,
    ("selu", ()): 1.0,
    ("gelu", ()): 1.53353,
    ("silu", ()): 1.67653,
    ("mish", ()): 1.48685,
    ("softplus", ()): 1.04187,
    ("tanh", ()): 1.59254,
    ("sigmoid", ()): 1.84623,
    ("ralu", (("alpha", 9.0),)): 0.24639,
    ("powerlu", (("p", 2.0),)): 1.38034,
}
"""From the project's table of golden values; 5 digits."""

NFNETS = {
    "celu": 1.270926833152771,
    "elu": 1.2716004848480225,
    "gelu": 1.7015043497085571,
    "leaky_relu": 1.70590341091156,
    "logsigmoid": 1.9193484783172607,
    "relu": 1.7139588594436646,
    "relu6": 1.7131484746932983,
    "selu": 1.0008515119552612,
    "sigmoid": 4.803835391998291,
    "silu": 1.7881293296813965,
    "softplus": 1.9203323125839233,
    "softsign": 2.338853120803833,
    "tanh": 1.5939117670059204,
}
"""Sampled constants of the normaliser-free nets (Brock et al. 2021, arXiv:2102.06171), which are
used by timm as well; 3 digits are right. log_softmax, which is not elementwise, is left out."""


@pytest.mark.parametrize(("name", "params"), FORWARD)
def test_forward_gain_is_the_golden_one(name: str, params: tuple[tuple[str, float], ...]) -> None:
    found = init.gain(name, **dict(params))
    assert found == pytest.approx(FORWARD[name, params], abs=6e-6)


def torch_function(name: str):
    return torch.sigmoid if name == "sigmoid" else getattr(F, name, None) or getattr(torch, name)


@pytest.mark.parametrize("name", NFNETS)
def test_centred_gain_agrees_with_sampled_constants(name: str) -> None:
    assert init.gain(torch_function(name), "centred") == pytest.approx(NFNETS[name], rel=1.5e-3)


def test_gains_of_torch_where_they_are_gains() -> None:
    # torch's tanh (5/3) and selu (3/4) are rules of thumb; the others are forward gains.
    for name, params in (("relu", ()), ("leaky_relu", (0.2,))):
        theirs = nn.init.calculate_gain(name, *params)
        mine = init.gain(name, **dict(zip(("negative_slope",), params, strict=False)))
        assert mine == pytest.approx(theirs, rel=1e-12)
    assert init.gain(nn.Identity()) == pytest.approx(nn.init.calculate_gain("linear"), rel=1e-12)


def test_closed_forms() -> None:
    assert init.gain("ralu", alpha=3.0) == pytest.approx(1 / math.sqrt(3), rel=1e-12)
    assert init.gain(torch.sin) == pytest.approx(1 / math.sqrt((1 - math.exp(-2)) / 2), rel=1e-12)
    assert init.gain(lambda x: F.relu(x) ** 2) == pytest.approx(1 / math.sqrt(1.5), rel=1e-12)
    assert init.gain(lambda x: F.relu(x) ** 2, "backward") == pytest.approx(2**-0.5, rel=1e-12)
    assert init.gain(F.hardtanh, "backward") == pytest.approx(math.erf(2**-0.5) ** -0.5, rel=1e-12)


@pytest.mark.parametrize("name", ["relu", "elu", "gelu", "ralu", "expolu", "tanh", "softplus"])
def test_quadrature_of_a_callable_is_that_of_the_definition(name: str) -> None:
    definition = actlab.get(name)

    def plain(x: Tensor) -> Tensor:
        return actlab.functional.call(definition, x)

    for q in (0.04, 1.0, 25.0):
        mine, known = init.recognise(plain).expectation(q), init.recognise(name).expectation(q)
        for moment in ("mean", "square", "slope", "slope_square", "variance", "growth"):
            expected = getattr(known, moment)
            assert getattr(mine, moment) == pytest.approx(expected, rel=1e-10, abs=1e-12)
    assert init.critical(plain) == pytest.approx(init.critical(name) or (0, 0)) or (
        init.critical(plain) is None and init.critical(name) is None
    )


def test_a_kink_anywhere_is_closed_in_on() -> None:
    at = math.pi / 7
    found = init.recognise(lambda x: F.relu(x - at)).expectation()
    density = math.exp(-at * at / 2) / math.sqrt(2 * math.pi)
    tail = math.erfc(at / math.sqrt(2)) / 2
    assert found.mean == pytest.approx(density - at * tail, rel=1e-12)
    assert found.square == pytest.approx((1 + at * at) * tail - at * density, rel=1e-12)
    assert found.slope_square == pytest.approx(tail, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "params", "weight", "bias"),
    [
        ("elu", {}, 1.2234, 0.1862),
        ("relu", {}, 1.4142, 0.0),
        ("selu", {}, 0.9660, 0.2584),
        ("ralu", {"alpha": 3.0}, 0.5343, 0.3789),
        ("expolu", {}, 0.7254, 0.0),
        ("gelu", {}, 1.4811, 0.2592),
    ],
)
def test_critical_points(name: str, params: dict[str, float], weight: float, bias: float) -> None:
    assert init.critical(name, **params) == pytest.approx((weight, bias), abs=6e-5)


@pytest.mark.parametrize(
    ("name", "params"),
    [("softplus", {}), ("powerlu", {"p": 2.0}), ("powerlu", {"p": 3.0}), ("sigmoid", {})],
)
def test_no_critical_point_is_none(name: str, params: dict[str, float]) -> None:
    assert init.critical(name, **params) is None
    assert init.critical(name, 4.0, **params) is None


def test_a_critical_point_keeps_variance_and_gradient() -> None:
    for name, q in (("elu", 2.0), ("tanh", 0.3), ("silu", 1.0)):
        point = init.critical(name, q)
        assert point is not None
        found = init.recognise(name).expectation(q)
        assert point[0] ** 2 * found.square + point[1] ** 2 == pytest.approx(q, rel=1e-12)
        assert point[0] ** 2 * found.slope_square == pytest.approx(1, rel=1e-12)


def test_learned_slopes_per_channel_count_equally() -> None:
    module = nn.PReLU(4)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.0, 0.5, -0.5, 1.0]))
    squares = (0 + 0.25 + 0.25 + 1) / 4
    assert init.gain(module) == pytest.approx(math.sqrt(2 / (1 + squares)), rel=1e-12)
    own = actlab.nn.RaLU(num_parameters=2)
    own.alpha = torch.tensor([1.0, 3.0])
    assert init.gain(own) == pytest.approx(1 / math.sqrt(2), rel=1e-6)


def test_random_slopes_are_averaged() -> None:
    lower, upper = 0.1, 0.7
    mean_square = (upper**3 - lower**3) / 3 / (upper - lower)
    assert init.gain(nn.RReLU(lower, upper)) == pytest.approx(
        math.sqrt(2 / (1 + mean_square)), rel=1e-12
    )


@pytest.mark.parametrize(
    ("name", "params", "mode", "weight", "bias", "stable"),
    [
        ("relu", {}, "forward", 1.41421, 0.0, True),
        ("leaky_relu", {}, "forward", 1.41414, 0.0, True),
        ("elu", {}, "critical", 1.22343, 0.18617, True),
        ("selu", {}, "forward", 1.0, 0.0, True),
        ("ralu", {"alpha": 3.0}, "forward", 0.57735, 0.0, True),
        ("ralu", {"alpha": 0.25}, "forward", 1.32327, 0.0, False),
        ("expolu", {}, "critical", 0.72538, 0.0, True),
        ("powerlu", {"p": 2.0}, "asymptotic", 1.41421, 0.0, True),
        ("powerlu", {"p": 3.0}, "asymptotic", 1.41421, 0.0, False),
        ("gelu", {}, "forward", 1.53353, 0.0, False),
        ("silu", {}, "forward", 1.67653, 0.0, False),
        ("mish", {}, "forward", 1.48685, 0.0, False),
        ("tanh", {}, "forward", 1.59254, 0.0, True),
    ],
)
def test_recommendations(
    name: str, params: dict[str, float], mode: str, weight: float, bias: float, stable: bool
) -> None:
    found = init.recommended(name, **params)
    assert (found.mode, found.stable) == (mode, stable)
    assert (found.sigma_w, found.sigma_b) == pytest.approx((weight, bias), abs=6e-6)
    assert init.gain(name, "auto", **params) == found.sigma_w
    assert ("unstable" in found.why) == (not stable)


def test_recommended_celu_is_critical() -> None:
    found = init.recommended(nn.CELU(0.5))
    assert (found.mode, round(found.sigma_w, 4), round(found.sigma_b, 4)) == (
        "critical",
        1.2970,
        0.2241,
    )


def test_agrees_with_the_analysis() -> None:
    for name in ("relu", "elu", "gelu", "ralu", "powerlu", "expolu", "sigmoid", "softplus"):
        assert init.gain(name) == pytest.approx(analysed.forward_gain(name), rel=1e-12)
        assert init.critical(name) == analysed.critical(name)


def test_bad_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="mode must be one of 'forward', .*got 'fan_in'"):
        init.gain("relu", "fan_in")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="elu: alpha must be a finite number in"):
        init.gain("elu", alpha=-1.0)
    with pytest.raises(ValueError, match="has no forward gain: it is constant"):
        init.gain(lambda x: x * 0)
    with pytest.raises(ValueError, match="q must be a finite number"):
        init.critical("elu", -1.0)
