"""The tables of the literature study: gains, shapes and depths, to the digits printed there."""

from __future__ import annotations

import math

import mpmath
import pytest

from actlab.analysis import critical, edge_of_chaos, gains, moments, propagate, shape, under_law

# E f, E f^2, E f', E f'^2, forward, centred, backward, chi, slope, verdict, (sw, sb)
GAINS = """
powerlu p=2 | .4623 .52484 .50000 .37901 1.38034 1.79289 1.62432 .7221 .932 stable none
powerlu p=3 | .4018 .48541 .48919 .43814 1.43531 1.75700 1.51075 .9026 1.037 unstable none
powerlu p=4 | .3662 .46445 .47839 .49778 1.46733 1.73983 1.41736 1.0718 1.098 unstable 1.4174 .2588
expolu a=1 | 1.5994 5.26783 1.52403 3.68441 .43570 .60748 .52097 .6994 .483 stable none
expolu a=2 | .8413 1.54009 .84134 1.04009 .80580 1.09617 .98054 .6753 .647 stable none
expolu a=4 | .4623 .52484 .50000 .37901 1.38034 1.79289 1.62432 .7221 .932 stable none
expolu b=.5 | .6329 .98855 .69146 .81490 1.00577 1.30415 1.10776 .8243 .724 stable none
expolu b=.25 | .4031 .50041 .50000 .46696 1.41363 1.72021 1.46339 .9332 .999 stable none
ralu alpha=0 | 0 .46704 .65568 .59280 1.46327 1.46327 1.29881 1.2693 1.510 unstable 1.2988 .4606
ralu alpha=.25 | 0 .57109 .74176 .64183 1.32327 1.32327 1.24822 1.1239 1.358 unstable 1.2482 .3320
ralu alpha=1 | 0 1 1 1 1 1 1 1 1 marginal 1 0
ralu alpha=2 | 0 1.84432 1.34432 1.97008 .73635 .73635 .71246 1.0682 .720 stable .7125 .2527
ralu alpha=3 | 0 3 1.68864 3.50304 .57735 .57735 .53429 1.1677 .563 stable .5343 .3789
ralu alpha=5 | 0 6.24544 2.37728 8.25761 .40015 .40015 .34799 1.3222 .402 stable .3480 .4936
ralu alpha=9 | 0 16.47262 3.75456 24.52130 .24639 .24639 .20194 1.4886 .276 stable .2019 .5729
elu alpha=1 | .1605 .64495 .76158 .66810 1.24520 1.27084 1.22343 1.0359 .891 stable 1.2234 .1862
elu alpha=.5 | .2797 .53624 .63079 .54203 1.36559 1.47766 1.35828 1.0108 .967 stable 1.3583 .1033
selu | 0 1 .98523 1.07157 1 1 .96603 1.0716 .783 stable .9660 .2584
relu | .3989 .5 .5 .5 1.41421 1.71286 1.41421 1 1 marginal 1.4142 0
leaky_relu | .3950 .50005 .50500 .50005 1.41414 1.70483 1.41414 1 1 marginal 1.4141 0
gelu | .2821 .42522 .5 .45585 1.53353 1.70093 1.48111 1.0720 1.144 unstable 1.4811 .2592
silu | .2066 .35578 .5 .37948 1.67653 1.78719 1.62332 1.0666 1.173 unstable 1.6233 .2499
mish | .2404 .45234 .56375 .47908 1.48685 1.59203 1.44476 1.0591 1.076 unstable 1.4448 .2363
softplus | .8061 .92125 .5 .29338 1.04187 1.91913 1.84623 .3185 .492 stable none
tanh | 0 .39429 .60571 .46440 1.59254 1.59254 1.46741 1.1778 .461 stable 1.4674 .3885
sigmoid | .5 .29338 .20662 .04484 1.84623 4.80131 4.72265 .1528 .106 stable none
"""


def parsed(line: str) -> tuple[str, dict[str, float], list[str]]:
    head, _, rest = line.partition("|")
    name, *assignments = head.split()
    params = {key: float(value) for key, value in (item.split("=") for item in assignments)}
    return name, params, rest.split()


