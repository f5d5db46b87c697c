"""Sine and cosine in compiled kernels: angles of every size, by one value or by channel."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import pytest
import torch

from actlab import functional as F
from actlab.core import Activation, Param, Traits
from actlab.interpret.cpp import functions_source
from actlab.kernels import built, native, toolchain
from actlab.kernels.compile import build_definition
from actlab.testing.comparison import compare
from actlab.testing.subject import Subject
from unit.kernels.native_results import same_bits

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
RATES = (1.0, 2.37, -0.75, 1e-3, 1e3)
FAR = 2.0**20


def wave(m: Any, x: Any, *, rate: Any) -> Any:
    return m.sin(x, rate)


def wave_slope(m: Any, x: Any, *, rate: Any) -> Any:
    return rate * m.cos(x, rate)


WAVE = Activation(
    name="wave",
    title="A sine of any rate",
    forward=wave,
    derivative=wave_slope,
    params=(Param("rate", 2.37),),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=True,
        smoothness=math.inf,
        low=-1.0,
        high=1.0,
        lipschitz=math.inf,
    ),
    references=(),
)


def angles(rate: float) -> list[float]:
    """Inputs small and huge, on both sides of where angles become far, and next to roots."""
    roots = (*range(1, 9), 1001, 667543, 667545, 10**9 + 7, 3**60)
    sizes = (math.ldexp(1.37, e) for e in (*range(-1074, 1023, 60), 18, 19, 20, 21, 1023))
    with mpmath.workdps(60):
        near = [float(n * mpmath.pi / (2 * mpmath.mpf(rate))) for n in roots]
    edge = [math.nextafter(FAR / rate, side) for side in (0, math.inf)]
    found = [*sizes, *near, *edge, FAR / rate]
    return [0.0, *found, *(-x for x in found)]


def test_only_what_varies_notes_its_angle() -> None:
    text = functions_source(WAVE)
    assert "T::sin(x, k[0], far)" in text
    assert "T::cos(x, k[0], far)" in text

    def shifted(m: Any, x: Any, *, rate: Any) -> Any:
        return x + m.sin(rate)

    plain = functions_source(
        Activation(
            name="shifted",
            title="Shifted",
            forward=shifted,
            derivative=lambda m, x, *, rate: 1,
            params=(Param("rate", 1.0),),
            traits=WAVE.traits,
            references=(),
        )
    )
    assert "Exact::sin(p[0], double(1.0))" in plain
    assert "far" not in plain
    assert "angles = true" not in plain


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Activation:
    if trouble := toolchain.missing():
        pytest.skip(trouble)
    cache = tmp_path_factory.mktemp("cache")
    shared = built.cache_folder() / "objects"
    if shared.is_dir():  # what is the same for all definitions need not be compiled again
        (cache / "objects").symlink_to(shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTLAB_CACHE", str(cache))
        build_definition(WAVE)
        assert native.lacking(WAVE) == ""
    return WAVE


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", RATES)
def test_every_angle_is_accurate(compiled: Activation, rate: float, dtype: torch.dtype) -> None:
    subject = Subject(compiled, None)
    held = float(torch.tensor(rate, dtype=dtype))
    x = torch.tensor(angles(held), dtype=torch.float64).to(dtype)
    x = x[x.isfinite()]
    params, inputs = {"rate": held}, x.double().tolist()
    compare(subject, "value", inputs, subject(x, params), params)
    compare(subject, "slope", inputs, subject.gradient(x, params), params)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_far_angles_are_the_same_wherever_they_lie(compiled: Activation, dtype) -> None:
    rates = torch.tensor(RATES, dtype=dtype)
    x = torch.tensor(angles(1.0), dtype=torch.float64).to(dtype)
    for shape in ((-1, 1), (1, 1, -1)):
        block = x.reshape(shape).expand(*[5 if d == 1 else -1 for d in range(len(shape))])
        got = F.call(compiled, block.contiguous(), rate=rates)
        for channel, rate in enumerate(rates.tolist()):
            alone = F.call(compiled, x, rate=rate)
            assert same_bits(got[:, channel].reshape(-1), alone)
    whole = F.call(compiled, x)
    assert same_bits(torch.stack([F.call(compiled, each) for each in x]), whole)


@pytest.mark.slow
def test_angles_without_a_value(compiled: Activation) -> None:
    x = torch.tensor([math.inf, -math.inf, math.nan, 1e308, -0.0], dtype=torch.float64)
    y = F.call(compiled, x, rate=1e3).tolist()
    assert all(map(math.isnan, y[:3]))
    assert y[3] == 0.0  # a product out of range counts as an angle of 0
    assert math.copysign(1.0, y[4]) == -1.0
