"""Numbers worked out by hand, by fractions and by decimals: no definition and no oracle.

A wrong definition cannot test itself. Everything expected here is written from the published
formulas, in exact rational arithmetic or in 60 decimal digits.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
import torch

import actlab.functional as F

EPS = 2.0**-24
"""Half the distance between 1 and the next float32: -1 + EPS and 1 - EPS are float32 numbers."""

INF = math.inf

POWERLU = [
    # p, x, value, slope, d/dp
    (2.0, -3.0, 0, 0, 0),
    (2.0, -1.0, 0, 0, 0),
    (0.5, -1.0, 0, 0, 0),
    (1.0, -1.0, 0, 0, 0),
    (2.0, 1.0, 1, 1, 0),
    (3.0, 1.0, 1, 1.5, 0),
    (0.5, 1.0, 1, 0.25, 0),
    (0.5, -1 + EPS, 1.72633e-4, 1448.15, -2.99151e-3),
    (1.5, -1 + EPS, 5.14488e-12, 1.29475e-4, -8.91540e-11),
    (2.0, -1 + EPS, 8.88178e-16, 2.98023e-8, -1.53910e-14),
    (0.5, 1 - EPS, 0.999999985, 0.250000004, -2.98023e-8),
    (2.0, 1 - EPS, 0.99999994, 0.99999997, -2.98023e-8),
    (1e8, 1 - EPS, 0.0507810369, 2539051.92, -1.51339e-9),
    (1e30, 1 - EPS, 0, 0, 0),
    (2.0, 0.0, 0.25, 0.5, -0.173287),
    (40.0, 0.0, 9.09495e-13, 3.63798e-11, -6.30414e-13),
    (1e-3, 0.0, 0.999307, 9.99307e-4, -0.692667),
    (2.0, 1.0 + 2 * EPS, 1.0 + 2 * EPS, 1, 0),
    (2.0, INF, INF, 1, 0),
    (2.0, -INF, 0, 0, 0),
]

EXPOLU = [
    # (a, b, p), x, value, d/dx, d/da, d/db, d/dp
    ((1, 1, 2), -2.0, 0, 0, 0, 0, 0),
    ((1, 1, 2), -1.0, 0, 0, 0, 0, 0),
    ((1, 1, 0.5), -1 + EPS, 2.44140625e-4, 2048, -2.44140625e-4, 2048, -4.06141e-3),
    ((1, 1, 1.5), 0.0, 1, 1.5, -1, 1.5, 0),
    ((1, 1, 2), 1.0, 4, 4, -4, 4, 2.77258872),
    ((1, 1, 2), 3.0, 6, 1, -4, 7, 2.77258872),
    ((2, 1, 2), 3.0, 4, 1, -1, 3, 2.77258872 / 2),
    ((1, 20, 12), 5.0, 5.96046448e16, 2.86102e16, -5.96046e16, 2.86102e16, 1.91860e17),
    ((1, 1e4, 2), 1e4, 4e8, 4e4, -4e8, 4e4, 3.96140e9),
    ((1, 0, 2), -1.0, 0, 0, 0, 0, 0),
    ((1, 0, 2), 1.0, 1, 1, 0, -1, 0),
    ((1, 0, 1), 1.0, 1, 1, 0, 1, 0),
    ((2, 0, 1), 1.0, 1, 1, 0, 0, 0),
    ((1, 1, 2), INF, INF, 1, -4, 7, 2.77258872),
]

RALU = [
    # alpha, x, value, d/dx, d/dalpha
    (3.0, 0.0, 0, 3, 0),
    (3.0, 1.0, 2, 1, 0.5),
    (3.0, 2.0, 2.8, 0.76, 0.4),
    (3.0, -1.0, -2, 1, -0.5),
    (0.3, 1e20, 1e20, 1, 1e-20),
    (0.3, 7e12, 7e12, 1, 1.42857e-13),
    (0.3, 256.0, 255.997266, 1.00001068, 3.90619e-3),
    (0.3, 41.0, 40.9829370, 1.00041568, 0.02437574),
    (3e38, 2.0, 1.2e38, -3.6e37, 0.4),
    (-0.5, -0.37060546875, 0.118170175, -3.21567e-4, -0.32585),
    (3.0, INF, INF, 1, 0),
    (3.0, -INF, -INF, 1, 0),
]

ELU = [
    # alpha, x, value, d/dx, d/dalpha
    (1.0, 0.0, 0, 1, 0),
    (0.5, 0.0, 0, 0.5, 0),
    (1.0, -INF, -1, 0, -1),
    (2.0, -INF, -2, 0, -1),
    (1.0, INF, INF, 1, 0),
    (1.0, 3e38, 3e38, 1, 0),
    (1.0, -1e-8, -9.99999995e-9, 0.99999999, -9.99999995e-9),
    (1.0, -9.0, -0.99987659, 1.23410e-4, -0.99987659),
    (1.0, -17.5, -0.999999975, 2.51100e-8, -0.999999975),
    (1.0, -20.0, -0.999999998, 2.06115e-9, -0.999999998),
    (1e30, -104.0, -1e30, 6.81356e-16, -1),
    (1.0, -1.0, -0.632120559, 0.367879441, -0.632120559),
    (0.5, -1.0, -0.316060279, 0.183939721, -0.632120559),
]


def results(name, x, params, dtype):
    """Value, slope, and a derivative for each parameter, in the public functions' own words."""
    x = torch.tensor([x], dtype=dtype, requires_grad=True)
    held = {k: torch.tensor([v], dtype=dtype, requires_grad=True) for k, v in params.items()}
    y = getattr(F, name)(x, **held)
    grads = torch.autograd.grad(y, [x, *held.values()], torch.ones_like(y))
    plain = getattr(F, name)(x, **params, save="input")
    (slope,) = torch.autograd.grad(plain, x, torch.ones_like(plain))
    assert plain.item() == pytest.approx(y.item(), rel=1e-6)
    assert slope.item() == pytest.approx(grads[0].item(), rel=1e-6, abs=1e-300)
    return [y.item(), *(grad.item() for grad in grads)]