def printed(value: float, text: str) -> bool:
    """Whether a number is the one printed, which is rounded in its last digit."""
    digits = len(text.partition(".")[2])
    if not digits:
        return value == pytest.approx(float(text), abs=1e-9)
    return abs(value - float(text)) <= 0.51 * 10.0**-digits


@pytest.mark.parametrize("line", GAINS.strip().splitlines())
def test_gains(line):
    name, params, row = parsed(line)
    at, found = moments(name, **params), gains(name, **params)
    values = [at.mean, at.square, at.slope, at.slope_square]
    values += [found.forward, found.centred, found.backward, found.chi, found.slope]
    wrong = [(v, t) for v, t in zip(values, row, strict=False) if not printed(v, t)]
    assert not wrong
    assert found.verdict == row[9]
    at_one = critical(name, 1.0, **params)
    if row[10] == "none":
        assert at_one is None
    else:
        assert at_one is not None
        assert all(printed(v, t) for v, t in zip(at_one, row[10:], strict=True))


# SNR, nu, dead, Lipschitz, sup |f''|, smoothness, direction, convex
SHAPES = """
powerlu p=2 | .821 .196 .159 1 .5 1 non-decreasing yes
powerlu p=3 | .739 .261 .159 1.5 1.5 0 non-decreasing no
powerlu p=4 | .664 .307 .159 2 3 0 non-decreasing no
expolu a=2 | .800 .149 .159 2 1 0 non-decreasing no
ralu alpha=.25 | .890 .037 0 1.094 1.093 inf increasing no
ralu alpha=2 | .936 .020 0 2 1.457 inf increasing no
ralu alpha=3 | .856 .049 0 3 2.914 inf increasing no
ralu alpha=5 | .756 .095 0 5 5.828 inf increasing no
ralu alpha=9 | .672 .144 0 9 11.66 inf increasing no
elu alpha=1 | .927 .063 0 1 1 1 increasing yes
elu alpha=.5 | .845 .131 0 1 .5 0 increasing yes
selu | .933 .029 0 1.758 1.758 0 increasing no
relu | .682 .267 .5 1 0 0 non-decreasing yes
leaky_relu | .688 .259 0 1 0 0 increasing yes
gelu | .758 .277 0 1.129 .798 inf no no
silu | .825 .202 0 1.100 .5 inf no no
mish | .824 .195 0 1.089 .644 inf no no
softplus | .926 .079 0 1 .25 inf increasing yes
tanh | .849 .070 0 1 .770 inf increasing no
sigmoid | .968 .016 0 .25 .096 inf increasing no
"""


@pytest.mark.parametrize("line", SHAPES.strip().splitlines())
def test_shapes(line):
    name, params, row = parsed(line)
    found, law = shape(name, **params), under_law(name, **params)
    values = [law.linear_snr, law.nonlinearity, law.dead, found.lipschitz, found.curvature]
    for value, text in zip(values, row[:5], strict=True):
        # Some entries of the table were cut rather than rounded.
        digits = len(text.partition(".")[2])
        assert value == pytest.approx(float(text), abs=1.01 * 10.0**-digits if digits else 1e-9)
    assert found.smoothness == float(row[5])
    assert found.monotone == row[6]
    assert (found.bend == "convex") == (row[7] == "yes")


# gradient at PyTorch's init, at He's, at the own gain; q and 1 - c where printed
DEPTHS = """
expolu a=1 | -1.4 +4.4 -4.7
expolu a=2 | -12.5 +2.1 -5.1
powerlu p=2 | -31.9 -2.9 -4.2
powerlu p=4 | -48.7 -15.5 +.9
ralu alpha=.25 | -48.8 +8.2 +1.5
ralu alpha=2 | -.40 +9.7 +.86
ralu alpha=3 | +2.2 +10.3 +2.0
ralu alpha=5 | +6.8 +11.4 +3.6
elu alpha=1 | -15.0 +1.9 +.46
elu alpha=.5 | -20.7 +.8 +.14
selu | -6.1 +3.8 +.90
relu | -23.3 0 0
gelu | -32.0 -7.2 +.9
silu | -32.2 -8.3 +.8
softplus | -31.8 -3.6 -14.9
tanh | -14.7 +1.2 +2.1
"""

