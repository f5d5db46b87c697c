"""Deep networks after init_: what is measured against mean-field theory computed here.

The oracle is the recursion q -> sw^2 E f(sqrt(q) z)^2 + sb^2 on the nominal scales, with moments of
``actlab.analysis``; nothing of ``init.check``'s prediction goes into it. Layers of n units
fluctuate: the mean of n squares has relative variance (E f^4 / (E f^2)^2 - 1) / n, every layer adds
its share to the variance of log q, and the slope of the variance map carries earlier shares on.
Outputs must lie within four of those standard deviations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

import actlab
from actlab import init
from actlab.analysis.case import case
from actlab.analysis.moments import moments
from actlab.functional import call

WIDTH = 512
BATCH = 16
ACTIVATIONS = {
    "relu": {},
    "elu": {},
    "ralu": {"alpha": 3.0},
    "expolu": {},
    "tanh": {},
    "gelu": {},
}


@dataclass(frozen=True)
class Theory:
    """At the last layer: log10 of the gradient ratio, second moment, deviation of its log."""

    gradient: float
    square: float
    deviation: float


def theory(name: str, depth: int, width: int) -> Theory:
    """Of ``depth`` layers with an activation between any two, for inputs of second moment 1."""
    chosen = init.recommended(name, **ACTIVATIONS[name])
    subject = case(name, ACTIVATIONS[name])
    weight, bias = chosen.sigma_w**2, chosen.sigma_b**2
    q, noise, gradient = weight + bias, 2 / width, 0.0
    for layer in range(1, depth):
        found = moments(subject, q)
        last = layer == depth - 1
        w, b = (1.0, 0.0) if last else (weight, bias)
        following = w * found.square + b
        slope = w * found.growth * q / following
        noise = slope**2 * noise + spread(name, q) / width
        gradient += math.log10(w * found.slope_square)
        q = following
    return Theory(gradient, q, math.sqrt(noise))


def spread(name: str, q: float) -> float:
    """E f^4 / (E f^2)^2 - 1 under N(0, q)."""
    z = torch.linspace(-10, 10, 4001, dtype=torch.float64)
    density = torch.exp(-z * z / 2)
    density /= density.sum()
    squares = call(name, math.sqrt(q) * z, **ACTIVATIONS[name]) ** 2
    return float((squares**2 * density).sum() / (squares * density).sum() ** 2) - 1


def stack(name: str, depth: int, width: int = WIDTH) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(width, width, device="meta")]
    for _ in range(depth - 1):
        layers.append(actlab.nn.Activation(name, learnable=False, **ACTIVATIONS[name]))
        layers.append(nn.Linear(width, width, device="meta"))
    return nn.Sequential(*layers).to_empty(device="cpu")


def data(width: int = WIDTH, seed: int = 0) -> Tensor:
    # Other seeds than the weights': with the same ones rows of x would be rows of the weight.
    x = torch.randn(BATCH, width, generator=torch.Generator().manual_seed(1000 + seed))
    return x / x.square().mean().sqrt()


@pytest.mark.filterwarnings("ignore:the variance map is unstable")
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(
    ("depth", "draws"), [(30, 3), pytest.param(100, 2, marks=pytest.mark.full)]
)
def test_plain_networks_follow_theory(name: str, depth: int, draws: int) -> None:
    expected = theory(name, depth, WIDTH)
    model = stack(name, depth)
    for seed in range(draws):
        init.init_(model, generator=seed)
        found = init.check(model, data(seed=seed))
        assert len(found.rows) == depth
        assert found.gradient_ratio == pytest.approx(expected.gradient, abs=0.5)
        off = math.log(found.rows[-1].square / expected.square)
        assert abs(off) < 4 * expected.deviation, (found.rows[-1].square, expected)
        # The report's own prediction starts from the weights as drawn.
        assert found.predicted_gradient_ratio == pytest.approx(expected.gradient, abs=0.1)
        predicted = found.rows[-1].predicted
        assert predicted is not None
        assert abs(math.log(predicted / expected.square)) < 4 * expected.deviation


def test_the_oracle_agrees_with_the_golden_table() -> None:
    # 30 layers of squared gradient at the function's own gain: claimed +0.00, +2.0, +2.1.
    for name, claimed in (("relu", 0.0), ("ralu", 2.0), ("tanh", 2.1)):
        chosen = init.recommended(name, **ACTIVATIONS[name])
        assert 30 * math.log10(chosen.chi) == pytest.approx(claimed, abs=0.05)


def test_wrong_scales_are_seen() -> None:
    model = stack("relu", 30, 128)
    init.init_(model, generator=0)
    with torch.no_grad():
        for layer in model[::2]:
            assert isinstance(layer, nn.Linear)
            layer.weight.mul_(0.7)
    found = init.check(model, data(128))
    assert found.gradient_ratio == pytest.approx(29 * math.log10(0.49), abs=0.7)
    assert found.departures(1.5) == []  # theory says the same of these weights
    assert found.rows[-1].square < 1e-7


class Block(nn.Module):
    def __init__(self, width: int, norm: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.inside = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.act = actlab.nn.Activation("gelu")

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(self.act(self.inside(self.norm(x))))


@pytest.mark.parametrize("norm", [False, True])
def test_residual_networks_of_a_hundred_branches_keep_their_size(norm: bool) -> None:
    width, count = 128, 100
    model = nn.Sequential(*(Block(width, norm) for _ in range(count)))
    x = data(width)
    report = init.init_(model, example_inputs=x, generator=0)
    assert report["7.out"].scale == pytest.approx(0.1)
    moment = moments("gelu", init.gain("gelu") ** 2).square
    with torch.no_grad():
        found = float(model(x).square().mean())
    if norm:  # every branch adds the same
        expected = 1 + moment
    else:  # every branch adds in proportion, as GELU nearly does
        q = 1.0
        for _ in range(count):
            q += moments("gelu", init.gain("gelu") ** 2 * q).square / count
        expected = q
    assert found == pytest.approx(expected, rel=0.4)
    measured = init.check(model, x)
    branches = [row for row in measured.rows if row.name.endswith("out")]
    assert branches[0].gradient is not None
    assert branches[-1].gradient == pytest.approx(1, rel=0.1)
    assert branches[0].gradient < 10
    assert measured.departures(0.5) == []


def test_a_wide_circular_convolution_follows_theory() -> None:
    layers: list[nn.Module] = []
    for _ in range(20):
        layers += [nn.Conv1d(96, 96, 3, padding=1, padding_mode="circular"), nn.ELU()]
    model = nn.Sequential(*layers[:-1])
    x = torch.randn(4, 96, 24, generator=torch.Generator().manual_seed(1000))
    init.init_(model, example_inputs=x, generator=0)
    found = init.check(model, x)
    assert abs(found.gradient_ratio - found.predicted_gradient_ratio) < 0.5
    assert found.departures(0.5) == []


def test_normalised_networks_explode_as_predicted() -> None:
    # Behind a norm the weights' scale does not matter: chi is E f'^2 / Var f whatever was drawn.
    depth, width = 30, 256
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), actlab.nn.ELU(), nn.LayerNorm(width)]
    model = nn.Sequential(*layers)
    init.init_(model, generator=0)
    found = init.check(model, data(width))
    at = moments("elu", init.recommended("elu").sigma_w ** 2 + 0.18617**2)
    chi = init.recommended("elu").sigma_w ** 2 * at.slope_square / at.variance
    assert found.gradient_ratio == pytest.approx((depth - 1) * math.log10(chi), abs=0.5)
    assert found.predicted_gradient_ratio == pytest.approx(found.gradient_ratio, abs=0.5)