def near(want, got, x, dtype):
    """Equal to the last digit written; numbers of at most three digits are exact."""
    if want == 0 or math.isinf(want):
        return want == got or (want == 0 and abs(got) < 1e-15 * max(1.0, abs(x)))
    written = Decimal(repr(float(want))).normalize().as_tuple()
    rounding = 4 * torch.finfo(dtype).eps * abs(want)
    if len(written.digits) > 3:
        rounding = max(rounding, 0.51 * 10.0**written.exponent)
    return abs(got - want) <= rounding


def check_table(name, x, params, expected, dtype):
    got = results(name, x, params, dtype)
    labels = ["value", "d/dx", *(f"d/d{key}" for key in params)]
    for label, want, have in zip(labels, expected, got, strict=True):
        assert near(want, have, x, dtype), (
            f"{name}({x}, {params}) {dtype} {label}: {have} != {want}"
        )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("row", POWERLU, ids=str)
def test_powerlu_table(row, dtype):
    p, x, *expected = row
    check_table("powerlu", x, {"p": p}, expected, dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("row", EXPOLU, ids=str)
def test_expolu_table(row, dtype):
    (a, b, p), x, *expected = row
    check_table("expolu", x, {"a": float(a), "b": float(b), "p": float(p)}, expected, dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("row", RALU, ids=str)
def test_ralu_table(row, dtype):
    alpha, x, *expected = row
    check_table("ralu", x, {"alpha": alpha}, expected, dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("row", ELU, ids=str)
def test_elu_table(row, dtype):
    alpha, x, *expected = row
    check_table("elu", x, {"alpha": alpha}, expected, dtype)


def exact_powerlu(x, p):
    x, p = Fraction(x), Fraction(p)
    if x < -1:
        return Fraction(0), Fraction(0)
    if x > 1:
        return x, Fraction(1)
    t = (x + 1) / 2
    return power(t, p), (p / 2 * power(t, p - 1) if t else Fraction(0))


def exact_expolu(x, a, b, p):
    x, a, b, p = map(Fraction, (x, a, b, p))
    if x < -b:
        return Fraction(0), Fraction(0)
    if x > b:
        return x - b + power(2 * b, p) / a, Fraction(1)
    u = x + b
    return power(u, p) / a, (p / a * power(u, p - 1) if u else Fraction(0))


def exact_ralu(x, alpha):
    x, alpha = Fraction(x), Fraction(alpha)
    square = x * x
    value = x * (square + alpha) / (square + 1)
    return value, 1 + (alpha - 1) * (1 - square) / (1 + square) ** 2


def exact_elu(x, alpha):
    x, alpha = Fraction(x), Fraction(alpha)
    if x > 0:
        return x, Fraction(1)
    with localcontext() as context:
        context.prec = 60
        decay = Fraction((Decimal(x.numerator) / Decimal(x.denominator)).exp())
    return alpha * (decay - 1), alpha * decay


def power(base, p):
    """``base**p`` exactly for whole p, else to 60 digits."""
    if p.denominator == 1:
        return base ** int(p) if base or p >= 0 else Fraction(0)
    if base == 0:
        return Fraction(0)
    with localcontext() as context:
        context.prec = 60
        return Fraction(
            (Decimal(base.numerator) / Decimal(base.denominator))
            ** (Decimal(p.numerator) / Decimal(p.denominator))
        )


EXACT = {"powerlu": exact_powerlu, "expolu": exact_expolu, "ralu": exact_ralu, "elu": exact_elu}
SETS = [
    ("powerlu", {"p": 2.0}), ("powerlu", {"p": 3.0}), ("powerlu", {"p": 0.5}),
    ("powerlu", {"p": 2.7}), ("powerlu", {"p": 64.0}),
    ("expolu", {"a": 1.0, "b": 1.0, "p": 2.0}), ("expolu", {"a": 2.0, "b": 1.0, "p": 2.0}),
    ("expolu", {"a": 0.3, "b": 0.7, "p": 1.7}), ("expolu", {"a": 1.0, "b": 0.0, "p": 2.0}),
    ("ralu", {"alpha": 3.0}), ("ralu", {"alpha": 0.0}), ("ralu", {"alpha": -0.5}),
    ("ralu", {"alpha": 9.0}), ("elu", {"alpha": 1.0}), ("elu", {"alpha": 1.6732632423543772}),
]  # fmt: skip
LIMITS = {torch.float64: (4, 4), torch.float32: (1, 2), torch.float16: (0.5, 0.5),
          torch.bfloat16: (0.5, 0.5)}  # fmt: skip
DIGITS = {torch.float64: (53, -1022), torch.float32: (24, -126), torch.float16: (11, -14),
          torch.bfloat16: (8, -126)}  # fmt: skip


def unit(x, dtype):
    """The distance between numbers of the dtype around x."""
    digits, smallest = DIGITS[dtype]
    exponent = smallest
    if x:
        exponent = abs(x).numerator.bit_length() - abs(x).denominator.bit_length()
        exponent -= abs(x) < Fraction(2) ** exponent
    return Fraction(2) ** (max(exponent, smallest) - digits + 1)


@pytest.mark.parametrize("dtype", LIMITS, ids=str)
@pytest.mark.parametrize(("name", "params"), SETS, ids=str)
def test_against_fractions_and_decimals(name, params, dtype):
    generator = torch.Generator().manual_seed(11)
    x = torch.cat([
        torch.linspace(-2.5, 2.5, 41, dtype=torch.float64),
        8 * torch.randn(60, generator=generator, dtype=torch.float64),
    ]).to(dtype).requires_grad_()  # fmt: skip
    y = getattr(F, name)(x, **params, save="input")
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    rows = zip(x.tolist(), y.tolist(), slope.tolist(), strict=True)
    for place, *got in rows:
        for have, want, limit in zip(got, EXACT[name](place, **params), LIMITS[dtype], strict=True):
            scale = want
            if dtype in (torch.float64, torch.float32) and name != "elu":
                terms = {"ralu": abs(place) + 9, "expolu": abs(place) + 4, "powerlu": 0}
                scale = max(abs(want), Fraction(terms[name]) if dtype == torch.float64 else 0)
            error = abs(Fraction(have) - want) / unit(scale, dtype)
            assert error <= limit, (
                f"{name}({place!r}, {params}) {dtype}: {have!r}, {float(error)} ulp"
            )


GAINS = [
    ("powerlu", {"p": 2.0}, 1.38034, 1.62432), ("powerlu", {"p": 3.0}, 1.43531, 1.51075),
    ("powerlu", {"p": 4.0}, 1.46733, 1.41736), ("expolu", {}, 0.43570, 0.52097),
    ("expolu", {"a": 2.0}, 0.80580, 0.98054), ("ralu", {"alpha": 0.0}, 1.46327, 1.29881),
    ("ralu", {"alpha": 0.25}, 1.32327, 1.24822), ("ralu", {"alpha": 2.0}, 0.73635, 0.71246),
    ("ralu", {"alpha": 3.0}, 0.57735, 0.53429), ("ralu", {"alpha": 5.0}, 0.40015, 0.34799),
    ("ralu", {"alpha": 9.0}, 0.24639, 0.20194), ("elu", {"alpha": 1.0}, 1.24520, 1.22343),
    ("elu", {"alpha": 0.5}, 1.36559, 1.35828), ("relu", {}, 1.41421, 1.41421),
    ("gelu", {}, 1.53353, 1.48111), ("silu", {}, 1.67653, 1.62332), ("mish", {}, 1.48685, 1.44476),
    ("softplus", {}, 1.04187, 1.84623), ("tanh", {}, 1.59254, 1.46741),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params", "forward", "backward"), GAINS, ids=str)
def test_golden_gains(name, params, forward, backward):
    step = 12 / 60_000
    z = (torch.arange(-60_000, 60_000, dtype=torch.float64) + 0.5) * step
    z.requires_grad_()
    y = getattr(F, name)(z, **params)
    (slope,) = torch.autograd.grad(y.sum(), z)
    density = torch.exp(-0.5 * z.detach() ** 2) * (step / math.sqrt(2 * math.pi))
    for got, want in ((y.detach(), forward), (slope, backward)):
        assert 1 / math.sqrt((got**2 * density).sum()) == pytest.approx(want, abs=6e-6)