FIRST = 2 / 3
"""Variance behind a first layer of PyTorch's for one standardised input: weight and bias have
variance 1/3 each. The table is that of such a network."""


@pytest.mark.parametrize("line", DEPTHS.strip().splitlines())
def test_gradients_over_30_layers(line):
    name, params, row = parsed(line)
    starts = {"pytorch": FIRST, "he": 1.0, "own": 1.0}
    for (init, q), text in zip(starts.items(), row, strict=True):
        run = propagate(name, init, variance=q, distance=None, **params)
        assert run.depth == 30
        # The table starts from a network of one input: its first digit behind the point holds.
        assert run.gradient[-1] == pytest.approx(
            float(text), abs=0.16 if init == "pytorch" else 0.06
        )


@pytest.mark.parametrize(
    ("name", "params", "init", "q", "distance"),
    [
        ("expolu", {}, "pytorch", 2.89, 7e-4),
        ("expolu", {}, "he", 5.5e3, None),
        ("expolu", {}, "own", 1.0, 4e-6),
        ("powerlu", {}, "he", 2.2, 2e-4),
        ("powerlu", {}, "own", 1.0, 2e-5),
        ("ralu", {"alpha": 2.0}, "pytorch", 0.154, None),
        ("elu", {}, "he", 18.6, 0.22),
        ("elu", {}, "own", 1.0, 0.44),
        ("selu", {}, "own", 1.0, 0.74),
        ("relu", {}, "he", 1.0, 0.025),
    ],
)
def test_signal_and_correlation_after_30_layers(name, params, init, q, distance):
    run = propagate(name, init, **params)
    assert run.variance[-1] == pytest.approx(q, rel=0.02)
    if distance is not None:
        assert run.distance[-1] == pytest.approx(distance, rel=0.08)


def test_a_relu_network_of_pytorch_is_constant_in_the_closed_form_too():
    run = propagate("relu", "pytorch")
    with mpmath.workdps(60):
        q, d = mpmath.mpf(1), mpmath.mpf("0.5")
        weight, bias = mpmath.mpf(run.weight) ** 2, mpmath.mpf(run.bias) ** 2
        for layer in range(30):
            c = 1 - d
            same = (mpmath.sqrt(1 - c * c) + c * (mpmath.pi - mpmath.acos(c))) / (2 * mpmath.pi)
            after = weight * q / 2 + bias
            d = weight * q * (mpmath.mpf(1) / 2 - same) / after
            q = after
            assert run.distance[layer + 1] == pytest.approx(float(d), rel=1e-9)
            assert run.variance[layer + 1] == pytest.approx(float(q), rel=1e-12)
    assert run.distance[-1] < 3e-21


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("powerlu", {}),
        ("powerlu", {"p": 3.0}),
        ("expolu", {"a": 2.0}),
        ("softplus", {}),
        ("squareplus", {}),
        ("smelu", {}),
    ],
)
def test_functions_without_an_edge_of_chaos(name, params):
    assert not edge_of_chaos(name, **params)
    assert gains(name, **params).critical is None


def test_functions_with_an_edge_of_chaos():
    assert edge_of_chaos("expolu").spans[0][0] == pytest.approx(7.17, abs=0.005)
    assert critical("expolu") == pytest.approx((0.7254, 0.0), abs=5e-5)
    (span,) = edge_of_chaos("powerlu", p=4.0).spans
    assert 0.26 <= span[0] < 0.28
    point = edge_of_chaos("elu").points[3]
    at = moments("elu", point.q)
    assert point.weight**2 * at.slope_square == pytest.approx(1, rel=1e-12)
    assert point.weight**2 * at.square + point.bias**2 == pytest.approx(point.q, rel=1e-12)
    assert math.isfinite(point.slope)
